/**
 * Which NacosConfig of this cluster has a dataId, of several that declare its content: the oldest; of those of one second
 * one that has been in sync, then the first by `namespace/name`. It is decided before Nacos is asked, so that none takes another's equal content for its own.
 *
 * Connections are of one Nacos when they share a server. One that only mirrors claims nothing. A NacosConfig that is being
 * deleted has the dataId until it is gone. The marks of those that are gone are remembered, so that a successor of the same
 * content takes the dataId over; after a restart of the operator they are not known any more.
 */
import type { NacosConfig } from '../api/resources.ts';
import type { ConnectionHandle } from '../connections/connection-directory.ts';
import { objectKey } from '../kube/resource.ts';
import type { Store, StoreChange } from '../kube/store.ts';
import { type ConfigKey, nameText, normaliseNamespaceId } from '../nacos/index.ts';
import { isSameNacos } from './base/nacos-place.ts';
import type { ItemClaims } from './bulk/items/item-claims.ts';
import { CLAIM_INDEX } from './caches.ts';
import type { Rivals } from './decide.ts';
import { claimOf } from './intent.ts';
import { ownershipMark } from './remote.ts';

/** So many are remembered; the oldest are forgotten first. */
const REMEMBERED = 10_000;

interface ClaimsOptions {
  readonly clusterId: () => string;
  readonly configs: Store<NacosConfig>;
  /** Undefined while it cannot be used. */
  readonly connectionOf: (resource: NacosConfig) => ConnectionHandle | undefined;
  /** Whether it has ever been in sync. */
  readonly hasBase: (resource: NacosConfig) => boolean;
  /** What NacosConfigSyncs have, and leave to any NacosConfig. */
  readonly items?: ItemClaims;
}

/** Who has a dataId next. */
export interface Heir {
  /** The key of a NacosConfigSync that does not know yet whether it wants it. */
  readonly unread: string | undefined;
}

export class Claims {
  readonly #options: ClaimsOptions;
  /** The marks of those that are gone. */
  readonly #gone = new Set<string>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** To be told every change; returns the keys of those whose claim it may decide. */
  changed({ key, previous, current }: StoreChange<NacosConfig>): string[] {
    const claim = claimOf(current ?? previous);
    if (claim === undefined) return [];
    if (current) this.#gone.delete(this.#markOf(key));
    else this.#remember(this.#markOf(key));
    if (!previous || !current) this.#options.items?.changed(claim);
    return previous && current ? [] : this.rivalsOf(key, claim);
  }

  /** The keys of all others that declare content of a dataId of this name, wherever. */
  rivalsOf(key: string, claim = claimOf(this.#options.configs.get(key))): string[] {
    if (claim === undefined) return [];
    return this.#options.configs
      .byIndex(CLAIM_INDEX, claim)
      .map(objectKey)
      .filter((other) => other !== key);
  }

  /** `namespace/name` of who has the dataId; undefined when it is `resource` itself. */
  ownerOf(resource: NacosConfig, connection: ConnectionHandle, address: ConfigKey): string | undefined {
    const all = [resource, ...this.#othersAt(resource, connection, address)];
    const [first] = all.map((one) => [this.#rankOf(one), objectKey(one)] as const).sort(([a], [b]) => (a < b ? -1 : 1));
    return first?.[1] === objectKey(resource) ? undefined : first?.[1];
  }

  /** For who has the dataId. */
  rivals(resource: NacosConfig, connection: ConnectionHandle, address: ConfigKey): Rivals {
    const others = this.#othersAt(resource, connection, address).map(objectKey);
    const isMarkOf = (mark: string) => (key: string) => this.#markOf(key) === mark;
    return {
      isGivenUp: (mark) => this.#gone.has(mark) || others.some(isMarkOf(mark)),
      isHandedOver: (mark) => this.#options.items?.marks.has(mark) ?? false,
      nameOf: (mark) => others.find(isMarkOf(mark)),
    };
  }

  /** `namespace/name` of the NacosConfig that has this dataId, if any has. */
  holderOf(connection: ConnectionHandle, address: ConfigKey): string | undefined {
    const all = this.#allAt(nameText(address), connection, address);
    return all
      .map((one) => `${this.#rankOf(one)} ${objectKey(one)}`)
      .sort()[0]
      ?.split(' ')
      .at(-1);
  }

  /** Whether anybody declares this dataId: a NacosConfig, or a NacosConfigSync that is at work. */
  isClaimed(connection: ConnectionHandle, address: ConfigKey): boolean {
    if (this.holderOf(connection, address) !== undefined) return true;
    const { namespaceId } = address;
    return this.#options.items?.isWanted(nameText(address), { connection, namespaceId }) ?? false;
  }

  /** Whether it is the mark of a NacosConfig that is gone. */
  isGone(mark: string): boolean {
    return this.#gone.has(mark);
  }

  /** Which NacosConfigSync takes the dataId over when `resource` goes. */
  heirOf(resource: NacosConfig): Heir | undefined {
    const { items } = this.#options;
    const connection = this.#options.connectionOf(resource);
    if (items === undefined || connection === undefined || claimOf(resource) === undefined) return undefined;
    const { dataId = resource.metadata.name, group } = resource.spec;
    const where = {
      connection,
      namespaceId: normaliseNamespaceId(resource.spec.namespaceId ?? connection.namespaceId),
    };
    if (items.isWanted(nameText({ group, dataId }), where)) return { unread: undefined };
    const unread = items.unread({ group, dataId }, where);
    return unread === undefined ? undefined : { unread };
  }

  #othersAt(resource: NacosConfig, connection: ConnectionHandle, address: ConfigKey): NacosConfig[] {
    const claim = claimOf(resource);
    if (claim === undefined) return [];
    return this.#allAt(claim, connection, address).filter((other) => objectKey(other) !== objectKey(resource));
  }

  #allAt(claim: string, here: ConnectionHandle, address: ConfigKey): NacosConfig[] {
    return this.#options.configs.byIndex(CLAIM_INDEX, claim).filter((other) => {
      const connection = this.#options.connectionOf(other);
      if (connection === undefined) return false;
      const namespaceId = normaliseNamespaceId(other.spec.namespaceId ?? connection.namespaceId);
      const { namespaceId: wanted } = address;
      if (!isSameNacos({ connection, namespaceId }, { connection: here, namespaceId: wanted })) return false;
      return connection.allowance.allowsConfig(other.metadata.namespace ?? '', address);
    });
  }

  /** Comparable as text. */
  #rankOf(resource: NacosConfig): string {
    const { creationTimestamp = '' } = resource.metadata;
    return [creationTimestamp, this.#options.hasBase(resource) ? 0 : 1, objectKey(resource)].join(' ');
  }

  #markOf(key: string): string {
    const [namespace = '', name = ''] = key.split('/');
    return ownershipMark(this.#options.clusterId(), namespace, name);
  }

  #remember(mark: string): void {
    this.#gone.add(mark);
    const [oldest] = this.#gone;
    if (this.#gone.size > REMEMBERED && oldest !== undefined) this.#gone.delete(oldest);
  }
}
