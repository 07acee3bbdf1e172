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

export interface ConnectionUser {
  /** How many resources name the connection. */
  usersOf?(connection: ConnectionKey): number;
  /** What there is to say of the relief of replicas over a connection, if it does not work. */
  reliefOf?(connection: ConnectionKey): Verdict | undefined;
  /** Calls back with each connection of which an answer may have changed. */
  onChange?(listener: (connection: ConnectionKey) => void): void;
  /** Awaited on each new naming connection before anything that is registered is sent on it: brings it up to date. */
  beforeRedo?(): Promise<void>;
  /** Whether the client, which its connection may have left for another one, must live: something is published by it, or may be. */
  holds?(client: NacosClient): boolean;
  /** Calls back when that is so of some client no more. */
  onRelease?(listener: () => void): void;
  /** How many records of the connection are held by clients that it had before, since the one that it has does not have them. */
  formerCount?(connection: ConnectionKey): number;
  /** Withdraws those. */
  dropFormer?(connection: ConnectionKey): void;
}

/** All of them, as if they were one. */
export class ConnectionUsers implements Required<ConnectionUser> {
  readonly #users: ConnectionUser[] = [];
  readonly #changed = new Listeners<[connection: ConnectionKey]>();
  readonly #released = new Listeners();

  join(user: ConnectionUser): void {
    this.#users.push(user);
    user.onChange?.((connection) => this.#changed.call(connection));
    user.onRelease?.(() => this.#released.call());
  }

  usersOf(connection: ConnectionKey): number {
    return sum(this.#users.map((user) => user.usersOf?.(connection) ?? 0));
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

  holds(client: NacosClient): boolean {
    return this.#users.some((user) => user.holds?.(client));
  }

  onRelease(listener: () => void): void {
    this.#released.add(listener);
  }

  formerCount(connection: ConnectionKey): number {
    return sum(this.#users.map((user) => user.formerCount?.(connection) ?? 0));
  }

  dropFormer(connection: ConnectionKey): void {
    for (const user of this.#users) user.dropFormer?.(connection);
  }
}

/** Calls back with the connection of each resource that names it from now on, or does so no more. */
export function onUseChange<T extends KubeObject>(
  store: Store<T>,
  connectionOf: (resource: T) => ConnectionKey | undefined,
  listener: (connection: ConnectionKey) => void,
): void {
  store.onChange(({ previous, current }) => {
    const [before, after] = [previous, current].map((resource) => resource && connectionOf(resource));
    if (before === after) return;
    if (before !== undefined) listener(before);
    if (after !== undefined) listener(after);
  });
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}
