/**
 * What connections ask of the features that use them. Connections know none of them: each feature that uses connections
 * joins as a ConnectionUser, and says what it has an answer to.
 */
import type { Verdict } from '../kube/conditions.ts';
import type { KubeObject } from '../kube/resource.ts';
import type { Store } from '../kube/store.ts';
import type { NacosClient } from '../nacos/index.ts';
import { Listeners } from '../runtime/listeners.ts';
import type { ConnectionKey } from './connection-key.ts';

interface ConnectionUsage {
  /** Resources that name the connection. */
  readonly resources: number;
  /** Those of them that need it to be deleted themselves. */
  readonly holding: number;
}

export interface ConnectionUser {
  usageOf?(connection: ConnectionKey): ConnectionUsage;
  /** What there is to say of the relief of replicas over a connection, if it does not work. */
  reliefOf?(connection: ConnectionKey): Verdict | undefined;
  /** Calls back with each connection of which one of these answers may have changed. */
  onChange?(listener: (connection: ConnectionKey) => void): void;
  /** Awaited on each new naming connection before anything that is registered is sent on it: brings it up to date. */
  beforeRedo?(): Promise<void>;
  /** Resolves when `to` has what the connection held at `from`, or that has taken too long. */
  handOver?(connection: ConnectionKey, from: NacosClient, to: NacosClient): Promise<void>;
  /** Resolves when a client that the connection does not use any more may end. */
  letGo?(connection: ConnectionKey, client: NacosClient): Promise<void>;
}

/** All of them, as if they were one. */
export class ConnectionUsers implements Required<ConnectionUser> {
  readonly #users: ConnectionUser[] = [];
  readonly #changed = new Listeners<[connection: ConnectionKey]>();

  join(user: ConnectionUser): void {
    this.#users.push(user);
    user.onChange?.((connection) => this.#changed.call(connection));
  }

  usageOf(connection: ConnectionKey): ConnectionUsage {
    const usages = this.#users.flatMap((user) => user.usageOf?.(connection) ?? []);
    return {
      resources: usages.reduce((sum, { resources }) => sum + resources, 0),
      holding: usages.reduce((sum, { holding }) => sum + holding, 0),
    };
  }

  reliefOf(connection: ConnectionKey): Verdict | undefined {
    return this.#users.flatMap((user) => user.reliefOf?.(connection) ?? [])[0];
  }

  onChange(listener: (connection: ConnectionKey) => void): void {
    this.#changed.add(listener);
  }

  async beforeRedo(): Promise<void> {
    await Promise.all(this.#users.map(async (user) => user.beforeRedo?.()));
  }

  async handOver(connection: ConnectionKey, from: NacosClient, to: NacosClient): Promise<void> {
    await Promise.all(this.#users.map(async (user) => user.handOver?.(connection, from, to)));
  }

  async letGo(connection: ConnectionKey, client: NacosClient): Promise<void> {
    await Promise.all(this.#users.map(async (user) => user.letGo?.(connection, client)));
  }
}

/** Calls back with the connection of each resource that appears or goes. */
export function onUseChange<T extends KubeObject>(
  store: Store<T>,
  connectionOf: (resource: T) => ConnectionKey,
  listener: (connection: ConnectionKey) => void,
): void {
  store.onChange(({ previous, current }) => {
    const resource = current ?? previous;
    if (resource && (!current || !previous)) listener(connectionOf(resource));
  });
}
