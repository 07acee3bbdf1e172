/**
 * Which gRPC connections listen to which configs, and the hints that they are sent.
 *
 * A hint has no content. Every change of what clients read is pushed to all that listen, also to one that told the new md5
 * already (seen on 2.3 and 3.1). A hint that is not acknowledged is sent again after 2, 4, 6 … seconds; after 50 tries the
 * connection is given up.
 *
 * Guarantee: a change costs the number of its listeners, and the end of a connection the number of its configs.
 */
import type { Clock } from '../../../operator/clock.ts';
import type { Json, RpcConnection } from '../rpc.ts';
import type { ConfigKey } from './config.ts';

const retryStepMs = 2_000;
const maxTries = 50;

export class ConfigListeners {
  readonly #clock: Clock;
  /** With the namespace as each client writes it, which is how it is told. */
  readonly #byKey = new Map<string, Map<RpcConnection, string | undefined>>();
  readonly #byConnection = new Map<RpcConnection, Set<string>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(connection: RpcConnection, groupKey: string, tenant: string | undefined): void {
    const listeners = this.#byKey.get(groupKey);
    if (listeners) listeners.set(connection, tenant);
    else this.#byKey.set(groupKey, new Map([[connection, tenant]]));
    const keys = this.#byConnection.get(connection);
    if (keys) keys.add(groupKey);
    else this.#byConnection.set(connection, new Set([groupKey]));
  }

  remove(connection: RpcConnection, groupKey: string): void {
    this.#byConnection.get(connection)?.delete(groupKey);
    const listeners = this.#byKey.get(groupKey);
    listeners?.delete(connection);
    if (listeners?.size === 0) this.#byKey.delete(groupKey);
  }

  connectionClosed(connection: RpcConnection): void {
    for (const groupKey of this.#byConnection.get(connection) ?? []) this.remove(connection, groupKey);
    this.#byConnection.delete(connection);
  }

  changed(key: ConfigKey, groupKey: string): void {
    for (const [connection, tenant] of this.#byKey.get(groupKey) ?? []) {
      const { dataId, group } = key;
      this.#push(connection, groupKey, { dataId, group, ...(tenant && { tenant }), module: 'config' }, 1);
    }
  }

  #push(connection: RpcConnection, groupKey: string, hint: Json, tries: number): void {
    connection.request('ConfigChangeNotifyRequest', hint).catch(() => {
      if (!this.#byKey.get(groupKey)?.has(connection)) return;
      if (tries === maxTries) return connection.end('it acknowledges nothing');
      this.#clock.after(tries * retryStepMs, () => {
        if (this.#byKey.get(groupKey)?.has(connection)) this.#push(connection, groupKey, hint, tries + 1);
      });
    });
  }
}
