/**
 * The queue between "something changed" and "reconcile it": keys, each at most once, handed to workers.
 *
 * Guarantees, which are client-go's:
 * - A key that is added is handed out after that addition, however often it is added meanwhile: once.
 * - A key is never handed out while it is being processed; an addition in that time is held until `done`.
 * - `addAfter` keeps the earliest due time of a key.
 * - High priority goes first, in order of arrival, and nothing starves (waiting-keys.ts, which also keeps lanes apart).
 * `dueAfter` is not theirs: whoever has processed a key says when it is due again, and what was said before is void.
 * The number of keys is the only bound, and keys are objects of the cluster: the queue never refuses an addition
 * before it is shut down.
 *
 * ```
 *   add ------> waiting --get--> processing --done--> (gone)
 *                  ^                 | add            |
 *   addAfter -> delayed              +--> held -------+--> waiting
 *   dueAfter -> due
 * ```
 */
import type { Clock, Timer } from '../clock.ts';
import { DueLine } from './due-line.ts';
import type { RuntimeMetrics, WorkQueueMetrics } from './metrics.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { type LaneOptions, type Priority, WaitingKeys } from './waiting-keys.ts';

export type { Priority } from './waiting-keys.ts';

export interface WorkQueueOptions {
  /** Label of the metrics. */
  name: string;
  clock: Clock;
  rateLimiter: RateLimiter;
  metrics: RuntimeMetrics;
  /** @default one for all keys, without a limit */
  lanes?: LaneOptions;
}

interface Running {
  readonly sinceMs: number;
  readonly priority: Priority;
  readonly leave: () => void;
}

type Taker = (key: string | undefined) => void;

/** Timers of JavaScript fire at once beyond this. A key that is due later is looked at early, which does no harm. */
const longestTimerMs = 2 ** 31 - 1;

export class WorkQueue {
  readonly name: string;
  readonly #clock: Clock;
  readonly #rateLimiter: RateLimiter;
  readonly #metrics: WorkQueueMetrics;

  readonly #waiting: WaitingKeys;
  readonly #processing = new Map<string, Running>();
  /** Keys that were added while they were processed. */
  readonly #held = new Map<string, Priority>();
  readonly #delayed = new DueLine<Priority>();
  /** What `dueAfter` has set. */
  readonly #due = new DueLine<Priority>();
  /** Runs until the first key of both is due. */
  #alarm: { readonly atMs: number; readonly timer: Timer } | undefined;
  /** Workers that found nothing. */
  readonly #takers = new Set<Taker>();
  readonly #drained = Promise.withResolvers<void>();
  #isShutDown = false;

  constructor({ name, clock, rateLimiter, metrics, lanes }: WorkQueueOptions) {
    this.name = name;
    this.#clock = clock;
    this.#rateLimiter = rateLimiter;
    this.#waiting = new WaitingKeys(lanes);
    this.#metrics = metrics.forWorkQueue(name, this);
  }

  /** Keys that wait for a worker; neither those in process nor those that are due later. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Additions that no run has dealt with yet: keys that wait or are in process, and those that are held until they are done. */
  get outstanding(): number {
    return this.size + this.#processing.size + this.#held.size;
  }

  /** Workers that wait for a key. */
  get idleWorkers(): number {
    return this.#takers.size;
  }

  /** How long the key that is longest in process has been there; 0 when there is none. */
  get longestRunningMs(): number {
    return Math.max(0, ...this.#runningMs());
  }

  /** The sum over all keys in process. */
  get unfinishedWorkMs(): number {
    return this.#runningMs().reduce((sum, ms) => sum + ms, 0);
  }

  add(key: string, priority: Priority = 'high'): void {
    if (this.#isShutDown) return;
    if (this.#processing.has(key)) return this.#hold(key, priority);
    if (!this.#waiting.has(key)) this.#metrics.added();
    this.#enqueue(key, priority);
  }

  /** Adds `key` after `delayMs`. Its priority is the one it is being processed with, unless given. */
  addAfter(key: string, delayMs: number, priority: Priority = this.#ownPriority(key)): void {
    if (this.#isShutDown) return;
    if (delayMs <= 0) return this.add(key, priority);

    const dueMs = this.#clock.monotonic() + Math.min(delayMs, longestTimerMs);
    const earlier = this.#delayed.get(key);
    if (earlier) earlier.value = higher(priority, earlier.value);
    if (earlier && earlier.dueMs <= dueMs) return;
    this.#delayed.set(key, dueMs, earlier?.value ?? priority);
    this.#setAlarm();
  }

  /** Adds `key` after `delayMs`, with low priority; a later call replaces an earlier one, whichever is due first. */
  dueAfter(key: string, delayMs: number): void {
    if (this.#isShutDown) return;
    this.#due.remove(key);
    if (delayMs <= 0) return this.add(key, 'low');
    this.#due.set(key, this.#clock.monotonic() + Math.min(delayMs, longestTimerMs), 'low');
    this.#setAlarm();
  }

  /**
   * Counts a failure of `key` and adds it when the rate limiter allows, which is later with every call until `forget`;
   * or after `delayMs`, if somebody else has said when.
   */
  addRateLimited(key: string, delayMs?: number): void {
    if (this.#isShutDown) return;
    this.#metrics.retried();
    const ownDelayMs = this.#rateLimiter.nextMs(key);
    this.addAfter(key, delayMs ?? ownDelayMs);
  }

  /** Ends the counting of failures of `key`. A delayed addition stays. */
  forget(key: string): void {
    this.#rateLimiter.forget(key);
  }

  /**
   * What the failures were about has passed: keys that wait for their next attempt are taken up at once, with their
   * delays counted from the start again.
   */
  retryFailing(isMeant: (key: string) => boolean = () => true): void {
    for (const key of this.#rateLimiter.failing().filter(isMeant)) {
      this.forget(key);
      this.add(key);
    }
  }

  retries(key: string): number {
    return this.#rateLimiter.retries(key);
  }

  /**
   * The next key, as soon as there is one; call `done` with it afterwards. Undefined once the queue is shut down and
   * has no key to hand out, and when `signal` is aborted before there was a key.
   */
  get(signal?: AbortSignal): Promise<string | undefined> {
    const key = signal?.aborted ? undefined : this.#take();
    if (key !== undefined || this.#isShutDown || signal?.aborted) return Promise.resolve(key);
    return new Promise((resolve) => {
      const taker: Taker = (taken) => {
        this.#takers.delete(taker);
        signal?.removeEventListener('abort', giveUp);
        resolve(taken);
      };
      const giveUp = () => taker(undefined);
      signal?.addEventListener('abort', giveUp, { once: true });
      this.#takers.add(taker);
    });
  }

  /** Ends the processing of `key`; an addition that was held becomes effective. Unknown keys are ignored. */
  done(key: string): void {
    const running = this.#processing.get(key);
    if (running === undefined) return;
    this.#processing.delete(key);
    running.leave();
    this.#metrics.worked(this.#clock.monotonic() - running.sinceMs);

    const held = this.#held.get(key);
    this.#held.delete(key);
    if (held !== undefined) this.#enqueue(key, held);
    this.#serve();
    this.#reportDrained();
  }

  /** Takes no more additions and drops the delayed ones. What waits can still be taken. */
  shutDown(): void {
    if (this.#isShutDown) return;
    this.#isShutDown = true;
    this.#delayed.clear();
    this.#due.clear();
    this.#setAlarm();
    for (const taker of this.#takers) taker(undefined);
    this.#reportDrained();
  }

  /** Resolves once the queue is shut down, nothing waits and nothing is in process. */
  drained(): Promise<void> {
    return this.#drained.promise;
  }

  #hold(key: string, priority: Priority): void {
    const held = this.#held.get(key);
    if (held === undefined) this.#metrics.added();
    this.#held.set(key, higher(priority, held));
  }

  #enqueue(key: string, priority: Priority): void {
    this.#waiting.add(key, priority, this.#clock.monotonic());
    this.#serve();
  }

  /** Hands what waits to a worker that waits. */
  #serve(): void {
    const [taker] = this.#takers;
    const key = taker && this.#take();
    if (key !== undefined) taker?.(key);
  }

  #setAlarm(): void {
    const firstMs = Math.min(this.#delayed.firstMs ?? Infinity, this.#due.firstMs ?? Infinity);
    const atMs = firstMs === Infinity ? undefined : firstMs;
    if (atMs === this.#alarm?.atMs) return;
    this.#alarm?.timer.cancel();
    this.#alarm = undefined;
    if (atMs === undefined) return;
    // It may have come due by now.
    const leftMs = Math.max(0, atMs - this.#clock.monotonic());
    const timer = this.#clock.after(leftMs, () => this.#addDue());
    this.#alarm = { atMs, timer };
  }

  #addDue(): void {
    this.#alarm = undefined;
    const nowMs = this.#clock.monotonic();
    for (const line of [this.#delayed, this.#due]) {
      for (let due = line.shift(nowMs); due; due = line.shift(nowMs)) this.add(due.key, due.value);
    }
    this.#setAlarm();
  }

  #take(): string | undefined {
    const taken = this.#waiting.take();
    if (taken === undefined) return undefined;
    const { key, leave, priority, sinceMs } = taken;
    const nowMs = this.#clock.monotonic();
    this.#processing.set(key, { sinceMs: nowMs, priority, leave });
    this.#metrics.taken(nowMs - sinceMs);
    return key;
  }

  #ownPriority(key: string): Priority {
    return this.#processing.get(key)?.priority ?? 'high';
  }

  #runningMs(): number[] {
    const nowMs = this.#clock.monotonic();
    return [...this.#processing.values()].map(({ sinceMs }) => nowMs - sinceMs);
  }

  #reportDrained(): void {
    if (this.#isShutDown && this.size === 0 && this.#processing.size === 0) this.#drained.resolve();
  }
}

function higher(a: Priority, b: Priority | undefined): Priority {
  return a === 'high' || b === 'high' ? 'high' : 'low';
}
