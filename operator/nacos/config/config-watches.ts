/**
 * Listening to many configs over one connection: the versions that are known, and what makes the server agree with them.
 *
 * Each key has the md5 that we know and the md5 that the server was told: all are told after a connect and again every 3
 * minutes, and one key after it changed (config-telling.ts). The server answers with the keys whose md5 differs, and
 * pushes later changes as hints without content. Either makes a key dirty; dirty keys are read (config-reading.ts), and
 * what is new is delivered. So a change costs one read and one place in a batch, however many keys there are. A hint that
 * follows a write of our own is most likely that write: the server is told its md5, and only if it has another is it read.
 *
 * A key of which nothing is known is read first and told then, with the md5 that was read: told first, the server would
 * ask for a second read. But where it is known which version the server should hold, it is told that: if it agrees, there
 * is nothing to read, except for those who need the content. That is kept in memory only while somebody does.
 *
 * Guarantees: a listener hears each change once, in order, and never something older than our own last write; a failing
 * listener hurts nobody; a key that cannot be read is tried again with growing pauses until it can; a write of ours that
 * is not pushed back in time is asked for.
 */
import type { Timer } from '../../clock.ts';
import { BridgeError } from '../../errors.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Surroundings } from '../surroundings.ts';
import type { ConfigApi } from './config-api.ts';
import { type ConfigKey, keyText } from './config-key.ts';
import { ConfigReading, readBackoff } from './config-reading.ts';
import type { ConfigObservation, ReadSnapshot, VersionObservation } from './config-snapshot.ts';
import { ConfigTelling } from './config-telling.ts';
import { type ConfigListener, ConfigWatch, type VersionListener, VersionWatch } from './config-watch.ts';
import { OverdueWrites } from './overdue-writes.ts';
import { type Audience, type OwnVersion, WatchedConfig, type WatchedConfigOptions } from './watched-config.ts';

interface ConfigWatchesOptions extends Surroundings {
  readonly api: ConfigApi;
  readonly maxConcurrentRequests: number;
  readonly read: (key: ConfigKey, signal: AbortSignal) => Promise<ReadSnapshot | undefined>;
}

/** What goes on over one connection. */
interface Link {
  readonly abort: AbortController;
  readonly telling: ConfigTelling;
  readonly reading: ConfigReading;
}

/** Pushes come within a tenth of a second; a server that refreshes its cache once for two writes may owe us one for ever. */
const pushOverdueMs = 2_000;
const resyncMs = 3 * 60_000;

export class ConfigWatches {
  readonly #options: ConfigWatchesOptions;
  readonly #watchedOptions: WatchedConfigOptions;
  readonly #watched = new Map<string, WatchedConfig>();
  readonly #overdue: OverdueWrites;
  #link: Link | undefined;
  #resync: Timer | undefined;

  constructor(options: ConfigWatchesOptions) {
    this.#options = options;
    this.#watchedOptions = {
      log: options.log,
      load: (watched) => this.#load(watched),
      onUnwatched: (watched) => this.#remove(watched),
    };
    this.#overdue = new OverdueWrites({
      clock: options.clock,
      limitMs: pushOverdueMs,
      onOverdue: (watched) => {
        if (!watched.isToldLatest) this.#link?.telling.of(watched).tell(watched);
      },
    });
  }

  currentOf(key: ConfigKey): VersionObservation | undefined {
    return this.#watched.get(keyText(key))?.current;
  }

  /** What the server holds, if we have written it over this connection. */
  ownVersionOf(key: ConfigKey): { md5: string; version: OwnVersion } | undefined {
    const watched = this.#watched.get(keyText(key));
    return watched?.ownVersion && { md5: watched.md5, version: watched.ownVersion };
  }

  watch(key: ConfigKey, listener: ConfigListener): ConfigWatch {
    const watched = this.#watchedAt(key);
    const watch = new ConfigWatch(watched, listener);
    this.#join(watched, watch);
    return watch;
  }

  /** `expectedMd5` is of what the server should hold, if that is known; the first watch of a key decides. */
  watchVersions(key: ConfigKey, listener: VersionListener, expectedMd5: string | undefined): VersionWatch {
    const watched = this.#watchedAt(key);
    const watch = new VersionWatch(watched, listener);
    watched.expect(expectedMd5);
    this.#join(watched, watch);
    return watch;
  }

  /** Our own write: the new truth, at once. The server's push of it will find nothing new. */
  wrote(key: ConfigKey, observation: ConfigObservation, version: OwnVersion): void {
    const watched = this.#watched.get(keyText(key));
    if (!watched) return;
    this.#overdue.add(watched);
    watched.wrote(observation, version);
  }

  /** A hint of the server. */
  changed(key: ConfigKey): void {
    const watched = this.#watched.get(keyText(key));
    if (!watched) return;
    if (watched.isUntoldWrite) this.#link?.telling.of(watched).record(watched);
    else this.#link?.reading.add(watched);
  }

  connected(): void {
    this.disconnected();
    const { telling, reading } = (this.#link = this.#newLink());
    for (const watched of this.#watched.values()) {
      if (watched.isKnown) telling.of(watched).tell(watched);
      if (!watched.isKnown || watched.lacksContent || watched.lastError) reading.add(watched);
    }
    this.#scheduleResync();
  }

  /** What failed before may work now: the credentials are taken again. */
  retry(): void {
    for (const watched of this.#watched.values()) if (watched.lastError) this.#link?.reading.add(watched);
  }

  disconnected(): void {
    this.#link?.abort.abort(new BridgeError('CONNECTION_NOT_READY', 'the connection was lost'));
    this.#link = undefined;
    this.#resync?.cancel();
    for (const watched of this.#watched.values()) watched.disconnected();
  }

  stop(): void {
    this.disconnected();
    this.#overdue.clear();
    for (const watched of this.#watched.values()) watched.leaveAll();
  }

  #watchedAt(key: ConfigKey): WatchedConfig {
    return this.#watched.get(keyText(key)) ?? new WatchedConfig(key, this.#watchedOptions);
  }

  #join(watched: WatchedConfig, watch: Audience): void {
    const isFirst = !watched.isWatched;
    watched.join(watch);
    this.#watched.set(watched.id, watched);
    const reading = this.#link?.reading;
    const telling = this.#link?.telling.of(watched);
    // While telling fails, only a read can say anything.
    const isToldFirst = watched.isExpecting && !telling?.isFailing;
    if (isFirst && isToldFirst) telling?.tell(watched);
    if ((isFirst && !isToldFirst) || watched.lacksContent) reading?.add(watched);
  }

  async #load(watched: WatchedConfig): Promise<ConfigObservation> {
    for (;;) {
      const { whole } = watched;
      if (whole) return whole;
      if (!this.#link) throw new BridgeError('CONNECTION_NOT_READY', 'there is no connection');
      await this.#link.reading.read(watched);
    }
  }

  #remove(watched: WatchedConfig): void {
    this.#watched.delete(watched.id);
    this.#overdue.delete(watched);
    this.#link?.telling.of(watched).leave(watched);
    this.#link?.reading.remove(watched);
  }

  #newLink(): Link {
    const abort = new AbortController();
    const common = { ...this.#options, signal: abort.signal };
    // Half of the slots at most, so that callers are not queued behind thousands of reads after a reconnect.
    const maxConcurrentReads = Math.max(1, Math.floor(this.#options.maxConcurrentRequests / 2));
    const onRead = (watched: WatchedConfig, isNews: boolean): void => this.#wasRead(watched, isNews);
    const reading = new ConfigReading({ ...common, maxConcurrentReads, onRead });
    const telling = new ConfigTelling({ ...common, onDoubt: (watched) => reading.add(watched) });
    return { abort, telling, reading };
  }

  #scheduleResync(): void {
    // Spread, so that many clients that connected together do not resync together.
    const delayMs = resyncMs * (0.9 + 0.1 * this.#options.random());
    this.#resync = this.#options.clock.after(delayMs, () => {
      for (const watched of this.#watched.values()) if (watched.current) this.#link?.telling.of(watched).tell(watched);
      this.#scheduleResync();
    });
  }

  #wasRead(watched: WatchedConfig, isNews: boolean): void {
    // Until the server is told for the first time, it pushes nothing.
    if (!watched.isTold) this.#link?.telling.of(watched).tell(watched);
    else if (!watched.isToldLatest) this.#link?.telling.of(watched).record(watched);
    else if (!isNews) this.#tellAgain(watched);
  }

  /** A hint, and a read that shows nothing new: either may be late, so the server is asked which md5 it has. */
  #tellAgain(watched: WatchedConfig): void {
    const { clock, random } = this.#options;
    const pauseMs = backoffMs({ ...readBackoff, random }, watched.readInVain());
    watched.pause(clock.after(pauseMs, () => this.#link?.telling.of(watched).tell(watched)));
  }
}
