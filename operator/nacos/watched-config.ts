/**
 * One key that is watched: what is known of it, who is told of it, and how far reading and telling have come.
 *
 * There are tens of thousands of these, so each is one flat object and each watch of it another.
 *
 * Guarantees: a watch hears each change once, in order, and nothing after it was stopped; a listener that fails hurts
 * nobody.
 */
import type { Timer } from '../clock.ts';
import type { BridgeError } from '../errors.ts';
import { errorFields } from '../log.ts';
import type { Logger } from '../log.ts';
import { describeKey, keyText } from './config-key.ts';
import type { ConfigKey } from './config-key.ts';
import { absentMd5, md5OfObservation, sharingContent } from './config-snapshot.ts';
import type { ConfigObservation } from './config-snapshot.ts';

export type ConfigListener = (observation: ConfigObservation) => void;

/** A write of our own that is what the server holds. */
export interface OwnVersion {
  /** Undefined for a removal. */
  readonly srcUser: string | undefined;
  /** Of our monotonic clock, in milliseconds. */
  readonly answeredMs: number;
  /** By the server's clock, as it was served last; somebody else may have written the same content again then. */
  servedMs?: number;
}

/** What all keys have in common. */
export interface WatchedConfigOptions {
  readonly log: Logger;
  /** The last watch has stopped. */
  readonly onUnwatched: (watched: WatchedConfig) => void;
}

export class WatchedConfig {
  readonly key: ConfigKey;
  /** Of the key, for maps. */
  readonly id: string;
  /** What the server holds, as far as anything was observed. */
  current: ConfigObservation | undefined;
  /** What the server is believed to hold; it becomes `current` when the server confirms it. */
  expected: ConfigObservation | undefined;
  /** What the server was told on this connection; undefined when nothing. */
  toldMd5: string | undefined;
  /** Set while `current` is what we have written over this connection. */
  ownVersion: OwnVersion | undefined;
  /** Own writes that were delivered; a read that began before one of them is not. */
  writes = 0;
  /** Reads in a row that failed. */
  failures = 0;
  /** Reads in a row that showed nothing new although the server had said that there is. */
  vainReads = 0;
  /** Why it cannot be read at present. */
  lastError: BridgeError | undefined;
  /** Runs until it is read again after a failure, or told again after a read in vain. */
  pause: Timer | undefined;
  readonly #options: WatchedConfigOptions;
  #watches: readonly ConfigWatch[] = [];

  constructor(key: ConfigKey, options: WatchedConfigOptions) {
    this.key = key;
    this.id = keyText(key);
    this.#options = options;
  }

  get isWatched(): boolean {
    return this.#watches.length > 0;
  }

  /** `current` is a write of our own that the server was not told yet: of what it was told already there is no push. */
  get isUntoldWrite(): boolean {
    return this.ownVersion !== undefined && this.toldMd5 !== this.md5;
  }

  /** Nothing was observed, and there is something that the server can be asked to confirm. */
  get isExpecting(): boolean {
    return this.current === undefined && this.expected !== undefined;
  }

  /** What the server is to be told: the version that we have, or else the one that we believe it to have. */
  get md5(): string {
    const known = this.current ?? this.expected;
    return known ? md5OfObservation(known) : absentMd5;
  }

  watch(listener: ConfigListener): ConfigWatch {
    const watch = new ConfigWatch(this, listener);
    this.#watches = [...this.#watches, watch];
    const known = this.current;
    if (known) {
      // What came in between has been delivered already, and is newer.
      queueMicrotask(() => {
        if (this.current === known && this.#watches.includes(watch)) this.#deliverTo(listener, known);
      });
    }
    return watch;
  }

  leave(watch: ConfigWatch): void {
    if (!this.#watches.includes(watch)) return;
    this.#watches = this.#watches.filter((other) => other !== watch);
    if (this.isWatched) return;
    this.pause?.cancel();
    this.#options.onUnwatched(this);
  }

  leaveAll(): void {
    for (const watch of this.#watches) this.leave(watch);
  }

  /** Returns whether it is news, which is delivered. */
  observe(observation: ConfigObservation): boolean {
    const before = this.current;
    this.current = sharingContent(observation, before ?? this.expected);
    this.expected = undefined;
    if (before && md5OfObservation(before) === md5OfObservation(observation)) return false;
    this.ownVersion = undefined;
    // A listener may start or stop others; one that starts now is told of this by its own start.
    const audience = this.#watches;
    for (const watch of audience) {
      if (this.#watches.includes(watch)) this.#deliverTo(watch.listener, this.current);
    }
    return true;
  }

  /** The server has confirmed what was expected; no more than that, if something was observed meanwhile. */
  confirm(): void {
    if (this.current === undefined && this.expected) this.observe(this.expected);
  }

  share(content: string): void {
    if (this.current?.kind !== 'present' || this.current.snapshot.content !== content) return;
    this.current = { kind: 'present', snapshot: { ...this.current.snapshot, content } };
  }

  #deliverTo(listener: ConfigListener, observation: ConfigObservation): void {
    const failed = (error: unknown): void => {
      const fields = { config: describeKey(this.key), ...errorFields(error) };
      this.#options.log.error('a listener of a config failed', fields);
    };
    try {
      // The type says void, and an asynchronous function passes for that.
      const outcome: unknown = listener(observation);
      if (outcome instanceof Promise) outcome.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

/** What somebody who watches a key has in hand. */
export class ConfigWatch {
  readonly listener: ConfigListener;
  readonly #watched: WatchedConfig;

  constructor(watched: WatchedConfig, listener: ConfigListener) {
    this.#watched = watched;
    this.listener = listener;
  }

  /** Undefined until the first observation. */
  get current(): ConfigObservation | undefined {
    return this.#watched.current;
  }

  /** Why the key cannot be read at present. */
  get lastError(): BridgeError | undefined {
    return this.#watched.lastError;
  }

  /** Somebody has this text in memory anyway: where it is the content, one copy of it is enough. */
  share(content: string): void {
    this.#watched.share(content);
  }

  /** Idempotent; nothing is delivered afterwards. */
  stop(): void {
    this.#watched.leave(this);
  }
}
