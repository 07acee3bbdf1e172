/**
 * Which gRPC connections listen to which configs, with the md5 that each told last, and the hints that they are sent.
 *
 * A hint has no content. Every change of what clients read is pushed to all that listen, also to one that told the new md5
 * already (seen on 2.3 and 3.1). A hint that is not acknowledged is sent again after 2, 4, 6 … seconds; after 50 tries the
 * connection is given up.
 *
 * Guarantee: a change costs the number of its listeners, and the end of a connection the number of its configs.
 */
import type { Clock } from '../../../operator/clock.ts';
import type { RpcConnection } from '../rpc.ts';
import { groupKeyOf } from './config.ts';
import type { ConfigKey } from './config.ts';

/** A connection that can be ended for being deaf. */
export interface ListeningConnection extends RpcConnection {
  end?(reason: string): void;
}

export interface Listening {
  readonly md5: string;
  /** As the client wrote the namespace, which is how it is told. */
  readonly tenant: string | undefined;
}

const retryStepMs = 2_000;
const maxTries = 50;

export class ConfigListeners {
  readonly #clock: Clock;
  readonly #byKey = new Map<string, Map<ListeningConnection, Listening>>();
  readonly #byConnection = new Map<ListeningConnection, Set<string>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(connection: ListeningConnection, groupKey: string, listening: Listening): void {
    const listeners = this.#byKey.get(groupKey);
    if (listeners) listeners.set(connection, listening);
    else this.#byKey.set(groupKey, new Map([[connection, listening]]));
    const keys = this.#byConnection.get(connection);
    if (keys) keys.add(groupKey);
    else this.#byConnection.set(connection, new Set([groupKey]));
  }

  remove(connection: ListeningConnection, groupKey: string): void {
    this.#byConnection.get(connection)?.delete(groupKey);
    const listeners = this.#byKey.get(groupKey);
    listeners?.delete(connection);
    if (listeners?.size === 0) this.#byKey.delete(groupKey);
  }

  connectionClosed(connection: ListeningConnection): void {
    for (const groupKey of this.#byConnection.get(connection) ?? []) this.remove(connection, groupKey);
    this.#byConnection.delete(connection);
  }

  /** Who listens to a config, by address. */
  of(key: ConfigKey): Record<string, string> {
    const listeners = [...(this.#byKey.get(groupKeyOf(key)) ?? [])];
    return Object.fromEntries(listeners.map(([{ clientIp }, { md5 }]) => [clientIp, md5]));
  }

  /** What the clients of an address listen to. */
  at(clientIp: string): Record<string, string> {
    const connections = [...this.#byConnection].filter(([connection]) => connection.clientIp === clientIp);
    const entries = connections.flatMap(([connection, keys]) =>
      [...keys].map((groupKey) => [groupKey, this.#byKey.get(groupKey)?.get(connection)?.md5 ?? ''] as const),
    );
    return Object.fromEntries(entries);
  }

  changed(key: ConfigKey, groupKey: string): void {
    for (const [connection, { tenant }] of this.#byKey.get(groupKey) ?? []) {
      const { dataId, group } = key;
      this.#push(connection, groupKey, { dataId, group, ...(tenant && { tenant }), module: 'config' }, 1);
    }
  }

  #push(
    connection: ListeningConnection,
    groupKey: string,
    hint: Readonly<Record<string, string>>,
    tries: number,
  ): void {
    connection.request('ConfigChangeNotifyRequest', hint).catch(() => {
      if (!this.#byKey.get(groupKey)?.has(connection)) return;
      if (tries === maxTries) return connection.end?.('it acknowledges nothing');
      this.#clock.after(tries * retryStepMs, () => {
        if (this.#byKey.get(groupKey)?.has(connection)) this.#push(connection, groupKey, hint, tries + 1);
      });
    });
  }
}
