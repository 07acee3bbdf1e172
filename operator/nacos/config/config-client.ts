/**
 * Configs: read, written with compare-and-swap, watched, and discovered.
 *
 * A server's cache lags behind its database, so a read may be older than our own last write. `query` says what the cache
 * says; `read` and watchers never go back behind our own publish or removal (see own-writes.ts). Where a read is in doubt
 * the database decides, through the admin API; where there is none, the cache is read again until it shows the write or
 * 10 s have passed since it. Writes to one key are expected one after the other, as compare-and-swap has it anyway.
 *
 * A config may have gray versions (beta by address, or by tag), and a server may show us one of them. It is never taken
 * for the formal version: that tells the database, and where it cannot be asked the config cannot be read.
 */
import { sleep } from '../../clock.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import { errorFields } from '../../logger.ts';
import type { Surroundings } from '../surroundings.ts';
import type { AdminApi, ConfigDetail } from '../admin/admin-api.ts';
import { ConfigApi, type ConfigPublishOptions, keyOf, type ServedConfig } from './config-api.ts';
import { type ConfigKey, describeKey, normaliseKey } from './config-key.ts';
import {
  absentMd5,
  type ConfigObservation,
  md5OfObservation,
  type ReadSnapshot,
  type VersionObservation,
} from './config-snapshot.ts';
import { ConfigDiscoveries, type ConfigDiscovery, type DiscoveryListener } from './config-discoveries.ts';
import type { ConfigPattern } from './config-pattern.ts';
import type { ConfigListener, ConfigWatch, VersionListener, VersionWatch } from './config-watch.ts';
import { ConfigWatches } from './config-watches.ts';
import type { Push } from '../transport/connection.ts';
import type { RpcCaller } from '../transport/rpc-caller.ts';
import { FuzzyWatchApi } from './fuzzy-watch-api.ts';
import { isStale, type OwnWrite, OwnWrites, type ReplacedVersion, versionOf } from './own-writes.ts';
import { ServerClock } from './server-clock.ts';

interface ConfigClientOptions extends Surroundings {
  readonly caller: RpcCaller;
  readonly admin: AdminApi;
  readonly maxConcurrentRequests: number;
  /** What the public namespace is called in requests. */
  readonly tenantOfPublic: () => '' | 'public';
}

interface VersionWatchOptions {
  /** '' where nothing is expected to be there. @default nothing is known of it */
  readonly expectedMd5?: string;
}

const onlyGray =
  'Nacos shows us a gray version (beta or tag) alone; take our address out of its beta addresses, or let us use the admin API';
const believedAfterMs = 10_000;
const firstPauseMs = 50;
const longestPauseMs = 1_000;
const wholeTries = 4;
/** How long a server that is busy may take to write a config of the largest size into its cache. */
const longestWriteMs = 10_000;

export class ConfigClient {
  readonly #options: ConfigClientOptions;
  readonly #api: ConfigApi;
  readonly #ownWrites: OwnWrites;
  readonly #watches: ConfigWatches;
  readonly #discoveries: ConfigDiscoveries;
  #serverClock = new ServerClock();

  constructor(options: ConfigClientOptions) {
    const { admin, caller, clock, tenantOfPublic } = options;
    const api = new ConfigApi(caller, tenantOfPublic);
    this.#options = options;
    this.#api = api;
    this.#ownWrites = new OwnWrites(clock);
    this.#watches = new ConfigWatches({ ...options, api, read: (key, signal) => this.read(key, signal) });
    const list = (pattern: ConfigPattern, signal: AbortSignal) => admin.listConfigs(pattern, signal);
    this.#discoveries = new ConfigDiscoveries({ ...options, api: new FuzzyWatchApi(caller), list });
  }

  /** What the server's cache says: may be older than our own publish, or a gray version. */
  async query(key: ConfigKey, signal?: AbortSignal): Promise<ReadSnapshot | undefined> {
    return (await this.#served(key, signal))?.snapshot;
  }

  /** The formal version, never older than our own last publish or removal. */
  async read(key: ConfigKey, signal?: AbortSignal): Promise<ReadSnapshot | undefined> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      const served = await this.#served(key, signal);
      if (served?.isGray) return this.#formalOf(key, signal);
      const found = served?.snapshot;
      const read = versionOf(found);
      const write = this.#ownWrites.get(key);
      if (!write || !isStale(read, write)) {
        this.#ownWrites.seen(key, read);
        return found;
      }
      const isSettled = this.#options.clock.monotonic() - write.writtenAtMs >= believedAfterMs;
      const decision = await this.#decideByDatabase(key, signal);
      // A write that was made meanwhile has a note of its own.
      if (this.#ownWrites.get(key) !== write) continue;
      if (decision) return this.#decided(key, decision.stored, write);
      if (isSettled) return found;
      await sleep(this.#options.clock, pauseMs, signal);
    }
  }

  /** What the database holds, with all that the admin API tells; right at once after a write. */
  async readStored(key: ConfigKey, signal?: AbortSignal): Promise<ConfigDetail | undefined> {
    const stored = await this.#options.admin.getConfig(key, signal);
    const own = this.#watches.ownVersionOf(key);
    const isOurs = own && stored?.md5 === own.md5 && stored.srcUser === own.version.srcUser;
    // Nobody wrote after us, so what was served before is our write as well.
    if (isOurs && own.version.servedMs !== undefined) {
      this.#serverClock.learn(own.version.servedMs, own.version.answeredMs);
    }
    return stored;
  }

  /**
   * Whether nobody has written since our own last write, not even tags or a description, of which nothing is pushed. Costs
   * one read of the server's cache, a tenth of what `readStored` costs; false where it cannot be told.
   */
  async isUntouched(key: ConfigKey, signal?: AbortSignal): Promise<boolean> {
    const own = this.#watches.ownVersionOf(key);
    if (own === undefined) return false;
    const served = await this.#served(key, signal);
    if (served?.snapshot.md5 !== own.md5 || served.isGray) return false;
    const { version } = own;
    version.servedMs = served.snapshot.lastModifiedMs;
    if (!this.#serverClock.isBefore(version.servedMs, version.answeredMs)) return false;
    this.#serverClock.learn(version.servedMs, version.answeredMs);
    return true;
  }

  /**
   * @returns the md5 that the config has now.
   * @throws NACOS_CAS_FAILED when another version was there; INVALID_CONTENT before anything is sent. After TIMEOUT and
   *   NACOS_UNREACHABLE the write may have happened: read again, and decide anew.
   */
  async publish(key: ConfigKey, content: string, options: ConfigPublishOptions): Promise<{ md5: string }> {
    const replaced = replacedBy(options.cas, this.#watches.currentOf(key));
    const { md5 } = await this.#api.publish(key, content, options);
    this.#wrote(key, { kind: 'present', snapshot: { content, md5 } }, replaced, options.srcUser);
    return { md5 };
  }

  /** Removing what does not exist succeeds. There is no compare-and-swap for removal: read just before. */
  async remove(key: ConfigKey): Promise<void> {
    const replaced = replacedBy('none', this.#watches.currentOf(key));
    await this.#api.remove(key);
    this.#wrote(key, { kind: 'absent' }, replaced);
  }

  /**
   * Calls `listener` with what is there, once known, and then with every change, each once. Our own writes are delivered
   * as soon as they are confirmed. The listener is never called from within this call, nor after `stop`.
   */
  watch(key: ConfigKey, listener: ConfigListener): ConfigWatch {
    return this.#watches.watch(normaliseKey(key), listener);
  }

  /**
   * As `watch`, for who needs the content of a version only until he has dealt with it, if at all (config-watch.ts).
   *
   * `expectedMd5` is of what the server should hold. If it says that it does, that is what is there, and nothing is read.
   */
  watchVersions(
    key: ConfigKey,
    listener: VersionListener,
    { expectedMd5: md5 }: VersionWatchOptions = {},
  ): VersionWatch {
    const write = this.#ownWrites.get(key);
    const isOlder = md5 !== undefined && write && isStale({ md5 }, write);
    return this.#watches.watchVersions(normaliseKey(key), listener, isOlder ? undefined : md5);
  }

  /**
   * Calls `listener` with the configs that match, once anything is known, and then with every change of which exist: not
   * of contents. What it may take for gone, and how it is found out, say discovered-configs.ts and pattern-discovery.ts.
   */
  discover(pattern: ConfigPattern, listener: DiscoveryListener): ConfigDiscovery {
    return this.#discoveries.discover(pattern, listener);
  }

  /** The server has changed a config, or says so. */
  pushed(push: Push): void {
    if (push.type === 'ConfigChangeNotifyRequest') this.#watches.changed(keyOf(push.body));
    else this.#discoveries.pushed(push);
  }

  /** A new connection knows nothing of what we listen to. */
  connected(): void {
    this.#watches.connected();
    this.#discoveries.connected();
  }

  authenticated(): void {
    this.#watches.retry();
    this.#discoveries.retry();
  }

  disconnected(): void {
    // The next server may have another clock.
    this.#serverClock = new ServerClock();
    this.#watches.disconnected();
    this.#discoveries.disconnected();
  }

  stop(): void {
    this.#watches.stop();
    this.#discoveries.stop();
  }

  async #served(key: ConfigKey, signal?: AbortSignal): Promise<ServedConfig | undefined> {
    const { clock } = this.#options;
    const beganMs = clock.monotonic();
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#api.query(key, signal).catch((error: unknown) => {
        if (!isBridgeError(error, 'NACOS_FAILED')) throw error;
        // Only a config that is being written comes with a time after which to ask again.
        const isBeingWritten = error.retryAfterMs !== undefined && clock.monotonic() - beganMs < longestWriteMs;
        if (attempt >= wholeTries && !isBeingWritten) throw error;
        return 'again' as const;
      });
      if (answer === undefined) return undefined;
      // Content and md5 that do not match were read while a write was under way. A server that hashes in another
      // encoding never matches: its own md5 is then what it compares with, so that is the one to keep.
      if (answer !== 'again' && (answer.isWhole || attempt >= wholeTries)) return answer;
      await sleep(clock, Math.min(firstPauseMs * 2 ** (attempt - 1), longestPauseMs), signal);
    }
  }

  /** The server has answered that it took our write. */
  #wrote(key: ConfigKey, written: ConfigObservation, replaced: ReplacedVersion | undefined, srcUser?: string): void {
    this.#ownWrites.record(key, md5OfObservation(written), replaced);
    this.#watches.wrote(key, written, { srcUser, answeredMs: this.#options.clock.monotonic() });
  }

  /** What the database holds is so, also when it is what was there before our write: somebody may have undone it. */
  #decided(key: ConfigKey, stored: ReadSnapshot | undefined, write: OwnWrite): ReadSnapshot | undefined {
    const version = versionOf(stored);
    if (isStale(version, write)) this.#ownWrites.forget(key);
    else this.#ownWrites.seen(key, version);
    return stored;
  }

  /** Of a config of which we are shown another version. @throws NACOS_FAILED when the database cannot be asked. */
  async #formalOf(key: ConfigKey, signal: AbortSignal | undefined): Promise<ReadSnapshot | undefined> {
    for (;;) {
      const write = this.#ownWrites.get(key);
      const decision = await this.#decideByDatabase(key, signal);
      if (!decision) throw new BridgeError('NACOS_FAILED', `${describeKey(key)}: ${onlyGray}`);
      // A write that was made meanwhile may not be in it.
      if (this.#ownWrites.get(key) !== write) continue;
      return write ? this.#decided(key, decision.stored, write) : decision.stored;
    }
  }

  /** Undefined when the database cannot be asked. */
  async #decideByDatabase(
    key: ConfigKey,
    signal: AbortSignal | undefined,
  ): Promise<{ stored: ReadSnapshot | undefined } | undefined> {
    const { admin, log } = this.#options;
    try {
      return { stored: await admin.getConfig(key, signal) };
    } catch (error) {
      if (isBridgeError(error, 'ABORTED')) throw error;
      log.debug('a doubtful read is repeated, since the admin API cannot decide it', {
        config: describeKey(key),
        ...errorFields(error),
      });
      return undefined;
    }
  }
}

function replacedBy(
  cas: ConfigPublishOptions['cas'],
  current: VersionObservation | undefined,
): ReplacedVersion | undefined {
  if (cas === 'create-only') return { md5: absentMd5, isProven: true };
  if (cas === 'none') return current && { md5: md5OfObservation(current), isProven: false };
  const isCurrent = current?.kind === 'present' && current.snapshot.md5 === cas.md5;
  return { ...(isCurrent ? versionOf(current.snapshot) : { md5: cas.md5 }), isProven: true };
}
