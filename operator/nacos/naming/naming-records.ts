/**
 * The services that we register, each whole, each on one shard.
 *
 * A service stays where it is until it does not fit there any more. Then it is published on another shard, and only when
 * the server has confirmed that is it dropped from the first: subscribers see it all the time. Where that fails the
 * service stays where it is, over the limit: what is registered being right comes first.
 *
 * Guarantees: one run at a time for each service, which ends with the wish of the moment; a wish is known to its shard as
 * soon as it is made, so a redo that is under way takes it along.
 */
import type { InstanceList } from './naming-instance-list.ts';
import type { NamingShard } from './naming-shard.ts';
import type { NamingShards } from './naming-shards.ts';

interface ServiceRecord {
  readonly key: string;
  /** Undefined once it is to be withdrawn. */
  wish: InstanceList | undefined;
  home: NamingShard;
  /** Where it is moving to. */
  next: NamingShard | undefined;
  running: Promise<void> | undefined;
}

export class NamingRecords {
  readonly #shards: NamingShards;
  readonly #records = new Map<string, ServiceRecord>();
  readonly #onChange: () => void;
  #running = 0;

  /** @param onChange called when what was wanted of a service is done, or could not be. */
  constructor(shards: NamingShards, onChange: () => void) {
    this.#shards = shards;
    this.#onChange = onChange;
  }

  /** Whether no service is on its way: to the server, or from one shard to another. */
  get isIdle(): boolean {
    return this.#running === 0;
  }

  /** The shard that the service is registered on, or about to be. */
  homeOf(key: string): NamingShard | undefined {
    return this.#records.get(key)?.home;
  }

  /** @throws CONNECTION_NOT_READY, TIMEOUT, NACOS_*; the wish stays. */
  publish(key: string, list: InstanceList): Promise<void> {
    const record = this.#records.get(key) ?? this.#create(key, list);
    record.wish = list;
    if (record.next) record.next.wanted.record(key, list);
    else this.#aim(record, list);
    return this.#runOf(record);
  }

  withdraw(key: string): Promise<void> {
    const record = this.#records.get(key);
    if (!record) return Promise.resolve();
    record.wish = undefined;
    record.next?.wanted.record(key, undefined);
    record.home.wanted.record(key, undefined);
    return this.#runOf(record);
  }

  #create(key: string, list: InstanceList): ServiceRecord {
    const home = this.#shards.place(key, list.instances.length, undefined);
    const record: ServiceRecord = { key, wish: list, home, next: undefined, running: undefined };
    this.#records.set(key, record);
    return record;
  }

  /** Tells the shard, unless the service has to move: then the old list stays until the new one is confirmed elsewhere. */
  #aim(record: ServiceRecord, list: InstanceList): void {
    const { home, key } = record;
    if (this.#shards.fits(key, list.instances.length, home)) return home.wanted.record(key, list);
    if (home.holds(key)) return;
    record.home = this.#shards.place(key, list.instances.length, home);
    record.home.wanted.record(key, list);
    home.wanted.record(key, undefined);
    this.#shards.release(home);
  }

  #runOf(record: ServiceRecord): Promise<void> {
    record.running ??= this.#run(record);
    return record.running;
  }

  async #run(record: ServiceRecord): Promise<void> {
    this.#running += 1;
    try {
      await this.#follow(record);
    } finally {
      this.#running -= 1;
      record.running = undefined;
      if (!record.wish) {
        // Should the server not have confirmed it: the shard goes on trying, or closes.
        this.#records.delete(record.key);
        this.#shards.release(record.home);
      }
      this.#onChange();
    }
  }

  /** Until what is done is what is wished. */
  async #follow(record: ServiceRecord): Promise<void> {
    for (;;) {
      const { wish } = record;
      try {
        await this.#step(record);
      } catch (error) {
        if (record.wish === wish) throw error;
      }
      if (record.wish === wish) return;
    }
  }

  async #step(record: ServiceRecord): Promise<void> {
    const { home, key, wish } = record;
    if (wish && !this.#shards.fits(key, wish.instances.length, home) && home.holds(key)) {
      return this.#move(record, this.#shards.place(key, wish.instances.length, home));
    }
    // What kept the service at home may be gone with its connection.
    if (wish) this.#aim(record, wish);
    await record.home.settle(key);
  }

  async #move(record: ServiceRecord, next: NamingShard): Promise<void> {
    const { home, key } = record;
    record.next = next;
    next.wanted.record(key, record.wish);
    try {
      await next.settle(key);
      record.home = next;
    } catch {
      home.wanted.record(key, record.wish);
    }
    record.next = undefined;
    const left = record.home === next ? home : next;
    left.wanted.record(key, undefined);
    // What the server does not confirm now, the shard tries again by itself.
    await left.settle(key).catch(() => {});
    this.#shards.release(left);
    await record.home.settle(key);
  }
}
