/**
 * Carries out the state machine of list-watch-state.ts for one namespace, or for all: lists, watches, waits, and hands
 * what it learns to its sink, in order. It ends by its signal and by nothing else.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { sleep } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { BridgeError, isBridgeError, messageOf } from '../errors.ts';
import { errorFields } from '../logger.ts';
import type { Logger } from '../logger.ts';
import { Backoff } from '../runtime/backoff.ts';
import { ApiError, statusError } from './api-errors.ts';
import type { ApiStatus } from './api-errors.ts';
import { transition } from './list-watch-state.ts';
import type { ListWatchState, Outcome } from './list-watch-state.ts';
import type { KubeMetrics } from './metrics.ts';
import { resourceName } from './resource.ts';
import type { KubeObject } from './resource.ts';
import type { ResourceClient, Selection } from './resource-client.ts';
import type { WatchLine, WatchStream } from './watch-stream.ts';

/** Where the objects go. All calls are synchronous; what they throw is logged and changes nothing here. */
interface ListWatchSink<T> {
  listed(objects: readonly T[]): void;
  changed(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void;
  /** A watch is open again after a failure. */
  recovered(): void;
}

export interface ListWatchTiming {
  /** Pauses after failures: from the first to the longest. */
  readonly backoffInitialMs: number;
  readonly backoffMaxMs: number;
  /** The longest pause while nothing listens at all: such attempts cost the server nothing. */
  readonly backoffUnreachableMaxMs: number;
  /** So long without a failure, and the next pause is the first one again. */
  readonly backoffResetMs: number;
  /** So much silence breaks a watch, on servers that are known to send bookmarks and on others. */
  readonly idleWithBookmarksMs: number;
  readonly idleMs: number;
  /** A watch that was open for less, and silent, was no use. */
  readonly usefulWatchMs: number;
}

/** Between these, at random. */
export interface WatchSeconds {
  readonly from: number;
  readonly to: number;
}

/** For views that must be known to be current within the lease duration, also while nothing happens. */
export const CONFIRMED_OFTEN = { watchSeconds: { from: 8, to: 12 } } as const;

export interface ListWatchOptions<T extends KubeObject> {
  readonly resource: ResourceClient<T>;
  readonly selection: Selection;
  /** What is kept of an object that has just come in. */
  readonly trim: (object: T) => T;
  readonly sink: ListWatchSink<T>;
  readonly pageSize: number;
  readonly watchSeconds: WatchSeconds;
  readonly timing: ListWatchTiming;
  readonly random: () => number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: KubeMetrics;
}

/** A watch that is open. */
interface OpenWatch {
  readonly stream: WatchStream;
  /** On the monotonic clock. */
  readonly openedMs: number;
  /** When the server ends it: what is read later was sent before. */
  readonly endsMs: number;
}

/** A server ends a watch when it was asked to, give or take this. One that does not by the double of it is cut. */
const WATCH_END_TOLERANCE_MS = 1000;

/** A Retry-After beyond this is a mistake of somebody in between. */
const maxRetryAfterMs = 120_000;

export class ListWatch<T extends KubeObject> {
  readonly #options: ListWatchOptions<T>;
  readonly #backoff: Backoff;
  readonly #resource: string;
  #state: ListWatchState<T> = { phase: 'empty', reason: 'start', paged: true };
  #lastPauseMs = -Infinity;
  #watches = 0;
  /** Asked for by `refresh`, and whether the list that answers it has begun. */
  #refresh: { readonly settled: PromiseWithResolvers<void>; begun: boolean } | undefined;
  /** Ends the watch that is open, or the pause that is under way. */
  #interrupt = new AbortController();
  #pauseNeeded = false;
  /** When the first page of the list that is under way has come: the later ones are of the same moment. */
  #firstPageMs = 0;

  /** A complete list has arrived. */
  hasSynced = false;
  /** The last failure; undefined again as soon as a watch is open. */
  lastError: BridgeError | undefined;
  /** On the monotonic clock: when what the sink has was last known to be current; undefined before the first list. */
  lastConfirmedMonotonicMs: number | undefined;

  constructor(options: ListWatchOptions<T>) {
    this.#options = options;
    this.#resource = resourceName(options.resource.ref);
    const { backoffInitialMs: initialMs, backoffMaxMs: maxMs } = options.timing;
    this.#backoff = new Backoff({ initialMs, maxMs, random: options.random });
  }

  /** Resolves after the signal is aborted and the last request has ended. */
  async run(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#interrupt.abort(), { once: true });
    while (!signal.aborted) {
      this.#beginRefresh(signal);
      try {
        if (this.#state.phase === 'empty' || this.#state.phase === 'listing') await this.#list(signal);
        else await this.#watch();
        if (this.#pauseNeeded && !this.#isRefreshDue) await this.#pause(this.#interrupt.signal);
      } catch (error) {
        if (!isBridgeError(error, 'ABORTED')) await this.#recover(error, signal);
      }
    }
  }

  /**
   * Lists anew, now: a view that was not confirmed for long may be made sure of this way. Resolves when the list has
   * reached the sink; rejects when the first attempt fails, while the usual attempts go on.
   */
  refresh(): Promise<void> {
    if (this.#refresh === undefined || this.#refresh.begun) {
      const earlier = this.#refresh;
      this.#refresh = { settled: Promise.withResolvers<void>(), begun: false };
      // Only a list that begins after the call can answer it.
      earlier?.settled.resolve(this.#refresh.settled.promise);
      this.#refresh.settled.promise.catch(() => {});
      this.#interrupt.abort();
    }
    return this.#refresh.settled.promise;
  }

  get #isRefreshDue(): boolean {
    return this.#refresh !== undefined && !this.#refresh.begun;
  }

  #beginRefresh(signal: AbortSignal): void {
    if (this.#interrupt.signal.aborted && !signal.aborted) this.#interrupt = new AbortController();
    if (this.#refresh === undefined || this.#refresh.begun) return;
    this.#refresh.begun = true;
    this.#state = { phase: 'empty', reason: 'refresh', paged: true };
  }

  #endRefresh(error?: unknown): void {
    if (!this.#refresh?.begun) return;
    const { settled } = this.#refresh;
    this.#refresh = undefined;
    if (error === undefined) settled.resolve();
    else settled.reject(error);
  }

  /** A defect of ours must not end the watch: it is logged as such, and everything begins anew. */
  async #recover(error: unknown, signal: AbortSignal): Promise<void> {
    this.#options.log.error(`watching ${this.#resource} failed unexpectedly`, errorFields(error));
    this.#state = { phase: 'empty', reason: 'refused', paged: true };
    await this.#pause(signal).catch(() => {});
  }

  async #list(signal: AbortSignal): Promise<void> {
    const state = this.#state;
    const { resource, selection, trim, pageSize } = this.#options;
    try {
      const page = await resource.list({
        ...selection,
        limit: state.phase === 'empty' && !state.paged ? undefined : pageSize,
        continue: state.phase === 'listing' ? state.continue : undefined,
        signal,
      });
      if (state.phase === 'empty') {
        this.#firstPageMs = this.#options.clock.monotonic();
        this.#options.metrics.relisted(this.#resource, state.reason);
      }
      this.#take({ type: 'page', ...page, items: page.items.map(trim) });
      await nextTurn();
    } catch (error) {
      this.#take({ type: 'list-failed', error: failure(error) });
      this.#endRefresh(error);
    }
  }

  async #watch(): Promise<void> {
    const watch = await this.#open(this.#interrupt.signal);
    if (watch === undefined) return;
    const { clock, timing } = this.#options;
    const { endsMs, openedMs, stream } = watch;
    const overdue = clock.after(endsMs + 2 * WATCH_END_TOLERANCE_MS - openedMs, () => {
      stream.abort(new BridgeError('KUBE_UNAVAILABLE', 'the watch did not end when it was to'));
    });
    const idle = new IdleLimit(clock, stream, () => this.#idleLimitMs());
    let lines = 0;
    try {
      for await (const line of stream) {
        lines += 1;
        this.#receive(line, endsMs);
        idle.touch();
        if (this.#state.phase !== 'watching') return;
      }
      // One that was cut by somebody in between proves nothing; one that is read late ended when it was to.
      if (clock.monotonic() >= endsMs - WATCH_END_TOLERANCE_MS) this.#confirm(endsMs);
      const useful = lines > 0 || clock.monotonic() - openedMs >= timing.usefulWatchMs;
      this.#take({ type: 'watch-ended', useful });
    } catch (error) {
      this.#take({ type: 'watch-broken', error: failure(error) });
    } finally {
      overdue.cancel();
      idle.end();
    }
  }

  async #open(signal: AbortSignal): Promise<OpenWatch | undefined> {
    if (this.#state.phase !== 'listed') throw new TypeError(`a watch cannot begin while ${this.#state.phase}`);
    const { clock, metrics, random, resource, selection, watchSeconds } = this.#options;
    const { from, to } = watchSeconds;
    const timeoutSeconds = Math.floor(from + (to - from) * random());
    try {
      const stream = await resource.watch({
        ...selection,
        resourceVersion: this.#state.resourceVersion,
        timeoutSeconds,
        signal,
      });
      if (this.#watches++ > 0) metrics.watchRestarted(this.#resource);
      this.#take({ type: 'watch-opened' });
      const openedMs = clock.monotonic();
      return { stream, openedMs, endsMs: openedMs + timeoutSeconds * 1000 };
    } catch (error) {
      this.#take({ type: 'watch-refused', error: failure(error) });
      return undefined;
    }
  }

  #receive({ type, object }: WatchLine, endsMs: number): void {
    const { resource, sink, trim, metrics, clock } = this.#options;
    if (type === 'ERROR') {
      const status = object as ApiStatus;
      const httpStatus = status.code ?? 500;
      const operation = { verb: 'watch', resource: this.#resource };
      return this.#take({ type: 'error-event', httpStatus, error: statusError(status, { httpStatus, operation }) });
    }
    const { resourceVersion = '' } = (object as KubeObject).metadata;
    metrics.eventReceived(this.#resource, clock.now());
    if (type !== 'BOOKMARK') this.#deliver(() => sink.changed(type, trim(resource.watchedObject(object))));
    this.#confirm(endsMs);
    if (type === 'BOOKMARK') return this.#take({ type: 'bookmark', resourceVersion });
    this.#take({ type: 'event', resourceVersion });
  }

  #take(outcome: Outcome<T>): void {
    const { state, pause, listed } = transition(this.#state, outcome);
    this.#state = state;
    this.#pauseNeeded = pause;
    this.#report(outcome, pause);
    if (listed === undefined) return;
    this.hasSynced = true;
    this.#deliver(() => this.#options.sink.listed(listed));
    this.#confirm(this.#firstPageMs);
    this.#endRefresh();
  }

  #report(outcome: Outcome<T>, pause: boolean): void {
    if (outcome.type === 'watch-opened') this.#opened();
    if (!('error' in outcome) || isBridgeError(outcome.error, 'ABORTED')) return;
    const expired = isBridgeError(outcome.error, 'KUBE_EXPIRED') && !pause;
    if (!expired) this.lastError = outcome.error;
    const { log } = this.#options;
    const next = this.#state.phase === 'listed' ? 'the watch is resumed' : 'a list follows';
    const message = `${outcome.type} for ${this.#resource}; ${next}`;
    if (expired) log.info(message, errorFields(outcome.error));
    else log.warn(message, errorFields(outcome.error));
  }

  #opened(): void {
    const isRecovered = this.lastError !== undefined;
    this.lastError = undefined;
    if (isRecovered) this.#deliver(() => this.#options.sink.recovered());
  }

  #deliver(act: () => void): void {
    try {
      act();
    } catch (error) {
      const { log } = this.#options;
      const causes = error instanceof AggregateError ? error.errors.map(messageOf) : [];
      log.error(`taking in a change of ${this.#resource} failed`, { ...errorFields(error), causes });
    }
  }

  /** Now, but not later than `latestMs`: a process that was frozen reads what was sent long ago. */
  #confirm(latestMs: number): void {
    this.lastConfirmedMonotonicMs = Math.min(this.#options.clock.monotonic(), latestMs);
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { clock, timing } = this.#options;
    this.#pauseNeeded = false;
    if (clock.monotonic() - this.#lastPauseMs >= timing.backoffResetMs) this.#backoff.reset();
    const unreachable = this.lastError?.code === 'KUBE_UNAVAILABLE' && !(this.lastError instanceof ApiError);
    const limitMs = unreachable ? timing.backoffUnreachableMaxMs : timing.backoffMaxMs;
    const delayMs = Math.min(this.#backoff.nextMs(), limitMs);
    try {
      const askedMs = Math.min(this.lastError?.retryAfterMs ?? 0, maxRetryAfterMs);
      await sleep(clock, Math.max(delayMs, askedMs), signal);
    } finally {
      this.#lastPauseMs = clock.monotonic();
    }
  }

  #idleLimitMs(): number {
    const { idleWithBookmarksMs, idleMs } = this.#options.timing;
    return this.#state.phase === 'watching' && this.#state.bookmarksSeen ? idleWithBookmarksMs : idleMs;
  }
}

/** Breaks a stream that has been silent for too long; the limit may shrink while it is watched. */
class IdleLimit {
  readonly #clock: Clock;
  readonly #stream: WatchStream;
  readonly #limitMs: () => number;
  #lastMs: number;
  #armedForMs: number;
  #timer;

  constructor(clock: Clock, stream: WatchStream, limitMs: () => number) {
    this.#clock = clock;
    this.#stream = stream;
    this.#limitMs = limitMs;
    this.#lastMs = clock.monotonic();
    this.#armedForMs = limitMs();
    this.#timer = clock.after(this.#armedForMs, () => this.#check());
  }

  /** A line arrived. Arms no new timer unless the limit has changed: there may be thousands of lines a second. */
  touch(): void {
    this.#lastMs = this.#clock.monotonic();
    if (this.#limitMs() !== this.#armedForMs) this.#arm(this.#limitMs());
  }

  end(): void {
    this.#timer.cancel();
  }

  #check(): void {
    const silentMs = this.#clock.monotonic() - this.#lastMs;
    const limitMs = this.#limitMs();
    if (silentMs < limitMs) return this.#arm(limitMs - silentMs);
    this.#stream.abort(new BridgeError('KUBE_UNAVAILABLE', `the watch was silent for ${Math.round(silentMs)} ms`));
  }

  #arm(delayMs: number): void {
    this.#timer.cancel();
    this.#armedForMs = this.#limitMs();
    this.#timer = this.#clock.after(delayMs, () => this.#check());
  }
}

function failure(error: unknown): BridgeError {
  if (error instanceof BridgeError) return error;
  return new BridgeError('KUBE_UNAVAILABLE', messageOf(error), { cause: error });
}
