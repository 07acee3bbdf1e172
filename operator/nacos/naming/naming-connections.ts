/**
 * The connections of a naming client, for whoever decides whether, when and where its records are held: publishing and
 * subscribing go on all the while, and are made so once there is a connection.
 */
import type { ServerAddress } from '../transport/server-address.ts';
import type { NamingRecords } from './naming-records.ts';
import type { NamingShards } from './naming-shards.ts';
import type { NamingChange } from './naming-types.ts';

interface NamingConnectionsOptions {
  readonly shards: NamingShards;
  readonly records: NamingRecords;
  readonly serverCount: number;
  readonly onChange: NamingConnections['onChange'];
}

export class NamingConnections {
  /** How many servers there are to be at. */
  readonly serverCount: number;
  /**
   * Calls the listener with `lost` when a connection is gone with all that it held, and with `progress` whenever what the
   * other members say may have changed. Returns how to stop listening.
   */
  readonly onChange: (listener: (change: NamingChange) => void) => () => void;
  readonly #shards: NamingShards;
  readonly #records: NamingRecords;

  constructor({ onChange, records, serverCount, shards }: NamingConnectionsOptions) {
    this.serverCount = serverCount;
    this.onChange = onChange;
    this.#shards = shards;
    this.#records = records;
  }

  /** Those that are ready for requests. */
  get count(): number {
    return [...this.#shards].filter((shard) => shard.current).length;
  }

  /** Where those are that are ready, each server once. */
  get servers(): readonly ServerAddress[] {
    const servers = [...this.#shards].flatMap((shard) => shard.current?.connection.server ?? []);
    return [...new Set(servers)];
  }

  /** Whether servers hold everything that is published, but for what they refuse. */
  get isSettled(): boolean {
    return this.#records.isIdle && [...this.#shards].every((shard) => shard.isSettled);
  }

  get isSuspended(): boolean {
    return this.#shards.isSuspended;
  }

  /**
   * Closes all and opens none until `resume`: servers drop what is registered, and nothing is sent. What is published or
   * withdrawn meanwhile counts as done, and is made so on the new connections.
   */
  suspend(): Promise<void> {
    return this.#shards.suspend();
  }

  resume(): void {
    this.#shards.resume();
  }

  /** Moves each to another server, if one can be reached: what it holds is there before it is given up here. */
  leaveServers(): void {
    for (const shard of this.#shards) shard.leaveServer();
  }
}
