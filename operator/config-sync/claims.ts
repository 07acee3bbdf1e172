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
import { type ConfigKey, normaliseNamespaceId } from '../nacos/index.ts';
import { serversOf, sharesServer } from './base/nacos-place.ts';
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
      nameOf: (mark) => others.find(isMarkOf(mark)),
    };
  }

  #othersAt(resource: NacosConfig, { client, servers }: ConnectionHandle, address: ConfigKey): NacosConfig[] {
    const claim = claimOf(resource);
    if (claim === undefined) return [];
    const here = { servers: serversOf(servers) };
    return this.#options.configs.byIndex(CLAIM_INDEX, claim).filter((other) => {
      if (objectKey(other) === objectKey(resource)) return false;
      const connection = this.#options.connectionOf(other);
      if (connection === undefined || !sharesServer({ servers: serversOf(connection.servers) }, here)) return false;
      if (normaliseNamespaceId(other.spec.namespaceId ?? connection.namespaceId) !== address.namespaceId) return false;
      const isPublic = address.namespaceId === '';
      if (isPublic && connection.client.publicTenant !== client.publicTenant) return false;
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
