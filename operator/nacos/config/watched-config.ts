/**
 * One key that is watched: what is known of it, what the server was told of it, how reading it goes, and who hears of it.
 *
 * There are tens of thousands of these, so each is one flat object and each watch of it another, and a content that nobody
 * needs any more is dropped.
 *
 * Guarantees: a watch hears each change once, in order, and nothing after it was stopped; a listener that fails hurts
 * nobody.
 */
import type { Timer } from '../../clock.ts';
import type { BridgeError } from '../../errors.ts';
import { errorFields, type Logger } from '../../logger.ts';
import { callListener } from '../listeners.ts';
import { type ConfigKey, describeKey, keyText } from './config-key.ts';
import {
  absentMd5,
  type ConfigObservation,
  md5OfObservation,
  observationOfMd5,
  type VersionObservation,
  wholeOf,
  withoutContent,
} from './config-snapshot.ts';

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
  readonly #options: WatchedConfigOptions;
  #audience: readonly Audience[] = [];
  #current: VersionObservation | undefined;
  /** The version that the server is believed to hold; it becomes the current one when the server confirms it. */
  #expectedMd5: string | undefined;
  /** Set while the current version is what we have written over this connection. */
  #ownVersion: OwnVersion | undefined;
  /** On this connection. */
  #toldMd5: string | undefined;
  #writes = 0;
  #failures = 0;
  #vainReads = 0;
  #lastError: BridgeError | undefined;
  #pause: Timer | undefined;

  constructor(key: ConfigKey, options: WatchedConfigOptions) {
    this.key = key;
    this.id = keyText(key);
    this.#options = options;
  }

  // What is known of it.

  /** What the server holds, as far as anything was observed. */
  get current(): VersionObservation | undefined {
    return this.#current;
  }

  /** What the server holds, if its content is in memory or there is none. */
  get whole(): ConfigObservation | undefined {
    return this.#current && wholeOf(this.#current);
  }

  /** What the server is to be told: the version that we have, or else the one that we believe it to have. */
  get md5(): string {
    return this.#current ? md5OfObservation(this.#current) : (this.#expectedMd5 ?? absentMd5);
  }

  get ownVersion(): OwnVersion | undefined {
    return this.#ownVersion;
  }

  /** Nothing was observed, and there is something that the server can be asked to confirm. */
  get isExpecting(): boolean {
    return this.#current === undefined && this.#expectedMd5 !== undefined;
  }

  /** Something is known of it, or believed. */
  get isKnown(): boolean {
    return this.#current !== undefined || this.isExpecting;
  }

  /** Its version is known, or believed, but somebody needs its content as well. */
  get lacksContent(): boolean {
    return this.isKnown && this.whole === undefined && this.#needsContent;
  }

  /** What the server should hold, if that is known; the first watch decides. */
  expect(md5: string | undefined): void {
    if (!this.isWatched) this.#expectedMd5 = md5;
  }

  /** The server does not confirm what was expected. */
  doubt(): void {
    this.#expectedMd5 = undefined;
  }

  /** The server has what it was told: that is what was expected, unless something was observed meanwhile. */
  confirm(): void {
    this.#vainReads = 0;
    if (this.#current === undefined && this.#expectedMd5 !== undefined)
      this.observe(observationOfMd5(this.#expectedMd5));
  }

  /** Returns whether it is news, which is delivered. */
  observe(observation: VersionObservation): boolean {
    const before = this.#current;
    this.#current = observation;
    this.#expectedMd5 = undefined;
    const isNews = before === undefined || md5OfObservation(before) !== md5OfObservation(observation);
    // A listener may start or stop others; one that starts now is told of this by its own start.
    const audience = this.#audience;
    if (isNews) {
      this.#ownVersion = undefined;
      for (const listener of audience) listener.renew();
    }
    for (const listener of audience) this.#tell(listener);
    this.dropUnneeded();
    return isNews;
  }

  /** Our own write, which the server has confirmed. */
  wrote(observation: ConfigObservation, version: OwnVersion): void {
    this.#writes += 1;
    this.observe(observation);
    this.#ownVersion = version;
  }

  // What the server was told.

  get isTold(): boolean {
    return this.#toldMd5 !== undefined;
  }

  /** The server was told the version that we have, or believe it to have. */
  get isToldLatest(): boolean {
    return this.#toldMd5 === this.md5;
  }

  /** The current version is a write of our own that the server was not told: of what it was told there is no push. */
  get isUntoldWrite(): boolean {
    return this.#ownVersion !== undefined && !this.isToldLatest;
  }

  told(md5: string): void {
    this.#toldMd5 = md5;
  }

  /** Another server knows nothing of what was said over this connection. */
  disconnected(): void {
    this.#toldMd5 = undefined;
    this.#ownVersion = undefined;
  }

  // How reading it goes.

  /** Why it cannot be read at present. */
  get lastError(): BridgeError | undefined {
    return this.#lastError;
  }

  /** How many writes of our own were delivered: a read that began before the last one is not. */
  get writes(): number {
    return this.#writes;
  }

  readSucceeded(): void {
    this.#failures = 0;
    this.#lastError = undefined;
  }

  /** Returns how many reads had failed before, in a row. */
  readFailed(error: BridgeError): number {
    this.#lastError = error;
    return this.#failures++;
  }

  /** It showed nothing new although the server had said that there is. Returns how many did so before, in a row. */
  readInVain(): number {
    return this.#vainReads++;
  }

  /** Waits with the next attempt for this timer alone, or no longer. */
  pause(timer?: Timer): void {
    this.#pause?.cancel();
    this.#pause = timer;
  }

  // Who hears of it.

  get isWatched(): boolean {
    return this.#audience.length > 0;
  }

  join(listener: Audience): void {
    this.#audience = [...this.#audience, listener];
    if (this.#current) queueMicrotask(() => this.#tell(listener));
  }

  leave(listener: Audience): void {
    if (!this.#audience.includes(listener)) return;
    this.#audience = this.#audience.filter((other) => other !== listener);
    this.dropUnneeded();
    if (this.isWatched) return;
    this.pause();
    this.#options.onUnwatched(this);
  }

  leaveAll(): void {
    for (const listener of this.#audience) this.leave(listener);
  }

  /** @throws BridgeError why it cannot be read. */
  async load(): Promise<ConfigObservation> {
    return this.whole ?? this.#options.load(this);
  }

  /** To be called when somebody may need the content no more. */
  dropUnneeded(): void {
    if (this.#current && !this.#needsContent) this.#current = withoutContent(this.#current);
  }

  get #needsContent(): boolean {
    return this.#audience.some(({ needsContent }) => needsContent);
  }

  #tell(listener: Audience): void {
    if (!this.#audience.includes(listener)) return;
    callListener(
      () => listener.tell(),
      (error) => {
        const fields = { config: describeKey(this.key), ...errorFields(error) };
        this.#options.log.error('a listener of a config failed', fields);
      },
    );
  }
}
