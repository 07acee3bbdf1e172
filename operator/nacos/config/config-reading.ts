/**
 * Reads of the watched keys over one connection: each key that something is known to be new of, a few at a time.
 *
 * Guarantees: one read of a key at a time, and another after it when the key was named meanwhile; a key that cannot be
 * read is tried again with growing pauses until it can; a read that one of our own writes has overtaken is not believed.
 * Whoever waits for a read hears how it ended, also when it is given up with the connection.
 */
import { BridgeError } from '../../errors.ts';
import { errorFields } from '../../logger.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Surroundings } from '../surroundings.ts';
import { type ConfigKey, describeKey } from './config-key.ts';
import { observationOf, type ReadSnapshot } from './config-snapshot.ts';
import { bridgeErrorOf } from '../transport/response-errors.ts';
import type { WatchedConfig } from './watched-config.ts';

interface ConfigReadingOptions extends Surroundings {
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
  /** Those that somebody waits for. */
  readonly #awaited = new Map<WatchedConfig, PromiseWithResolvers<void>>();

  constructor(options: ConfigReadingOptions) {
    this.#options = options;
    const { signal } = options;
    signal.addEventListener('abort', () => this.#awaited.forEach(({ reject }) => reject(signal.reason)), {
      once: true,
    });
  }

  add(watched: WatchedConfig): void {
    watched.pause();
    this.#dirty.add(watched);
    this.#pump();
  }

  /**
   * Resolves when it has been read, in the read that is under way or else the next one.
   *
   * @throws BridgeError why it was not.
   */
  read(watched: WatchedConfig): Promise<void> {
    const awaited = this.#awaited.get(watched) ?? Promise.withResolvers<void>();
    this.#awaited.set(watched, awaited);
    if (!this.#reading.has(watched)) this.add(watched);
    return awaited.promise;
  }

  remove(watched: WatchedConfig): void {
    this.#dirty.delete(watched);
    this.#ended(watched, unwatched());
  }

  #pump(): void {
    const { maxConcurrentReads, signal } = this.#options;
    for (const watched of this.#dirty) {
      if (signal.aborted || this.#reading.size >= maxConcurrentReads) return;
      // It stays dirty, and its turn comes when the read that is under way ends.
      if (this.#reading.has(watched)) continue;
      this.#dirty.delete(watched);
      this.#reading.add(watched);
      void this.#refresh(watched).then((failure) => {
        this.#reading.delete(watched);
        this.#ended(watched, failure);
        this.#pump();
      });
    }
  }

  /** Returns why it could not be read. */
  async #refresh(watched: WatchedConfig): Promise<BridgeError | undefined> {
    const { onRead, read, signal } = this.#options;
    const { writes } = watched;
    try {
      const observation = observationOf(await read(watched.key, signal));
      watched.readSucceeded();
      signal.throwIfAborted();
      if (!watched.isWatched) throw unwatched();
      if (watched.writes !== writes) this.add(watched);
      else onRead(watched, watched.observe(observation));
      return undefined;
    } catch (error) {
      const failure = bridgeErrorOf(error);
      // With the connection it was given up; the next one finds out anew.
      if (watched.isWatched && !signal.aborted) this.#failed(watched, failure);
      return failure;
    }
  }

  /** Whoever waits for it hears of it. */
  #ended(watched: WatchedConfig, failure: BridgeError | undefined): void {
    const awaited = this.#awaited.get(watched);
    this.#awaited.delete(watched);
    if (failure) awaited?.reject(failure);
    else awaited?.resolve();
  }

  #failed(watched: WatchedConfig, failure: BridgeError): void {
    const { clock, log, random } = this.#options;
    if (watched.lastError?.message !== failure.message) {
      log.warn('a watched config cannot be read', { config: describeKey(watched.key), ...errorFields(failure) });
    }
    const pauseMs = backoffMs({ ...readBackoff, random }, watched.readFailed(failure));
    watched.pause(clock.after(pauseMs, () => this.add(watched)));
  }
}

function unwatched(): BridgeError {
  return new BridgeError('ABORTED', 'nobody watches the config any more');
}
