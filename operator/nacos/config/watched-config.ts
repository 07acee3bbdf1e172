/**
 * One key that is watched: what is known of it, who is told of it, and how far reading and telling have come.
 *
 * There are tens of thousands of these, so each is one flat object and each watch of it another, and a content that nobody
 * needs any more is dropped.
 *
 * Guarantees: a watch hears each change once, in order, and nothing after it was stopped; a listener that fails hurts
 * nobody.
 */
import type { Timer } from '../../clock.ts';
import type { BridgeError } from '../../errors.ts';
import { errorFields } from '../../logger.ts';
import type { Logger } from '../../logger.ts';
import { describeKey, keyText } from './config-key.ts';
import type { ConfigKey } from './config-key.ts';
import { absentMd5, md5OfObservation, observationOfMd5, wholeOf, withoutContent } from './config-snapshot.ts';
import type { ConfigObservation, VersionObservation } from './config-snapshot.ts';

/** A write of our own that is what the server holds. */
export interface OwnVersion {
  /** Undefined for a removal. */
  readonly srcUser: string | undefined;
  /** Of our monotonic clock, in milliseconds. */
  readonly answeredMs: number;
  /** By the server's clock, as it was served last; somebody else may have written the same content again then. */
  servedMs?: number;
}

/** Whoever watches a key; see config-watch.ts. */
export interface Audience {
  /** Whether the content of the present version is to be in memory. */
  readonly needsContent: boolean;
  /** A version that is new was observed, of which nobody has heard yet. */
  renew(): void;
  /** Tells the listener of the present version, unless it has heard of it; returns what the listener returns. */
  tell(): unknown;
}

/** What all keys have in common. */
export interface WatchedConfigOptions {
  readonly log: Logger;
  /** Reads the content of one that lacks it. */
  readonly load: (watched: WatchedConfig) => Promise<ConfigObservation>;
  /** The last watch has stopped. */
  readonly onUnwatched: (watched: WatchedConfig) => void;
}

export class WatchedConfig {
  readonly key: ConfigKey;
  /** Of the key, for maps. */
  readonly id: string;
  /** What the server holds, as far as anything was observed. */
  current: VersionObservation | undefined;
  /** The version that the server is believed to hold; it becomes `current` when the server confirms it. */
  expectedMd5: string | undefined;
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
  #audience: readonly Audience[] = [];

  constructor(key: ConfigKey, options: WatchedConfigOptions) {
    this.key = key;
    this.id = keyText(key);
    this.#options = options;
  }

  get isWatched(): boolean {
    return this.#audience.length > 0;
  }

  /** `current` is a write of our own that the server was not told yet: of what it was told already there is no push. */
  get isUntoldWrite(): boolean {
    return this.ownVersion !== undefined && this.toldMd5 !== this.md5;
  }

  /** Nothing was observed, and there is something that the server can be asked to confirm. */
  get isExpecting(): boolean {
    return this.current === undefined && this.expectedMd5 !== undefined;
  }

  /** Something is known of it, or believed. */
  get isKnown(): boolean {
    return this.current !== undefined || this.isExpecting;
  }

  /** Its version is known, or believed, but somebody needs its content as well. */
  get lacksContent(): boolean {
    return this.isKnown && this.whole === undefined && this.#needsContent;
  }

  /** What the server is to be told: the version that we have, or else the one that we believe it to have. */
  get md5(): string {
    return this.current ? md5OfObservation(this.current) : (this.expectedMd5 ?? absentMd5);
  }

  /** What the server holds, if its content is in memory or there is none. */
  get whole(): ConfigObservation | undefined {
    return this.current && wholeOf(this.current);
  }

  join(listener: Audience): void {
    this.#audience = [...this.#audience, listener];
    if (this.current) queueMicrotask(() => this.#tell(listener));
  }

  leave(listener: Audience): void {
    if (!this.#audience.includes(listener)) return;
    this.#audience = this.#audience.filter((other) => other !== listener);
    this.dropUnneeded();
    if (this.isWatched) return;
    this.pause?.cancel();
    this.#options.onUnwatched(this);
  }

  leaveAll(): void {
    for (const listener of this.#audience) this.leave(listener);
  }

  /** Returns whether it is news, which is delivered. */
  observe(observation: VersionObservation): boolean {
    const before = this.current;
    this.current = observation;
    this.expectedMd5 = undefined;
    const isNews = before === undefined || md5OfObservation(before) !== md5OfObservation(observation);
    // A listener may start or stop others; one that starts now is told of this by its own start.
    const audience = this.#audience;
    if (isNews) {
      this.ownVersion = undefined;
      for (const listener of audience) listener.renew();
    }
    for (const listener of audience) this.#tell(listener);
    this.dropUnneeded();
    return isNews;
  }

  /** The server has confirmed what was expected; no more than that, if something was observed meanwhile. */
  confirm(): void {
    if (this.current === undefined && this.expectedMd5 !== undefined) this.observe(observationOfMd5(this.expectedMd5));
  }

  /** @throws BridgeError why it cannot be read. */
  async load(): Promise<ConfigObservation> {
    return this.whole ?? this.#options.load(this);
  }

  /** To be called when somebody may need the content no more. */
  dropUnneeded(): void {
    if (this.current && !this.#needsContent) this.current = withoutContent(this.current);
  }

  get #needsContent(): boolean {
    return this.#audience.some(({ needsContent }) => needsContent);
  }

  #tell(listener: Audience): void {
    if (!this.#audience.includes(listener)) return;
    const failed = (error: unknown): void => {
      const fields = { config: describeKey(this.key), ...errorFields(error) };
      this.#options.log.error('a listener of a config failed', fields);
    };
    try {
      // The type says void, and an asynchronous function passes for that.
      const outcome = listener.tell();
      if (outcome instanceof Promise) outcome.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}
