/**
 * What the operator knows in memory of one NacosConfig: the watch on its dataId, and what both sides last had in
 * common. A session is thrown away when the resource, its connection or its address goes.
 *
 * Guarantees: at most one watch for each NacosConfig; nothing here is needed to be right after a restart, since what
 * is lost is read again.
 */
import type { ConnectionHandle } from '../connections/connection-directory.ts';
import type { BridgeError } from '../errors.ts';
import type { ConfigKey, ConfigObservation, ConfigPublishOptions, ConfigWatch } from '../nacos/config-client.ts';
import type { RemoteMetadata } from './ownership.ts';
import { readRemote, type RemoteConfig } from './remote.ts';

/** One refusal may be a race that the other side has undone since. */
const BLIND_AFTER_REFUSALS = 2;

export class ConfigSession {
  readonly connection: ConnectionHandle;
  readonly address: ConfigKey;
  /** The md5 that both sides last had in common; this process knows it before the status does. */
  baseMd5: string | undefined;
  /** The generation whose tags, description, appName and type are in Nacos. */
  metadataGeneration: number | undefined;
  /** The content that passed its syntax check last, so that it is parsed once. */
  validMd5: string | undefined;
  readonly #watch: ConfigWatch;
  /** What the database was read to hold after a compare-and-swap had failed; undefined when the watch is to be believed. */
  #stored: RemoteConfig | undefined;
  /** Creations in a row that were refused although the database had nothing. */
  #refusedCreations = 0;
  /** Set while our own publish is under way: what it makes the watch tell is no news. */
  #publishingMd5: string | undefined;

  constructor(connection: ConnectionHandle, address: ConfigKey, onChange: () => void) {
    this.connection = connection;
    this.address = address;
    this.#watch = connection.client.config.watch(address, (observation) => {
      const md5 = observation.kind === 'present' ? observation.snapshot.md5 : undefined;
      if (md5 !== undefined && md5 === this.#publishingMd5) return;
      this.#stored = undefined;
      onChange();
    });
  }

  /** What Nacos holds; undefined until it was read for the first time. */
  get observation(): ConfigObservation | undefined {
    return this.#watch.current;
  }

  /** The md5 that Nacos holds, undefined for nothing, and whether the server serves it. */
  get held(): { md5: string | undefined; isServed: boolean } {
    const { observation } = this;
    const served = observation?.kind === 'present' ? observation.snapshot.md5 : undefined;
    if (this.#stored?.kind !== 'present' || this.#stored.md5 === served) return { md5: served, isServed: true };
    return { md5: this.#stored.md5, isServed: false };
  }

  /**
   * Asks the database, since a write has failed on what the server serves. A write that failed half-way inside the server
   * is stored and not served, for hours (seen on 3.1). Where it cannot be asked the watch is believed on.
   */
  async consultDatabase(): Promise<void> {
    this.#stored = await readRemote(this.connection.client, this.address).catch(() => undefined);
    this.#refusedCreations = this.#stored?.kind === 'absent' ? this.#refusedCreations + 1 : 0;
  }

  /**
   * The embedded database of Nacos, once it has given up a creation half-way, may refuse every later creation of that
   * dataId by compare-and-swap, although it has nothing (seen on 3.1, `A lock could not be obtained`).
   */
  get mustCreateBlindly(): boolean {
    return this.#refusedCreations >= BLIND_AFTER_REFUSALS;
  }

  /** Why nothing was read yet: the connection, or this dataId alone; undefined while the first read is under way. */
  get notReadBecause(): BridgeError | undefined {
    const { state } = this.connection.client;
    switch (state.kind) {
      case 'connected':
        return state.authError ?? this.#watch.lastError;
      case 'disconnected':
        return state.error;
      case 'connecting':
        return state.lastError;
      case 'idle':
      case 'stopped':
        return undefined;
    }
  }

  /** Publishes `content`, whose md5 is `md5`; afterwards it is what both sides have in common. */
  async publish(
    content: string,
    md5: string,
    metadata: RemoteMetadata,
    cas: ConfigPublishOptions['cas'],
  ): Promise<void> {
    const { tags, description, appName, type, srcUser } = metadata;
    const options = { cas, type, tags, description, appName, srcUser };
    this.#publishingMd5 = md5;
    try {
      await this.connection.client.config.publish(this.address, content, options);
    } finally {
      this.#publishingMd5 = undefined;
    }
    this.baseMd5 = md5;
    this.#stored = undefined;
    this.#refusedCreations = 0;
  }

  close(): void {
    this.#watch.stop();
  }
}

/** The sessions of all NacosConfigs, by `namespace/name`. */
export class ConfigSessions {
  readonly #sessions = new Map<string, ConfigSession>();
  readonly #onChange: (key: string) => void;

  /** `onChange` is told the key of a NacosConfig whose dataId changed in Nacos. */
  constructor(onChange: (key: string) => void) {
    this.#onChange = onChange;
  }

  /** The session of `key` on this connection and address; one on another is closed, and `begin` completes a new one. */
  open(
    key: string,
    connection: ConnectionHandle,
    address: ConfigKey,
    begin: (session: ConfigSession) => void,
  ): ConfigSession {
    const existing = this.#sessions.get(key);
    if (existing && existing.connection.client === connection.client && sameAddress(existing.address, address)) {
      return existing;
    }
    this.close(key);
    const session = new ConfigSession(connection, address, () => this.#onChange(key));
    begin(session);
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

function sameAddress(a: ConfigKey, b: ConfigKey): boolean {
  return a.namespaceId === b.namespaceId && a.group === b.group && a.dataId === b.dataId;
}
