/**
 * Runs the controllers: one loop that serves the queues of all of them, in slices short enough for everybody else on the
 * event loop.
 *
 * Guarantees:
 * - A key that is added is handled after that addition, however often it is added meanwhile: once.
 * - Queues are served in the order in which they were made. What is computed from the results of others comes later, so a
 *   burst of a thousand pods is one computation of their Service. Each turn serves every queue once, so none starves.
 * - A key that failed comes again, later with every failure.
 * - Nothing runs and nothing waits after `stop`.
 */
import type { Clock, Timer } from '../../../operator/clock.ts';
import { errorFields } from '../../../operator/logger.ts';
import type { Logger } from '../../../operator/logger.ts';
import { ApiFailure } from '../api-failure.ts';

/** Handles one key, in a millisecond or two: what takes longer does a part and adds its key again. */
export type Sync = (key: string) => void;

export interface KeyQueue {
  add(key: string): void;
  /** The earliest of several times counts. */
  addAfter(key: string, delayMs: number): void;
}

const turnMs = 8;
const firstRetryMs = 10;
const longestRetryMs = 60_000;

export class WorkLoop {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #queues: Queue[] = [];
  #turn: NodeJS.Immediate | undefined;
  #isStopped = false;

  constructor(clock: Clock, log: Logger) {
    this.#clock = clock;
    this.#log = log;
  }

  queue(name: string, sync: Sync): KeyQueue {
    const queue = new Queue(this.#clock, this.#log.child({ controller: name }), sync, () => this.#wake());
    this.#queues.push(queue);
    return queue;
  }

  /** Nothing is left to do until something changes or a time comes. */
  get isIdle(): boolean {
    return this.#queues.every(({ isEmpty }) => isEmpty);
  }

  stop(): void {
    this.#isStopped = true;
    clearImmediate(this.#turn);
    for (const queue of this.#queues) queue.clear();
  }

  #wake(): void {
    if (!this.#isStopped) this.#turn ??= setImmediate(() => this.#run());
  }

  #run(): void {
    this.#turn = undefined;
    const endMs = performance.now() + turnMs;
    for (const queue of this.#queues) queue.runOne();
    while (performance.now() < endMs) {
      const next = this.#queues.find(({ isEmpty }) => !isEmpty);
      if (!next) return;
      next.runOne();
    }
    if (!this.isIdle) this.#wake();
  }
}

class Queue implements KeyQueue {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #sync: Sync;
  readonly #wake: () => void;
  readonly #waiting = new Set<string>();
  readonly #delayed = new Map<string, { readonly dueMs: number; readonly timer: Timer }>();
  readonly #failures = new Map<string, number>();

  constructor(clock: Clock, log: Logger, sync: Sync, wake: () => void) {
    this.#clock = clock;
    this.#log = log;
    this.#sync = sync;
    this.#wake = wake;
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  add(key: string): void {
    this.#waiting.add(key);
    this.#wake();
  }

  addAfter(key: string, delayMs: number): void {
    const dueMs = this.#clock.monotonic() + delayMs;
    const earlier = this.#delayed.get(key);
    if (earlier && earlier.dueMs <= dueMs) return;
    earlier?.timer.cancel();
    const timer = this.#clock.after(delayMs, () => {
      this.#delayed.delete(key);
      this.add(key);
    });
    this.#delayed.set(key, { dueMs, timer });
  }

  runOne(): void {
    const [key] = this.#waiting;
    if (key === undefined) return;
    this.#waiting.delete(key);
    try {
      this.#sync(key);
      this.#failures.delete(key);
    } catch (error) {
      this.#retry(key, error);
    }
  }

  clear(): void {
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
    this.#waiting.clear();
    this.#failures.clear();
  }

  #retry(key: string, error: unknown): void {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    // The API refusing something is everyday life (a namespace that goes); anything else is a defect of ours.
    this.#log[error instanceof ApiFailure ? 'debug' : 'error']('sync failed', { key, failures, ...errorFields(error) });
    this.addAfter(key, Math.min(longestRetryMs, firstRetryMs * 2 ** (failures - 1)));
  }
}
