/**
 * Listening to many configs over one connection: the desired state in memory, and what makes the server agree with it.
 *
 * Each key has the md5 that we know and the md5 that the server was told. They are told in batches of 1,000: all after a
 * connect and again every 3 minutes, and one key after it changed. The server answers with the keys whose md5 differs,
 * and pushes later changes as hints without content. Either makes a key dirty; dirty keys are read, a few at a time, and
 * what is new is delivered. So a change costs one read and one place in a batch, however many keys there are. A hint that
 * follows a write of our own is most likely that write: the server is told its md5, and only if it has another is it read.
 *
 * Guarantees: a listener hears each change once, in order, and never something older than our own last write; a failing
 * listener hurts nobody; a key that cannot be read is tried again with growing pauses until it can; a write of ours that
 * is not pushed back in time is asked for.
 */
import { sleep } from '../clock.ts';
import type { Clock, Timer } from '../clock.ts';
import { BridgeError, isBridgeError, messageOf } from '../errors.ts';
import { errorFields } from '../log.ts';
import type { Logger } from '../log.ts';
import { backoffMs } from '../runtime/backoff.ts';
import type { ConfigApi, ListenContext } from './config-api.ts';
import { describeKey, keyText } from './config-key.ts';
import type { ConfigKey } from './config-key.ts';
import { absentMd5, md5OfObservation, observationOf, sharingContent } from './config-snapshot.ts';
import type { ConfigObservation, ConfigSnapshot } from './config-snapshot.ts';

export interface ConfigWatch {
  /** Undefined until the first observation. */
  readonly current: ConfigObservation | undefined;
  /** Why the key cannot be read at present. */
  readonly lastError: BridgeError | undefined;
  /** Somebody has this text in memory anyway: where it is the content, one copy of it is enough. */
  share(content: string): void;
  /** Idempotent; nothing is delivered afterwards. */
  stop(): void;
}

export interface ConfigWatchesOptions {
  readonly api: ConfigApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly maxConcurrentRequests: number;
  readonly read: (key: ConfigKey, signal: AbortSignal) => Promise<ConfigSnapshot | undefined>;
}

type Listener = (observation: ConfigObservation) => void;

interface Watched {
  readonly key: ConfigKey;
  readonly listeners: Set<Listener>;
  current: ConfigObservation | undefined;
  /** What the server was told on this connection; undefined when nothing. */
  toldMd5: string | undefined;
  /** `current` is a write of our own that the server was not told yet. */
  isOwn: boolean;
  /** Own writes that were delivered; a read that began before one of them is not. */
  writes: number;
  failures: number;
  /** Reads in a row that showed nothing new although the server had said that there is. */
  vainReads: number;
  lastError: BridgeError | undefined;
  retry: Timer | undefined;
  /** Runs until the server is asked for the md5 that it has: its push of our write is overdue, or a read was in vain. */
  overdue: Timer | undefined;
}

const batchSize = 1_000;
const gatherMs = 20;
/** Pushes come within a tenth of a second; a server that refreshes its cache once for two writes may owe us one for ever. */
const pushOverdueMs = 2_000;
const resyncMs = 3 * 60_000;
const readBackoff = { initialMs: 100, maxMs: 30_000 };
const listenBackoff = { initialMs: 200, maxMs: 5_000 };

export class ConfigWatches {
  readonly #options: ConfigWatchesOptions;
  readonly #watched = new Map<string, Watched>();
  readonly #untold = new Set<Watched>();
  readonly #left = new Map<string, ConfigKey>();
  readonly #dirty = new Set<Watched>();
  readonly #reading = new Set<Watched>();
  /** Aborted with the connection. */
  #session: AbortController | undefined;
  #isTelling = false;
  #resync: Timer | undefined;

  constructor(options: ConfigWatchesOptions) {
    this.#options = options;
  }

  currentOf(key: ConfigKey): ConfigObservation | undefined {
    return this.#watched.get(keyText(key))?.current;
  }

  watch(key: ConfigKey, listener: Listener): ConfigWatch {
    const watched = this.#watched.get(keyText(key)) ?? this.#add(key);
    // Each watch has an entry of its own, also when a listener is used twice.
    const own: Listener = (observation) => listener(observation);
    watched.listeners.add(own);
    if (watched.current) {
      const known = watched.current;
      // What came in between has been delivered already, and is newer.
      queueMicrotask(() => {
        if (watched.current === known && watched.listeners.has(own)) this.#deliverTo(own, watched);
      });
    }
    return {
      get current() {
        return watched.current;
      },
      get lastError() {
        return watched.lastError;
      },
      share: (content) => {
        const { current } = watched;
        if (current?.kind !== 'present' || current.snapshot.content !== content) return;
        watched.current = { kind: 'present', snapshot: { ...current.snapshot, content } };
      },
      stop: () => this.#remove(watched, own),
    };
  }

  /** Our own write: the new truth, at once. The server's push of it will find nothing new. */
  wrote(key: ConfigKey, observation: ConfigObservation): void {
    const watched = this.#watched.get(keyText(key));
    if (!watched) return;
    watched.writes += 1;
    watched.overdue?.cancel();
    watched.overdue = this.#options.clock.after(pushOverdueMs, () => this.#tellIfDifferent(watched));
    this.#observe(watched, observation);
    watched.isOwn = true;
  }

  /** A hint of the server. */
  changed(key: ConfigKey): void {
    const watched = this.#watched.get(keyText(key));
    if (!watched) return;
    if (watched.isOwn && this.#session) this.#tellIfDifferent(watched);
    else this.#markDirty(watched);
  }

  connected(): void {
    this.disconnected();
    this.#session = new AbortController();
    this.#tellAll();
    for (const watched of this.#watched.values()) if (!watched.current || watched.lastError) this.#markDirty(watched);
    this.#pump();
    this.#scheduleResync();
  }

  /** What failed before may work now: the credentials are taken again. */
  retry(): void {
    for (const watched of this.#watched.values()) if (watched.lastError) this.#markDirty(watched);
  }

  disconnected(): void {
    this.#session?.abort(new BridgeError('CONNECTION_NOT_READY', 'the connection was lost'));
    this.#session = undefined;
    this.#resync?.cancel();
    this.#left.clear();
    for (const watched of this.#watched.values()) watched.toldMd5 = undefined;
  }

  stop(): void {
    this.disconnected();
    for (const watched of this.#watched.values()) {
      watched.retry?.cancel();
      watched.overdue?.cancel();
      watched.listeners.clear();
    }
    this.#watched.clear();
  }

  #add(key: ConfigKey): Watched {
    const watched: Watched = {
      key,
      listeners: new Set(),
      current: undefined,
      toldMd5: undefined,
      isOwn: false,
      writes: 0,
      failures: 0,
      vainReads: 0,
      lastError: undefined,
      retry: undefined,
      overdue: undefined,
    };
    this.#watched.set(keyText(key), watched);
    this.#left.delete(keyText(key));
    // Read first and told then, with the md5 that was read: told first, the server would ask for a second read.
    this.#markDirty(watched);
    return watched;
  }

  #remove(watched: Watched, own: Listener): void {
    watched.listeners.delete(own);
    if (watched.listeners.size > 0 || this.#watched.get(keyText(watched.key)) !== watched) return;
    watched.retry?.cancel();
    watched.overdue?.cancel();
    this.#watched.delete(keyText(watched.key));
    this.#untold.delete(watched);
    this.#dirty.delete(watched);
    if (!this.#session) return;
    this.#left.set(keyText(watched.key), watched.key);
    this.#tellSoon();
  }

  #scheduleResync(): void {
    // Spread, so that many clients that connected together do not resync together.
    const delayMs = resyncMs * (0.9 + 0.1 * this.#options.random());
    this.#resync = this.#options.clock.after(delayMs, () => {
      this.#tellAll();
      this.#scheduleResync();
    });
  }

  #tellAll(): void {
    for (const watched of this.#watched.values()) if (watched.current) this.#untold.add(watched);
    this.#tellSoon();
  }

  /** After the callers of this turn have added theirs, so that thousands of watches become a few batches. */
  #tellSoon(): void {
    if (this.#isTelling || !this.#session) return;
    this.#isTelling = true;
    const { signal } = this.#session;
    setImmediate(() => {
      void this.#tell(signal).finally(() => {
        this.#isTelling = false;
        if (this.#untold.size + this.#left.size > 0) this.#tellSoon();
      });
    });
  }

  async #tell(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted && this.#untold.size + this.#left.size > 0;) {
      try {
        await this.#leaveBatch(signal);
        await this.#listenBatch(signal);
        failures = 0;
        // Reads end one by one: what they found is gathered, or each would be a batch of its own.
        if (this.#untold.size < batchSize) await sleep(this.#options.clock, gatherMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (failures === 0)
          this.#options.log.warn('listening to configs failed; it is tried again', errorFields(error));
        const pauseMs = backoffMs({ ...listenBackoff, random: this.#options.random }, failures);
        failures += 1;
        await sleep(this.#options.clock, pauseMs, signal).catch(() => undefined);
      }
    }
  }

  async #leaveBatch(signal: AbortSignal): Promise<void> {
    const batch = [...this.#left].slice(0, batchSize);
    if (batch.length === 0) return;
    const contexts = batch.map(([, key]) => ({ key, md5: absentMd5 }));
    await this.#options.api.listen(contexts, false, signal);
    for (const [id] of batch) this.#left.delete(id);
  }

  async #listenBatch(signal: AbortSignal): Promise<void> {
    const batch = [...this.#untold].slice(0, batchSize);
    if (batch.length === 0) return;
    const contexts = batch.map(contextOf);
    const changed = await this.#options.api.listen(contexts, true, signal);
    const different = new Set(changed.map(keyText));
    for (const [index, watched] of batch.entries()) {
      if (!different.has(keyText(watched.key))) watched.vainReads = 0;
      watched.toldMd5 = contexts[index]?.md5;
      // It may have changed while the batch was under way; then it stays for the next one.
      if (watched.toldMd5 !== contextOf(watched).md5) continue;
      watched.isOwn = false;
      this.#untold.delete(watched);
    }
    for (const key of changed) this.#differs(key);
  }

  /** The server has another md5 than it was told. */
  #differs(key: ConfigKey): void {
    const watched = this.#watched.get(keyText(key));
    if (watched) this.#markDirty(watched);
  }

  #markDirty(watched: Watched): void {
    watched.retry?.cancel();
    this.#dirty.add(watched);
    this.#pump();
  }

  /** Half of the slots at most, so that callers are not queued behind thousands of reads after a reconnect. */
  #pump(): void {
    const limit = Math.max(1, Math.floor(this.#options.maxConcurrentRequests / 2));
    for (const watched of this.#dirty) {
      if (!this.#session || this.#reading.size >= limit) return;
      // One read per key at a time; the key stays dirty, and its turn comes when that one ends.
      if (this.#reading.has(watched)) continue;
      this.#dirty.delete(watched);
      this.#reading.add(watched);
      void this.#refresh(watched, this.#session.signal).finally(() => {
        this.#reading.delete(watched);
        this.#pump();
      });
    }
  }

  async #refresh(watched: Watched, signal: AbortSignal): Promise<void> {
    const { writes } = watched;
    try {
      const observation = observationOf(await this.#options.read(watched.key, signal));
      watched.failures = 0;
      watched.lastError = undefined;
      if (!this.#isWatched(watched)) return;
      if (watched.writes !== writes) return this.#markDirty(watched);
      const isNews = this.#observe(watched, observation);
      if (isNews || watched.toldMd5 !== contextOf(watched).md5) this.#tellIfDifferent(watched);
      else this.#tellAgain(watched);
    } catch (error) {
      this.#failed(watched, error, signal);
    }
  }

  #failed(watched: Watched, error: unknown, signal: AbortSignal): void {
    if (!this.#isWatched(watched)) return;
    const failure = isBridgeError(error) ? error : new BridgeError('NACOS_FAILED', messageOf(error), { cause: error });
    // With the connection it was given up; the next one begins with what is still dirty.
    if (signal.aborted) return this.#markDirty(watched);
    if (watched.lastError?.message !== failure.message) {
      this.#options.log.warn('a watched config cannot be read', {
        config: describeKey(watched.key),
        ...errorFields(failure),
      });
    }
    watched.lastError = failure;
    const pauseMs = backoffMs({ ...readBackoff, random: this.#options.random }, watched.failures);
    watched.failures += 1;
    watched.retry = this.#options.clock.after(pauseMs, () => this.#markDirty(watched));
  }

  #tellIfDifferent(watched: Watched): void {
    if (watched.toldMd5 === contextOf(watched).md5) return;
    this.#untold.add(watched);
    this.#tellSoon();
  }

  /** A hint, and a read that shows nothing new: either may be late, so the server is asked which md5 it has. */
  #tellAgain(watched: Watched): void {
    watched.overdue?.cancel();
    const pauseMs = backoffMs({ ...readBackoff, random: this.#options.random }, watched.vainReads);
    watched.vainReads += 1;
    watched.overdue = this.#options.clock.after(pauseMs, () => {
      this.#untold.add(watched);
      this.#tellSoon();
    });
  }

  #isWatched(watched: Watched): boolean {
    return this.#watched.get(keyText(watched.key)) === watched;
  }

  /** Returns whether it is news, which is delivered. */
  #observe(watched: Watched, observation: ConfigObservation): boolean {
    const before = watched.current;
    watched.current = sharingContent(observation, before);
    if (before && md5OfObservation(before) === md5OfObservation(observation)) return false;
    watched.isOwn = false;
    // A listener may start or stop others; one that starts now is told of this by its own start.
    const audience = Array.from(watched.listeners);
    for (const listener of audience) if (watched.listeners.has(listener)) this.#deliverTo(listener, watched);
    return true;
  }

  #deliverTo(listener: Listener, watched: Watched): void {
    const failed = (error: unknown): void => {
      const fields = { config: describeKey(watched.key), ...errorFields(error) };
      this.#options.log.error('a listener of a config failed', fields);
    };
    if (!watched.current) return;
    try {
      // The type says void, and an asynchronous function passes for that.
      const outcome: unknown = listener(watched.current);
      if (outcome instanceof Promise) outcome.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

function contextOf(watched: Watched): ListenContext {
  return { key: watched.key, md5: watched.current ? md5OfObservation(watched.current) : absentMd5 };
}
