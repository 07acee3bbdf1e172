/**
 * Finding the configs that match one pattern, as long as a connection lasts: by a fuzzy watch where the server gives one,
 * else by listing every half a minute.
 *
 * Both are rounds, one after the other, each telling what exists and what is missing (discovered-configs.ts decides what
 * follows from it). A watch is asked again every 3 minutes, since a server that has reached its limit is silent about the
 * rest; soon after a notice that something is gone; and when the limit that servers usually have is reached.
 * Whatever a server answers but an acceptance makes us list. The watch is tried again on the next connection, and after
 * some minutes when the configs are few enough. Listings of all patterns run one at a time, spread over their interval.
 */
import type { Timer } from '../../clock.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import { errorFields } from '../../logger.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Surroundings } from '../surroundings.ts';
import type { ConfigListing } from './config-listing.ts';
import {
  type ConfigName,
  type ConfigPattern,
  matcherOf,
  nameText,
  normalisePattern,
  patternText,
} from './config-pattern.ts';
import { withDeadline } from '../transport/deadline.ts';
import { DiscoveredConfigs } from './discovered-configs.ts';
import {
  type FuzzyChange,
  type FuzzyPush,
  type FuzzyWatchApi,
  isWatchable,
  usualMatchLimit,
  watchText,
} from './fuzzy-watch-api.ts';
import type { RequestLimiter } from '../transport/request-limiter.ts';
import { bridgeErrorOf } from '../transport/response-errors.ts';
import { type DiscoveryChange, type DiscoveryState, isSameState } from './discovery-state.ts';

interface PatternDiscoveryOptions extends Surroundings {
  readonly api: FuzzyWatchApi;
  readonly list: (pattern: ConfigPattern, signal: AbortSignal) => Promise<ConfigListing>;
  /** Shared by the listings of all patterns. */
  readonly listingLimiter: RequestLimiter;
  /** Called with both lists empty when only the state has changed. */
  readonly onChange: (change: DiscoveryChange) => void;
}

/** What a fuzzy watch has told since it was asked. */
interface Answer {
  readonly missing: Set<string>;
  readonly present: Set<string>;
  readonly finished: PromiseWithResolvers<void>;
}

const rewatchMs = 3 * 60_000;
/** Notices come in bursts, and may overtake each other. */
const confirmNoticeMs = 1_000;
/** Longer than a server needs that has just started and does not know all yet. */
const confirmMissingMs = 10_000;
/** A batch that is not acknowledged at once is sent again after 2, 4, 6… seconds. */
const answerTimeoutMs = 30_000;
const retryWatchMs = 5 * 60_000;
const listMs = 30_000;
const failureBackoff = { initialMs: 5_000, maxMs: 5 * 60_000 };
/** A watch names all that is known: about 60 bytes each in a message of at most 10 MiB. */
const maxNamed = 20_000;

export class PatternDiscovery {
  readonly #options: PatternDiscoveryOptions;
  readonly #pattern: ConfigPattern;
  readonly #matches: (name: ConfigName) => boolean;
  readonly #found = new DiscoveredConfigs();
  #state: DiscoveryState = { mode: undefined, watchError: undefined, isComplete: false, lastError: undefined };
  /** Aborted with the connection. */
  #session: AbortController | undefined;
  #answer: Answer | undefined;
  #refusedAtMs: number | undefined;
  #failures = 0;
  #connections = 0;
  #isRunning = false;
  #timer: Timer | undefined;
  /** Of the timer, or of the next round while one is running. */
  #dueMs = Infinity;

  constructor(pattern: ConfigPattern, options: PatternDiscoveryOptions) {
    this.#options = options;
    this.#pattern = normalisePattern(pattern);
    this.#matches = matcherOf(pattern);
  }

  get state(): DiscoveryState {
    return this.#state;
  }

  names(): Iterable<ConfigName> {
    return this.#found.names();
  }

  connected(): void {
    this.disconnected();
    this.#session = new AbortController();
    this.#connections += 1;
    this.#refusedAtMs = undefined;
    this.#failures = 0;
    this.#runWithin(0);
  }

  disconnected(): void {
    this.#session?.abort(new BridgeError('CONNECTION_NOT_READY', 'the connection was lost'));
    this.#session = undefined;
    this.#isRunning = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#dueMs = Infinity;
    this.#report([], [], { isComplete: false });
  }

  /** The credentials are taken again: what failed before may work now. */
  retry(): void {
    if (!this.#state.lastError || !this.#session) return;
    this.#refusedAtMs = undefined;
    this.#runWithin(0);
  }

  /** Resolves when the server has been told, or could not be. */
  async leave(): Promise<void> {
    const mayBeWatching = this.#session !== undefined && this.#state.mode !== 'Listing';
    this.disconnected();
    if (mayBeWatching) await this.#cancelWatch();
  }

  pushed(push: FuzzyPush): void {
    if (push.kind === 'change') return this.#noticed(push.change);
    if (push.watched !== watchText(this.#pattern)) return;
    if (push.kind === 'finished') return this.#answer?.finished.resolve();
    const mine = push.changes.filter((change) => this.#isMine(change));
    for (const { isGone, key } of mine) (isGone ? this.#answer?.missing : this.#answer?.present)?.add(nameText(key));
    this.#exist(mine.filter(({ isGone }) => !isGone));
  }

  #noticed(change: FuzzyChange): void {
    if (!this.#isMine(change)) return;
    if (!change.isGone) return this.#exist([change]);
    const isWatching = this.#answer !== undefined || this.#state.mode === 'FuzzyWatch';
    if (isWatching && this.#found.doubt(change.key)) this.#runWithin(confirmNoticeMs);
  }

  #exist(changes: readonly FuzzyChange[]): void {
    const before = this.#found.size;
    const added = this.#found.exist(changes.map(({ key }) => key));
    this.#report(added, [], {});
    if (before < usualMatchLimit && this.#found.size >= usualMatchLimit) this.#runWithin(confirmNoticeMs);
  }

  #isMine({ key }: FuzzyChange): boolean {
    return key.namespaceId === this.#pattern.namespaceId && this.#matches(key);
  }

  #runWithin(delayMs: number): void {
    const { clock } = this.#options;
    const dueMs = clock.monotonic() + delayMs;
    const session = this.#session;
    if (!session || dueMs >= this.#dueMs) return;
    this.#dueMs = dueMs;
    if (this.#isRunning) return;
    this.#timer?.cancel();
    this.#timer = clock.after(delayMs, () => void this.#run(session));
  }

  async #run(session: AbortController): Promise<void> {
    this.#isRunning = true;
    this.#dueMs = Infinity;
    const pauseMs = await this.#round(session.signal);
    if (this.#session !== session) return;
    this.#isRunning = false;
    const sooner = this.#dueMs - this.#options.clock.monotonic();
    this.#dueMs = Infinity;
    this.#runWithin(Math.max(0, Math.min(pauseMs, sooner)));
  }

  /** Returns the pause until the next one. Never rejects. */
  async #round(signal: AbortSignal): Promise<number> {
    try {
      return (await this.#watch(signal)) ?? (await this.#list(signal));
    } catch (error) {
      return signal.aborted ? 0 : this.#failed(bridgeErrorOf(error));
    }
  }

  #failed(error: BridgeError): number {
    const { log, random } = this.#options;
    if (this.#state.lastError?.message !== error.message) {
      log.warn('configs cannot be discovered', { pattern: patternText(this.#pattern), ...errorFields(error) });
    }
    this.#report([], [], { lastError: error });
    const pauseMs = Math.max(backoffMs({ ...failureBackoff, random }, this.#failures), error.retryAfterMs ?? 0);
    this.#failures += 1;
    return pauseMs;
  }

  /** Undefined where the server does not let us watch. */
  async #watch(signal: AbortSignal): Promise<number | undefined> {
    if (!this.#mayWatch()) return undefined;
    const { api, clock, random } = this.#options;
    const answer: Answer = { missing: new Set(), present: new Set(), finished: Promise.withResolvers() };
    this.#answer = answer;
    this.#beginRound('FuzzyWatch');
    try {
      await api.watch(this.#pattern, this.#found.names(), signal);
      const late = `fuzzy watch of ${patternText(this.#pattern)}: not all was told within ${answerTimeoutMs} ms`;
      await withDeadline(clock, answerTimeoutMs, late, signal, () => answer.finished.promise);
    } catch (error) {
      if (signal.aborted || isBridgeError(error, 'CONNECTION_NOT_READY', 'NACOS_UNREACHABLE')) throw error;
      this.#refused(bridgeErrorOf(error));
      return undefined;
    } finally {
      if (this.#answer === answer) this.#answer = undefined;
    }
    const removed = this.#found.endRound((text) => answer.missing.has(text) && !answer.present.has(text));
    this.#failures = 0;
    this.#report([], removed, { mode: 'FuzzyWatch', watchError: undefined, isComplete: true, lastError: undefined });
    return this.#found.hasDoubts ? confirmMissingMs : rewatchMs * (0.9 + 0.1 * random());
  }

  #mayWatch(): boolean {
    const { clock } = this.#options;
    const refuse = (words: string): false => {
      const watchError = new BridgeError('NACOS_UNSUPPORTED', `fuzzy watch of ${patternText(this.#pattern)}: ${words}`);
      this.#report([], [], { mode: 'Listing', watchError });
      return false;
    };
    if (!isWatchable(this.#pattern)) return refuse('it knows * only at the beginning and at the end of a part');
    if (this.#found.size > maxNamed) return refuse(`more than ${maxNamed} configs cannot be named in one request`);
    if (this.#refusedAtMs === undefined) return true;
    return this.#found.size < usualMatchLimit && clock.monotonic() - this.#refusedAtMs >= retryWatchMs;
  }

  #refused(error: BridgeError): void {
    const isUnsupported = isBridgeError(error, 'NACOS_UNSUPPORTED');
    this.#refusedAtMs = isUnsupported ? Infinity : this.#options.clock.monotonic();
    if (this.#state.watchError?.message !== error.message) {
      const fields = { pattern: patternText(this.#pattern), ...errorFields(error) };
      this.#options.log.info('configs are listed, since a fuzzy watch is not to be had', fields);
    }
    this.#report([], [], { mode: 'Listing', watchError: error });
    if (!isUnsupported) void this.#cancelWatch();
  }

  /** A watch that is refused for its many configs is kept by the server all the same. */
  async #cancelWatch(): Promise<void> {
    try {
      await this.#options.api.cancel(this.#pattern);
    } catch (error) {
      this.#options.log.debug('a fuzzy watch could not be cancelled', errorFields(error));
    }
  }

  async #list(signal: AbortSignal): Promise<number> {
    const { list, listingLimiter, random } = this.#options;
    const { configs, isComplete } = await listingLimiter.run(() => {
      this.#beginRound('Listing');
      return list(this.#pattern, signal);
    }, signal);
    if (signal.aborted) throw new BridgeError('ABORTED', 'the connection was lost during the listing');
    const added = this.#found.exist(configs);
    this.#failures = 0;
    const listed = isComplete ? new Set(configs.map(nameText)) : undefined;
    const removed = listed ? this.#found.endRound((text) => !listed.has(text)) : [];
    const state = { mode: 'Listing' as const, isComplete: isComplete || this.#state.isComplete, lastError: undefined };
    this.#report(added, removed, state);
    return listMs * (0.75 + 0.5 * random());
  }

  /** What one connection has missed says nothing together with what another misses. */
  #beginRound(mode: 'FuzzyWatch' | 'Listing'): void {
    this.#found.beginRound(`${mode} ${this.#connections}`);
  }

  #report(added: readonly ConfigName[], removed: readonly ConfigName[], state: Partial<DiscoveryState>): void {
    const before = this.#state;
    const after = { ...before, ...state };
    if (added.length + removed.length === 0 && isSameState(before, after)) return;
    this.#state = after;
    this.#options.onChange({ added, removed, state: after });
  }
}
