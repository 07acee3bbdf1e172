/**
 * Reads of the watched keys over one connection: each key that something is known to be new of, a few at a time.
 *
 * Guarantees: one read of a key at a time, and another after it when the key was named meanwhile; a key that cannot be
 * read is tried again with growing pauses until it can; a read that one of our own writes has overtaken is not believed.
 */
import type { Clock } from '../clock.ts';
import { BridgeError, isBridgeError, messageOf } from '../errors.ts';
import { errorFields } from '../log.ts';
import type { Logger } from '../log.ts';
import { backoffMs } from '../runtime/backoff.ts';
import { describeKey } from './config-key.ts';
import type { ConfigKey } from './config-key.ts';
import { observationOf } from './config-snapshot.ts';
import type { ReadSnapshot } from './config-snapshot.ts';
import type { WatchedConfig } from './watched-config.ts';

export interface ConfigReadingOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly maxConcurrentReads: number;
  readonly read: (key: ConfigKey, signal: AbortSignal) => Promise<ReadSnapshot | undefined>;
  /** Of the connection. */
  readonly signal: AbortSignal;
  /** What was read is observed. */
  readonly onRead: (watched: WatchedConfig, isNews: boolean) => void;
}

/** Between attempts on one key. */
export const readBackoff = { initialMs: 100, maxMs: 30_000 };

export class ConfigReading {
  readonly #options: ConfigReadingOptions;
  readonly #dirty = new Set<WatchedConfig>();
  readonly #reading = new Set<WatchedConfig>();

  constructor(options: ConfigReadingOptions) {
    this.#options = options;
  }

  add(watched: WatchedConfig): void {
    watched.pause?.cancel();
    this.#dirty.add(watched);
    this.#pump();
  }

  remove(watched: WatchedConfig): void {
    this.#dirty.delete(watched);
  }

  #pump(): void {
    const { maxConcurrentReads, signal } = this.#options;
    for (const watched of this.#dirty) {
      if (signal.aborted || this.#reading.size >= maxConcurrentReads) return;
      // It stays dirty, and its turn comes when the read that is under way ends.
      if (this.#reading.has(watched)) continue;
      this.#dirty.delete(watched);
      this.#reading.add(watched);
      void this.#refresh(watched).finally(() => {
        this.#reading.delete(watched);
        this.#pump();
      });
    }
  }

  async #refresh(watched: WatchedConfig): Promise<void> {
    const { onRead, read, signal } = this.#options;
    const { writes } = watched;
    try {
      const observation = observationOf(await read(watched.key, signal));
      watched.failures = 0;
      watched.lastError = undefined;
      if (!watched.isWatched || signal.aborted) return;
      if (watched.writes !== writes) return this.add(watched);
      onRead(watched, watched.observe(observation));
    } catch (error) {
      // With the connection it was given up; the next one finds out anew.
      if (watched.isWatched && !signal.aborted) this.#failed(watched, error);
    }
  }

  #failed(watched: WatchedConfig, error: unknown): void {
    const { clock, log, random } = this.#options;
    const failure = isBridgeError(error) ? error : new BridgeError('NACOS_FAILED', messageOf(error), { cause: error });
    if (watched.lastError?.message !== failure.message) {
      log.warn('a watched config cannot be read', { config: describeKey(watched.key), ...errorFields(failure) });
    }
    watched.lastError = failure;
    const pauseMs = backoffMs({ ...readBackoff, random }, watched.failures);
    watched.failures += 1;
    watched.pause = clock.after(pauseMs, () => this.add(watched));
  }
}
