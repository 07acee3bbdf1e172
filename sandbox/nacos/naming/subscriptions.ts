/**
 * Who is told of which service. A service need not exist to be subscribed to. One subscription for each connection and
 * service: the next replaces its clusters.
 */
import type { RpcConnection } from '../rpc.ts';
import { serviceText } from './service-key.ts';
import type { ServiceKey } from './service-key.ts';

export interface Subscription {
  readonly key: ServiceKey;
  readonly connection: RpcConnection;
  /** Names separated by commas; '' is all. */
  readonly clusters: string;
}

type ByConnection = Map<string, Subscription>;

export class Subscriptions {
  readonly #byService = new Map<string, ByConnection>();
  readonly #byConnection = new Map<string, Map<string, Subscription>>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  of(key: ServiceKey): Iterable<Subscription> {
    return this.#byService.get(serviceText(key))?.values() ?? [];
  }

  find(key: ServiceKey, connectionId: string): Subscription | undefined {
    return this.#byService.get(serviceText(key))?.get(connectionId);
  }

  /** Returns whether the connection had none of the service before. */
  add(subscription: Subscription): boolean {
    const { connection, key } = subscription;
    const text = serviceText(key);
    const isNew = !this.find(key, connection.id);
    if (isNew) this.#count += 1;
    entryOf(this.#byService, text).set(connection.id, subscription);
    entryOf(this.#byConnection, connection.id).set(text, subscription);
    return isNew;
  }

  remove({ connection, key }: Subscription): void {
    const text = serviceText(key);
    if (!this.#byService.get(text)?.delete(connection.id)) return;
    this.#count -= 1;
    if (this.#byService.get(text)?.size === 0) this.#byService.delete(text);
    this.#byConnection.get(connection.id)?.delete(text);
    if (this.#byConnection.get(connection.id)?.size === 0) this.#byConnection.delete(connection.id);
  }

  removeConnection(connectionId: string): void {
    for (const subscription of this.#byConnection.get(connectionId)?.values() ?? []) this.remove(subscription);
  }
}

function entryOf(map: Map<string, Map<string, Subscription>>, key: string): Map<string, Subscription> {
  const entry = map.get(key) ?? new Map<string, Subscription>();
  map.set(key, entry);
  return entry;
}
