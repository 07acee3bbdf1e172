/**
 * What the operator knows in memory of one config: what its dataId holds, watched, and what both sides last had in
 * common. A session is thrown away when the resource, its connection or its address goes.
 *
 * Guarantees: at most one watch for each config; nothing here is needed to be right after a restart, since what is lost
 * is read or confirmed again; what Nacos holds is in memory until it was dealt with, and is read again when it is needed
 * after that.
 *
 * What was read of tags and description an hour ago may have been edited since, and Nacos replaces all of it at every
 * publish: so before each it is read, or known that nobody has written since our own last publish. The server's cache
 * tells that, tens of milliseconds late: until then an edit of the description, or a takeover of equal content by another
 * NacosConfig, is not seen.
 */
import { notReady, type ConnectionHandle } from '../connections/connection-directory.ts';
import { BridgeError, isBridgeError } from '../errors.ts';
import {
  type ConfigKey,
  type ConfigPublishOptions,
  errorOf,
  type VersionObservation,
  type VersionWatch,
} from '../nacos/index.ts';
import { isSamePlace, movedOn, type Base, type NacosPlace, type PlaceNow } from './base/nacos-place.ts';
import { RevertPause } from './revert-pause.ts';
import { readRemote, type RemoteConfig, type RemoteMetadata } from './remote.ts';

/** Servers of a cluster that answer differently agree within milliseconds, unless a write has failed half-way in one. */
const BELIEVED_AFTER_DISAGREEMENTS = 3;

/** One refusal may be a race that the other side has undone since. */
const BLIND_AFTER_REFUSALS = 2;

/** What Nacos holds. */
export interface ObservedContent {
  /** Undefined for nothing. */
  md5: string | undefined;
  /** Undefined where it is not in memory, too; `contentOf` reads it. */
  content: string | undefined;
  /** False when the database holds it and the server does not serve it. */
  isServed: boolean;
}

export interface ObservedConfig extends ObservedContent {
  /** Undefined when it was not asked for, or is not told. */
  metadata: RemoteMetadata | undefined;
  /** When that was written, by the clock of the server's database; undefined where the database was not asked. */
  modifiedMs?: number;
}

/** Where a session begins. What an earlier process has left may be out of date, so nothing of it is taken for true. */
export interface SessionStart {
  /** What both sides last had in common, if anything. */
  base: Base | undefined;
  /** Reads that again, where it comes from a cache that may be older than what is stored. */
  storedBase?: () => Promise<Base | undefined>;
  /** The generation whose tags, description, appName and type are in Nacos. */
  metadataGeneration: number | undefined;
  /** Of what Nacos should hold, which it is asked to confirm; '' for nothing; undefined where only a read can tell. */
  expectedMd5: string | undefined;
}

export class ConfigSession {
  readonly connection: ConnectionHandle;
  readonly address: ConfigKey;
  /** The generation whose tags, description, appName and type are in Nacos. */
  metadataGeneration: number | undefined;
  /** Of what was put back after an edit in Nacos. */
  readonly reverts = new RevertPause();
  /** When they were read last because they had not been for long, on the monotonic clock. */
  metadataReadMs: number | undefined;
  /** The content that passed its checks last, and for which generation, so that it is parsed once. */
  valid: { md5: string; generation: number | undefined } | undefined;
  /** What an annotation has decided about these contents, until it is done. */
  keep: { md5: string; kubernetesMd5: string | undefined; nacosMd5: string | undefined } | undefined;
  readonly #watch: VersionWatch;
  /** Where the connection leads; undefined where only Nacos has a say. */
  #place: PlaceNow | undefined;
  /** As it is recorded with the base. */
  #recorded: NacosPlace | undefined;
  #base: Base | undefined;
  /** Set while the base comes from a cache. */
  #storedBase: SessionStart['storedBase'];
  /** What we published besides the content, last. */
  #publishedMetadata: RemoteMetadata | undefined;
  /** What the database was read to hold after a compare-and-swap had failed; undefined when the watch is to be believed. */
  #stored: RemoteConfig | undefined;
  /** How often in a row the database held something else than the server served. */
  #disagreements = 0;
  /** Creations in a row that were refused although the database had nothing. */
  #refusedCreations = 0;
  /** Set while our own publish is under way: what it makes the watch tell is no news. */
  #publishingMd5: string | undefined;

  /** Nothing is read of what Nacos is expected to hold, if Nacos confirms that it does. */
  constructor(
    connection: ConnectionHandle,
    address: ConfigKey,
    place: PlaceNow | undefined,
    start: SessionStart,
    onChange: () => void,
  ) {
    const { base, expectedMd5, metadataGeneration, storedBase } = start;
    this.connection = connection;
    this.address = address;
    this.#place = place;
    this.#base = baseAt(place, base);
    this.#recorded = place && movedOn(this.#base?.place, place);
    // Of a generation that is in Nacos only the base can tell.
    this.metadataGeneration = this.#base && metadataGeneration;
    this.#storedBase = storedBase;
    const heard = (observation: VersionObservation): void => {
      const md5 = observation.kind === 'present' ? observation.snapshot.md5 : undefined;
      if (md5 !== undefined && md5 === this.#publishingMd5) return;
      this.#stored = undefined;
      onChange();
    };
    this.#watch = connection.client.config.watchVersions(address, heard, { expectedMd5 });
  }

  /** For messages: the dataId, and where it is. */
  get title(): string {
    const { dataId, group, namespaceId } = this.address;
    const namespace = namespaceId === '' ? 'the public namespace' : `namespace '${namespaceId}'`;
    const connection = this.connection.title.replace(/^The /, 'the ');
    return `dataId '${dataId}' of group '${group}' in ${namespace} of ${connection}`;
  }

  /** The md5 that both sides last had in common; this process knows it before the status does. */
  get baseMd5(): string | undefined {
    return this.#base?.md5;
  }

  /** That, where, and whose it is there. */
  get base(): Base | undefined {
    return this.#base;
  }

  /** What Nacos serves; undefined until it was read or confirmed for the first time. */
  get served(): VersionObservation | undefined {
    return this.#watch.current;
  }

  get held(): ObservedContent {
    const served = this.served?.kind === 'present' ? this.served.snapshot : undefined;
    const stored = this.#stored?.kind === 'present' ? this.#stored : undefined;
    if (stored === undefined || stored.md5 === served?.md5) {
      return { md5: served?.md5, content: served?.content, isServed: true };
    }
    return { md5: stored.md5, content: stored.content, isServed: false };
  }

  /** Why nothing is known yet: the connection, or this dataId alone; undefined while the first answer is under way. */
  get notReadBecause(): BridgeError | undefined {
    const { state } = this.connection.client;
    return errorOf(state) ?? (state.kind === 'connected' ? this.#watch.lastError : undefined);
  }

  notReady(cause: BridgeError): BridgeError {
    return notReady(this.connection, cause);
  }

  /**
   * What Nacos holds, with its metadata: what we gave it, if nobody has written since, or what the database holds.
   * `isDecisive`: whose content stays is decided by it, so the database is asked in any case, and counts where it may be.
   *
   * @throws BridgeError NACOS_CAS_FAILED while database and server differ and it is decisive: it is asked again.
   */
  async observe({ isDecisive }: { isDecisive: boolean }): Promise<ObservedConfig> {
    const known = isDecisive ? undefined : await this.#knownMetadata();
    if (known) return { ...this.held, metadata: known };
    const remote = await readRemote(this.connection.client, this.address);
    const { metadata, modifiedMs } = remote;
    const { held } = this;
    if (!isDecisive || remote.kind === 'unknown') return { ...held, metadata, modifiedMs };
    if (!this.#confirms(remote)) {
      throw new BridgeError('NACOS_CAS_FAILED', 'The dataId changes while it is read; it is read again');
    }
    const { content, md5 } = remote;
    return { md5, content, isServed: md5 === undefined || (held.isServed && md5 === held.md5), metadata, modifiedMs };
  }

  /**
   * The content of the version that Nacos serves, from memory or from Nacos.
   *
   * @throws BridgeError NACOS_CAS_FAILED when it serves another version by now; CONNECTION_NOT_READY when it cannot be
   *   read.
   */
  async contentOf(md5: string): Promise<string> {
    const served = await this.#watch.load().catch((error: unknown) => {
      throw this.notReadBecause ? this.notReady(this.notReadBecause) : error;
    });
    if (served.kind === 'present' && served.snapshot.md5 === md5) return served.snapshot.content;
    throw new BridgeError(
      'NACOS_CAS_FAILED',
      'The dataId has changed before its content was read; it is looked at again',
    );
  }

  /** Whatever was to be done with this version is done: its md5 is all that need be remembered. */
  release(version: VersionObservation): void {
    this.#watch.release(version);
  }

  /**
   * Asks again while the watch tells nothing of what the database was read to hold: what is created and removed within
   * a moment is pushed to nobody.
   */
  async recheck(): Promise<void> {
    if (this.held.isServed) return;
    const stored = await readRemote(this.connection.client, this.address);
    if (stored.kind !== 'unknown') this.#stored = stored;
  }

  /**
   * Publishes `content`, whose md5 is `md5`; afterwards it is what both sides have in common, and has `metadata`.
   *
   * The embedded database of Nacos, once it has given up a creation half-way, may refuse every later creation of that
   * dataId by compare-and-swap, although it has nothing (seen on 3.1, `A lock could not be obtained`): then it is created
   * without comparing.
   */
  async publish(content: string, md5: string, metadata: RemoteMetadata, options: ConfigPublishOptions): Promise<void> {
    const isBlind = options.cas === 'create-only' && this.#refusedCreations >= BLIND_AFTER_REFUSALS;
    try {
      await this.#send(content, md5, isBlind ? { ...options, cas: 'none' } : options);
    } catch (error) {
      // Refused by compare-and-swap, or perhaps done, perhaps by half: the next decision is taken on what is stored.
      if (isBridgeError(error, 'NACOS_CAS_FAILED', 'NACOS_FAILED', 'TIMEOUT')) await this.#consultDatabase();
      throw error;
    }
    this.common(md5, true);
    this.#publishedMetadata = metadata;
    this.#stored = undefined;
    this.#refusedCreations = 0;
  }

  /** From now on this is what both sides last had in common. `isOurs`: whether we wrote it to Nacos; undefined if unknown. */
  common(md5: string | undefined, isOurs: boolean | undefined): void {
    this.rebase(md5 === undefined ? undefined : { md5, place: this.#recorded, isOurs });
    this.keep = undefined;
  }

  /** Another base is known, or none. */
  rebase(base: Base | undefined): void {
    this.#base = base;
    this.#storedBase = undefined;
  }

  /** Whether the base has turned out to be older than the one that is stored, which it is now. */
  async refreshBase(): Promise<boolean> {
    if (this.#storedBase === undefined) return false;
    const { baseMd5 } = this;
    this.rebase(baseAt(this.#place, await this.#storedBase()));
    return this.baseMd5 !== baseMd5;
  }

  /**
   * The connection leads to `place` now. What was in common elsewhere, and what was read there, counts no more.
   *
   * @throws BridgeError NACOS_CAS_FAILED while what is known of the dataId may still be of the former place.
   */
  async movedTo(place: PlaceNow): Promise<void> {
    if (this.#place === place) return;
    if (this.#recorded !== undefined && isSamePlace(this.#recorded, place)) {
      this.#place = place;
      this.#recorded = movedOn(this.#recorded, place);
      if (this.#base) this.#base = { ...this.#base, place: this.#recorded };
      return;
    }
    const held = await this.connection.client.config.read(this.address);
    this.#stored = undefined;
    if (held?.md5 !== this.held.md5) throw changedMeanwhile();
    this.#place = place;
    this.#recorded = movedOn(undefined, place);
    this.rebase(undefined);
    this.#publishedMetadata = undefined;
    this.metadataGeneration = undefined;
    this.keep = undefined;
  }

  close(): void {
    this.#watch.stop();
  }

  async #send(content: string, md5: string, options: ConfigPublishOptions): Promise<void> {
    this.#publishingMd5 = md5;
    try {
      await this.connection.client.config.publish(this.address, content, options);
    } finally {
      this.#publishingMd5 = undefined;
    }
  }

  async #knownMetadata(): Promise<RemoteMetadata | undefined> {
    const { client } = this.connection;
    const isOurs = this.#publishedMetadata && (await client.config.isUntouched(this.address));
    return isOurs ? this.#publishedMetadata : undefined;
  }

  /**
   * Whether a read of the database is to be decided on. One that is not what the server serves is older or newer than
   * that, and who takes the older for news undoes what somebody wrote: so it is asked again first.
   */
  #confirms({ md5 }: RemoteConfig): boolean {
    this.#disagreements = md5 === this.held.md5 ? 0 : this.#disagreements + 1;
    return this.#disagreements === 0 || this.#disagreements > BELIEVED_AFTER_DISAGREEMENTS;
  }

  /**
   * Asks the database, since a write has failed on what the server serves. A write that failed half-way inside the server
   * is stored and not served, for hours (seen on 3.1). Where it cannot be asked the watch is believed on.
   */
  async #consultDatabase(): Promise<void> {
    this.#stored = await readRemote(this.connection.client, this.address).catch(() => undefined);
    this.#refusedCreations = this.#stored?.kind === 'absent' ? this.#refusedCreations + 1 : 0;
  }
}

/** The sessions of many configs: NacosConfigs, by `namespace/name`, or the items of a NacosConfigSync, by their ids. */
export class ConfigSessions {
  readonly #sessions = new Map<string, ConfigSession>();
  readonly #onChange: (key: string) => void;

  /** `onChange` is told the key of what has a dataId that changed in Nacos. */
  constructor(onChange: (key: string) => void) {
    this.#onChange = onChange;
  }

  /**
   * The session of `key` on this connection and address; one on another is closed, and a new one starts as `start` says.
   *
   * @throws BridgeError NACOS_CAS_FAILED as `movedTo` does.
   */
  async open(
    key: string,
    connection: ConnectionHandle,
    address: ConfigKey,
    place: PlaceNow | undefined,
    start: () => SessionStart,
  ): Promise<ConfigSession> {
    const existing = this.#sessions.get(key);
    if (existing && existing.connection.client === connection.client && sameAddress(existing.address, address)) {
      if (place) await existing.movedTo(place);
      return existing;
    }
    this.close(key);
    // Our status may not have come back yet.
    const isKnown = existing?.base !== undefined && sameAddress(existing.address, address);
    const stored = start();
    const known = isKnown ? { ...stored, base: existing.base, storedBase: undefined } : stored;
    const session = new ConfigSession(connection, address, place, known, () => this.#onChange(key));
    this.#sessions.set(key, session);
    return session;
  }

  get(key: string): ConfigSession | undefined {
    return this.#sessions.get(key);
  }

  close(key: string): void {
    this.#sessions.get(key)?.close();
    this.#sessions.delete(key);
  }

  closeAll(): void {
    for (const key of this.#sessions.keys()) this.close(key);
  }
}

/** The base, if it is of this place. */
function baseAt(place: PlaceNow | undefined, base: Base | undefined): Base | undefined {
  if (base === undefined || place === undefined) return base;
  return isSamePlace(base.place, place) ? { ...base, place: movedOn(base.place, place) } : undefined;
}

function changedMeanwhile(): BridgeError {
  return new BridgeError('NACOS_CAS_FAILED', 'The connection leads to another Nacos, whose content is not known yet');
}

function sameAddress(a: ConfigKey, b: ConfigKey): boolean {
  return a.namespaceId === b.namespaceId && a.group === b.group && a.dataId === b.dataId;
}
