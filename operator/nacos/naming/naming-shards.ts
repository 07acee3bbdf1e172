/**
 * The naming connections of a client: opened when there is something to hold, closed when there is not.
 *
 * All shards of a client begin at one server, a random one: where two clients publish the same, each service is at two
 * servers then, however the clients have spread their services over shards. A shard that has become empty of records
 * hands its subscriptions to another and closes; the last one stays a while, since work comes and goes.
 */
import type { Timer } from '../../clock.ts';
import { placeService } from './naming-placement.ts';
import { NamingShard, type NamingShardOptions } from './naming-shard.ts';
import type { ServerAddress } from '../transport/server-address.ts';
import { ServerList } from '../transport/server-list.ts';

export interface NamingShardsOptions extends NamingShardOptions {
  readonly servers: readonly ServerAddress[];
  readonly maxInstancesPerConnection: number;
}

/** What those see of it who decide whether, when and where records are held. */
export type NamingConnections = Pick<
  NamingShards,
  'count' | 'isSuspended' | 'leaveServers' | 'resume' | 'serverCount' | 'servers' | 'suspend'
>;

const lastStaysMs = 60_000;

export class NamingShards {
  readonly #options: NamingShardsOptions;
  readonly #shards = new Set<NamingShard>();
  readonly #closing = new Set<Promise<void>>();
  /** How many requests beside its records and subscriptions are under way on each. */
  readonly #users = new WeakMap<NamingShard, number>();
  readonly #firstServer: number;
  #lastCloses: Timer | undefined;
  #phase: 'idle' | 'started' | 'suspended' | 'stopped' = 'idle';

  constructor(options: NamingShardsOptions) {
    this.#options = options;
    this.#firstServer = Math.floor(options.random() * options.servers.length);
  }

  [Symbol.iterator](): IterableIterator<NamingShard> {
    return this.#shards.values();
  }

  /** Those that are ready for requests. */
  get count(): number {
    return [...this.#shards].filter((shard) => shard.current).length;
  }

  /** How many servers there are to be at. */
  get serverCount(): number {
    return this.#options.servers.length;
  }

  /** Where those are that are ready, each server once. */
  get servers(): readonly ServerAddress[] {
    const servers = [...this.#shards].flatMap((shard) => shard.current?.connection.server ?? []);
    return [...new Set(servers)];
  }

  get isSuspended(): boolean {
    return this.#phase === 'suspended';
  }

  /** Moves each to another server, if one can be reached: what it holds is there before it is given up here. */
  leaveServers(): void {
    for (const shard of this.#shards) shard.leaveServer();
  }

  start(): void {
    if (this.#phase !== 'idle') return;
    this.#phase = 'started';
    for (const shard of this.#shards) shard.start();
  }

  /**
   * Closes all and opens none until `resume`: servers drop what is registered, and nothing is sent. What is published or
   * withdrawn meanwhile counts as done, and is made so on the new connections.
   */
  async suspend(): Promise<void> {
    if (this.#phase !== 'started') return;
    this.#phase = 'suspended';
    await Promise.all([...this.#shards].map((shard) => shard.suspend()));
  }

  resume(): void {
    if (this.#phase !== 'suspended') return;
    this.#phase = 'started';
    for (const shard of this.#shards) shard.resume();
  }

  async stop(): Promise<void> {
    this.#phase = 'stopped';
    this.#lastCloses?.cancel();
    for (const shard of this.#shards) this.#close(shard);
    await Promise.all(this.#closing);
  }

  /** Whether a service with so many instances can be on that shard. */
  fits(key: string, instances: number, home: NamingShard): boolean {
    if (!this.#shards.has(home)) return false;
    const load = { otherInstances: home.wanted.instancesBeside(key), isHome: true };
    return placeService(instances, [load], this.#options.maxInstancesPerConnection) !== 'new';
  }

  /** Where a service with so many instances belongs, given where it is. */
  place(key: string, instances: number, home: NamingShard | undefined): NamingShard {
    const shards = [...this.#shards];
    const loads = shards.map((shard) => ({
      otherInstances: shard.wanted.instancesBeside(key),
      isHome: shard === home,
    }));
    const place = placeService(instances, loads, this.#options.maxInstancesPerConnection);
    return (place === 'new' ? undefined : shards[place]) ?? this.#open();
  }

  /** One that is there already, if any is. */
  any(): NamingShard {
    const [first] = this.#shards;
    return first ?? this.#open();
  }

  /** Uses one of them, which stays for as long as `work` lasts. */
  async using<Result>(work: (shard: NamingShard) => Promise<Result>): Promise<Result> {
    const shard = this.any();
    this.#users.set(shard, (this.#users.get(shard) ?? 0) + 1);
    try {
      return await work(shard);
    } finally {
      this.#users.set(shard, this.#users.get(shard)! - 1);
      this.release(shard);
    }
  }

  /** Closes the shard if nothing keeps it. */
  release(shard: NamingShard): void {
    if (!this.#shards.has(shard) || this.#isInUse(shard)) return;
    const other = [...this.#shards].find((candidate) => candidate !== shard);
    if (other) return this.#handOver(shard, other);
    this.#lastCloses?.cancel();
    this.#lastCloses = this.#options.clock.after(lastStaysMs, () => {
      const isNeeded = this.#isInUse(shard) || shard.wanted.subscriptions.size > 0;
      if (this.#shards.has(shard) && this.#shards.size === 1 && !isNeeded) this.#close(shard);
    });
  }

  #isInUse(shard: NamingShard): boolean {
    return shard.wanted.records.size > 0 || (this.#users.get(shard) ?? 0) > 0;
  }

  /** The shard that carries the subscription to a service, where there is one. */
  subscribedOn(key: string): NamingShard | undefined {
    return [...this.#shards].find((shard) => shard.wanted.subscriptions.has(key));
  }

  #handOver(shard: NamingShard, other: NamingShard): void {
    for (const { service } of shard.wanted.subscriptions.values()) other.subscribe(service);
    this.#close(shard);
  }

  #open(): NamingShard {
    const { clock, servers } = this.#options;
    const start = this.#firstServer;
    // The middle of the server's share of [0, 1), where no rounding leads to its neighbour.
    const list = new ServerList(servers, { clock, random: () => (start + 0.5) / servers.length });
    const shard = new NamingShard(list, this.#options);
    this.#shards.add(shard);
    if (this.#phase === 'started') shard.start();
    if (this.#phase === 'suspended') void shard.suspend();
    return shard;
  }

  #close(shard: NamingShard): void {
    this.#shards.delete(shard);
    const closed = shard.stop().finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }
}
