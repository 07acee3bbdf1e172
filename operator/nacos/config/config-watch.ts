/**
 * What somebody who watches a key has in hand: a watch of its contents, or one of its versions.
 *
 * Who watches contents has the present one in memory. Who watches versions has the content of one that is new until he
 * needs it no more, and can have it read again: so tens of thousands of configs that were dealt with take no more memory
 * than their md5s.
 */
import type { BridgeError } from '../../errors.ts';
import { type ConfigObservation, md5OfObservation, type VersionObservation } from './config-snapshot.ts';
import type { Audience, WatchedConfig } from './watched-config.ts';

export type ConfigListener = (observation: ConfigObservation) => void;
export type VersionListener = (observation: VersionObservation) => void;

abstract class Watch<Observation> implements Audience {
  protected readonly watched: WatchedConfig;
  readonly #listener: (observation: Observation) => void;
  #isTold = false;

  constructor(watched: WatchedConfig, listener: (observation: Observation) => void) {
    this.watched = watched;
    this.#listener = listener;
  }

  abstract readonly needsContent: boolean;

  /** Undefined until the first observation. */
  abstract get current(): Observation | undefined;

  /** Why the key cannot be read at present. */
  get lastError(): BridgeError | undefined {
    return this.watched.lastError;
  }

  renew(): void {
    this.#isTold = false;
  }

  tell(): unknown {
    const { current } = this;
    if (this.#isTold || current === undefined) return undefined;
    this.#isTold = true;
    return this.#listener(current);
  }

  /** Idempotent; nothing is delivered afterwards. */
  stop(): void {
    this.watched.leave(this);
  }
}

/** A watch of contents. */
export class ConfigWatch extends Watch<ConfigObservation> {
  readonly needsContent = true;

  get current(): ConfigObservation | undefined {
    return this.watched.whole;
  }
}

export class VersionWatch extends Watch<VersionObservation> {
  needsContent = false;

  /** Its content is in memory from when it is heard of as new until `release`, unless it was known by its md5 alone. */
  get current(): VersionObservation | undefined {
    return this.watched.current;
  }

  override renew(): void {
    super.renew();
    this.needsContent = this.watched.whole !== undefined;
  }

  /**
   * What the key holds, with its content, which is read where it is not in memory and stays there until `release`. It may
   * be newer than `current` was: then that has changed, and the listener has been told.
   *
   * @throws BridgeError why it cannot be read.
   */
  load(): Promise<ConfigObservation> {
    this.needsContent = true;
    return this.watched.load();
  }

  /** The content of this version has done its service, if it is the present one. Others may need it still. */
  release(version: VersionObservation): void {
    if (md5OfObservation(version) !== this.watched.md5) return;
    this.needsContent = false;
    this.watched.dropUnneeded();
  }
}
