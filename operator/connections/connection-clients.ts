/**
 * Which client each connection has: taken from the pool for its settings, entered in the directory, and followed.
 *
 * Guarantee: a client that a connection leaves, for another one or because it is gone, goes on as it was for as long as a user
 * holds something there, however long that takes: with a wrong password or a typo in the servers nothing leaves Nacos.
 */
import type { BridgeError } from '../errors.ts';
import { hostAndPort, type ClientState, type NacosClient } from '../nacos/index.ts';
import { Listeners } from '../runtime/listeners.ts';
import type { Allowance } from './allowance.ts';
import type { ClientLease, ClientPool } from './client-pool.ts';
import { titleOf, type ConnectionDirectory } from './connection-directory.ts';
import type { ConnectionKey } from './connection-key.ts';
import type { ConnectionUsers } from './connection-user.ts';
import type { ConnectionSettings } from './settings.ts';

interface ConnectionClientsOptions {
  pool: ClientPool;
  directory: ConnectionDirectory;
  users: Pick<ConnectionUsers, 'holds' | 'onRelease'>;
}

interface Held {
  readonly lease: ClientLease;
  readonly unfollow: () => void;
}

export class ConnectionClients {
  readonly #options: ConnectionClientsOptions;
  readonly #held = new Map<ConnectionKey, Held>();
  /** Of clients that connections have left. */
  readonly #left = new Set<ClientLease>();
  readonly #stateChanged = new Listeners<[key: ConnectionKey, state: ClientState]>();

  constructor(options: ConnectionClientsOptions) {
    this.#options = options;
    options.users.onRelease(() => this.#releaseUnused());
  }

  /** Told the connection whose client is in another state now. */
  onStateChange(listener: (key: ConnectionKey, state: ClientState) => void): void {
    this.#stateChanged.add(listener);
  }

  /** Undefined where there is none. */
  clientOf(key: ConnectionKey): NacosClient | undefined {
    return this.#held.get(key)?.lease.client;
  }

  /** The state of the client; `idle` where there is none. */
  stateOf(key: ConnectionKey): ClientState {
    return this.#held.get(key)?.lease.client.state ?? { kind: 'idle' };
  }

  /** From now on these are the settings of the connection, and this is what it allows. */
  connect(key: ConnectionKey, settings: ConnectionSettings, allowance: Allowance): void {
    const { directory, pool } = this.#options;
    const former = this.#held.get(key)?.lease;
    const lease = pool.acquire(settings);
    const isSame = former?.client === lease.client;
    if (isSame) lease.release();
    else this.#hold(key, lease);
    const { namespaceId, servers } = settings;
    const { client } = lease;
    directory.set(key, { title: titleOf(key), client, servers: servers.map(hostAndPort), namespaceId, allowance });
    if (former && !isSame) this.#leave(former);
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
    if (held) this.#leave(held.lease);
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

  #leave(lease: ClientLease): void {
    this.#left.add(lease);
    this.#releaseUnused();
  }

  #releaseUnused(): void {
    for (const lease of this.#left) {
      if (this.#options.users.holds(lease.client)) continue;
      this.#left.delete(lease);
      lease.release();
    }
  }
}
