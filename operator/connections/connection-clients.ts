/**
 * Which client each connection has: taken from the pool for its settings, entered in the directory, and followed.
 *
 * Guarantee: a client that a connection leaves for another one stays until what the connection held there is at the other
 * one: services of its replicas must not leave Nacos meanwhile.
 */
import type { BridgeError } from '../errors.ts';
import type { ClientState } from '../nacos/index.ts';
import { Listeners } from '../runtime/listeners.ts';
import type { ClientLease, ClientPool } from './client-pool.ts';
import { titleOf, type ConnectionDirectory } from './connection-directory.ts';
import type { ConnectionKey } from './connection-key.ts';
import type { ConnectionUsers } from './connection-user.ts';
import type { ConnectionSettings } from './settings.ts';

interface ConnectionClientsOptions {
  pool: ClientPool;
  directory: ConnectionDirectory;
  users: Pick<ConnectionUsers, 'handOver' | 'letGo'>;
}

interface Held {
  readonly lease: ClientLease;
  readonly unfollow: () => void;
}

export class ConnectionClients {
  readonly #options: ConnectionClientsOptions;
  readonly #held = new Map<ConnectionKey, Held>();
  readonly #stateChanged = new Listeners<[key: ConnectionKey, state: ClientState]>();

  constructor(options: ConnectionClientsOptions) {
    this.#options = options;
  }

  /** Told the connection whose client is in another state now. */
  onStateChange(listener: (key: ConnectionKey, state: ClientState) => void): void {
    this.#stateChanged.add(listener);
  }

  /** The state of the client; `idle` where there is none. */
  stateOf(key: ConnectionKey): ClientState {
    return this.#held.get(key)?.lease.client.state ?? { kind: 'idle' };
  }

  /** From now on these are the settings of the connection. */
  connect(key: ConnectionKey, settings: ConnectionSettings): void {
    const { directory, pool } = this.#options;
    const former = this.#held.get(key);
    const lease = former?.lease.change(settings) ?? pool.acquire(settings);
    if (lease !== former?.lease) this.#hold(key, lease);
    directory.set(key, { title: titleOf(key), client: lease.client, namespaceId: settings.namespaceId });
    // Whoever uses it has been told of the new one by now, and has begun to move.
    if (former && lease !== former.lease) void this.#handOver(key, former.lease, lease);
  }

  /** The settings cannot be had, and `reason` says why; a client that there is already stays. */
  fail(key: ConnectionKey, reason: BridgeError): void {
    if (!this.#held.has(key)) this.#options.directory.fail(key, reason);
  }

  /** There is no such connection any more. */
  disconnect(key: ConnectionKey): void {
    this.#options.directory.remove(key);
    const held = this.#held.get(key);
    this.#held.delete(key);
    held?.unfollow();
    if (held) void this.#letGo(key, held.lease);
  }

  /** Ends all clients. */
  stop(): Promise<void> {
    return this.#options.pool.stop();
  }

  #hold(key: ConnectionKey, lease: ClientLease): void {
    this.#held.get(key)?.unfollow();
    const unfollow = lease.client.onStateChange((state) => this.#changed(key, state));
    this.#held.set(key, { lease, unfollow });
  }

  #changed(key: ConnectionKey, state: ClientState): void {
    this.#stateChanged.call(key, state);
    if (state.kind === 'connected' && state.authError === undefined) this.#options.directory.ready(key);
  }

  async #handOver(key: ConnectionKey, from: ClientLease, to: ClientLease): Promise<void> {
    try {
      await this.#options.users.handOver(key, from.client, to.client);
    } finally {
      await this.#letGo(key, from);
    }
  }

  async #letGo(key: ConnectionKey, lease: ClientLease): Promise<void> {
    try {
      await this.#options.users.letGo(key, lease.client);
    } finally {
      lease.release();
    }
  }
}
