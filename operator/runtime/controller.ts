/**
 * Workers that take keys from a queue and reconcile them: the loop between "something changed" and "it is as declared".
 *
 * A run ends in one of four ways, and the switch in `#settle` is the only place that says what follows:
 *
 *   outcome         when                                             what follows
 *   success         it returned nothing                              failures forgotten
 *   requeue-after   it returned `requeueAfterMs`                     failures forgotten, looked at again by then
 *   terminal        it threw a BridgeError that awaits a change      failures forgotten, nothing until something changes
 *   error           it threw anything else                           again after `retryAfterMs` or the rate limiter's delay
 *
 * Guarantees: at most `concurrency` runs at once, or of each lane where keys have lanes, and never two of one key; no
 * exception leaves a worker.
 * Caveat: a run that exceeds its time limit has its signal aborted and still holds its key until it ends, because a
 * second run beside it would break the guarantee. `isHealthy` tells when one does not end.
 */
import { behaviourOf } from '../error-catalogue.ts';
import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { BridgeError, isBridgeError } from '../errors.ts';
import { errorFields, type Logger } from '../logger.ts';
import type { ControllerMetrics, ReconcileResult, RuntimeMetrics } from './metrics.ts';
import { RateLimiter } from './rate-limiter.ts';
import { type Priority, WorkQueue } from './work-queue.ts';

export interface ReconcileContext {
  /** Aborted when the run has exceeded its time limit, or when a stop cannot wait for it. */
  signal: AbortSignal;
  /** Carries controller, object and reconcileId. */
  log: Logger;
  reconcileId: string;
}

export type Reconcile = (key: string, context: ReconcileContext) => Promise<{ requeueAfterMs: number } | void>;

export interface ControllerOptions {
  name: string;
  reconcile: Reconcile;
  /** Runs at once; of each lane, where there are lanes. */
  concurrency: number;
  /** What the runs of a key wait for, such as its remote server: runs of one lane take no worker from another one. */
  lane?: (key: string) => string;
  log: Logger;
  clock: Clock;
  metrics: RuntimeMetrics;
  /** @default a queue of the controller's name with `rateLimiter` */
  queue?: WorkQueue;
  /** @default RateLimiter with its defaults */
  rateLimiter?: RateLimiter;
  /** @default 60_000 */
  reconcileTimeoutMs?: number;
  /** How long a run may go on beyond its time limit before the process counts as stuck. @default 60_000 */
  stuckAfterMs?: number;
}

type Outcome =
  | { kind: 'success' }
  | { kind: 'requeue-after'; delayMs: number }
  | { kind: 'terminal'; error: BridgeError }
  | { kind: 'error'; error: unknown };

const metricResult: Record<Outcome['kind'], ReconcileResult> = {
  success: 'success',
  'requeue-after': 'requeue_after',
  terminal: 'error',
  error: 'error',
};

export class Controller {
  readonly name: string;
  readonly queue: WorkQueue;
  readonly #options: Required<Omit<ControllerOptions, 'lane' | 'queue' | 'rateLimiter'>>;
  readonly #hasLanes: boolean;
  readonly #metrics: ControllerMetrics;
  /** One per run under way. */
  readonly #running = new Set<AbortController>();
  readonly #workers = new Set<Promise<void>>();
  /** What each key has failed with that waits for its next attempt. */
  readonly #failures = new Map<string, unknown>();
  #isStopping = false;

  constructor(options: ControllerOptions) {
    const { lane, queue, rateLimiter, reconcileTimeoutMs = 60_000, stuckAfterMs = 60_000, ...rest } = options;
    const { name, clock, metrics, concurrency } = rest;
    const lanes = lane && { of: lane, limit: concurrency };
    this.name = name;
    this.#hasLanes = lane !== undefined;
    this.queue =
      queue ??
      new WorkQueue({ name, clock, metrics, lanes, rateLimiter: rateLimiter ?? new RateLimiter({ clock, lane }) });
    this.#options = { ...rest, reconcileTimeoutMs, stuckAfterMs };
    this.#metrics = metrics.forController(name, concurrency);
  }

  enqueue(key: string, priority?: Priority): void {
    this.queue.add(key, priority);
  }

  /** Takes up at once what has failed for a reason that has passed. */
  retryFailing(hasPassed: (error: unknown) => boolean): void {
    this.queue.retryFailing((key) => this.#failures.has(key) && hasPassed(this.#failures.get(key)));
  }

  /** Starts the workers; call it once, when the caches that `reconcile` reads are synced. */
  start(): void {
    if (this.#workers.size > 0) throw new Error(`controller '${this.name}' was started twice`);
    const workers = this.#hasLanes ? 1 : this.#options.concurrency;
    for (let worker = 0; worker < workers; worker += 1) this.#hire();
  }

  /**
   * Resolves when the runs under way have ended. Keys that wait are left: the next start finds them in its first list.
   * `hurry` aborts the runs; a run that ignores its signal still keeps this from resolving.
   */
  async stop(hurry?: AbortSignal): Promise<void> {
    this.#isStopping = true;
    this.queue.shutDown();
    const abort = () => {
      for (const run of this.#running) run.abort(new BridgeError('ABORTED', 'the controller stops'));
    };
    if (hurry?.aborted) abort();
    hurry?.addEventListener('abort', abort, { once: true });
    await Promise.all(this.#workers);
    hurry?.removeEventListener('abort', abort);
  }

  /** Age of the longest run under way, in milliseconds; 0 when none is. */
  get longestRunningMs(): number {
    return this.queue.longestRunningMs;
  }

  /** False when a run neither ended nor heeded its time limit: the process is stuck, and a restart is the way out. */
  isHealthy(): boolean {
    return this.longestRunningMs < this.#options.reconcileTimeoutMs + this.#options.stuckAfterMs;
  }

  #hire(): void {
    const work = this.#work().finally(() => this.#workers.delete(work));
    this.#workers.add(work);
  }

  /** Where the lanes limit how many there are, there is always one that waits, and never a second one. */
  async #work(): Promise<void> {
    while (!this.#isStopping) {
      if (this.#hasLanes && this.queue.idleWorkers > 0) return;
      const key = await this.queue.get();
      if (key === undefined) return;
      if (this.#hasLanes && this.queue.idleWorkers === 0) this.#hire();
      try {
        if (!this.#isStopping) await this.#process(key);
      } finally {
        this.queue.done(key);
      }
    }
  }

  async #process(key: string): Promise<void> {
    const reconcileId = randomUUID();
    const { clock } = this.#options;
    const log = this.#options.log.child({ controller: this.name, object: key, reconcileId });
    const startedMs = clock.monotonic();
    const ended = this.#metrics.started();
    const outcome = await this.#run(key, reconcileId, log);
    ended(metricResult[outcome.kind], clock.monotonic() - startedMs);
    this.#settle(key, outcome, log);
  }

  async #run(key: string, reconcileId: string, log: Logger): Promise<Outcome> {
    const { reconcile, reconcileTimeoutMs, clock } = this.#options;
    const run = new AbortController();
    const timer = clock.after(reconcileTimeoutMs, () => {
      this.#metrics.timedOut();
      run.abort(new BridgeError('TIMEOUT', `the reconcile must end within ${reconcileTimeoutMs} ms`));
    });
    this.#running.add(run);
    try {
      const result = await reconcile(key, { signal: run.signal, log, reconcileId });
      return result ? { kind: 'requeue-after', delayMs: result.requeueAfterMs } : { kind: 'success' };
    } catch (error) {
      const isTerminal = isBridgeError(error) && behaviourOf(error.code) === 'await-change';
      return isTerminal ? { kind: 'terminal', error } : { kind: 'error', error };
    } finally {
      timer.cancel();
      this.#running.delete(run);
    }
  }

  #settle(key: string, outcome: Outcome, log: Logger): void {
    if (outcome.kind === 'error') this.#failures.set(key, outcome.error);
    else this.#failures.delete(key);
    switch (outcome.kind) {
      case 'success':
        this.queue.forget(key);
        return;
      case 'requeue-after':
        this.queue.forget(key);
        this.queue.dueAfter(key, outcome.delayMs);
        return;
      case 'terminal':
        this.queue.forget(key);
        this.#metrics.failedForGood();
        log.warn('reconcile failed; not retried before something changes', errorFields(outcome.error));
        return;
      case 'error':
        this.#retry(key, outcome.error, log);
    }
  }

  #retry(key: string, error: unknown, log: Logger): void {
    if (!isBridgeError(error)) {
      this.#metrics.panicked();
      const stack = error instanceof Error ? error.stack : undefined;
      log.error('reconcile failed unexpectedly; retried', { ...errorFields(error), stack });
      return this.queue.addRateLimited(key);
    }
    if (this.#isStopping && isBridgeError(error, 'ABORTED')) {
      return log.info('reconcile given up because the controller stops');
    }
    log.warn('reconcile failed; retried', { ...errorFields(error), retries: this.queue.retries(key) });
    this.queue.addRateLimited(key, error.retryAfterMs);
  }
}
