/**
 * What a NacosConfigSync must remember of its items, which have no objects of their own: its shards, kept in the API server.
 *
 * Guarantees
 * - What `add` says is durable before `onChanged` tells it, so that whatever is published then is not forgotten.
 * - A base that is recorded follows within 250 ms. What a crash keeps from being recorded costs a conflict, and never content
 *   (docs/adr/0012).
 * - Entries never move, so that no crash has one twice; of those that are there twice the one without a base counts.
 * - A shard that somebody has removed is written again.
 */
import type { NacosConfigInventory } from '../../../api/resources.ts';
import { BridgeError, isBridgeError, messageOf } from '../../../errors.ts';
import type { KubeObject } from '../../../kube/resource.ts';
import type { StoreChange } from '../../../kube/store.ts';
import { isSamePlace, movedOn, type NacosPlace, type PlaceNow } from '../../base/nacos-place.ts';
import { idOf, type Entry, type EntryBase, type Item } from './entry.ts';
import { headerOf, isSameAddress, placeOf } from './header.ts';
import { Shard, type ShardOptions } from './shard.ts';

export interface InventoryOptions extends Omit<ShardOptions, 'header' | 'onStored'> {
  /** The name of the NacosConnection; undefined for the operator's default. */
  readonly connection: string | undefined;
  /** Where that leads now. */
  readonly place: PlaceNow;
  /** These are stored by now, and may be published; or they are stored otherwise than was known, or were not known. */
  readonly onChanged: (ids: readonly string[]) => void;
}

export class Inventory {
  readonly #options: InventoryOptions;
  readonly #shards: Shard[] = [];
  /** Of the shards that there are, those of former items among them. */
  readonly #names = new Set<string>();
  #place: NacosPlace;

  constructor(options: InventoryOptions) {
    this.#options = options;
    this.#place = options.place;
  }

  /** Why something that is known could not be stored, while that is so. */
  get error(): BridgeError | undefined {
    const error = this.#shards.map((shard) => shard.error).find((one) => one !== undefined);
    if (error === undefined) return undefined;
    const message = `The inventory cannot be written, and what is new waits for that: ${messageOf(error)}`;
    return new BridgeError(isBridgeError(error) ? error.code : 'INTERNAL', message, { cause: error });
  }

  /** What is stored of these items. Returns the shards of another connection or Nacos namespace. */
  load(all: readonly NacosConfigInventory[]): NacosConfigInventory[] {
    const { connection, place: now } = this.#options;
    for (const { metadata } of all) this.#names.add(metadata.name);
    return all.filter((stored) => {
      const { header } = stored.status ?? {};
      if (header !== undefined && !isSameAddress(header, headerOf(connection, now))) return true;
      const shard = this.#shardOf(stored.metadata.name);
      this.#stored(shard, shard.merge(stored));
      this.#carry([shard], header && placeOf(header), now);
      return false;
    });
  }

  get(id: string): Entry | undefined {
    return this.#holderOf(id)?.get(id);
  }

  entries(): Entry[] {
    return this.#shards.flatMap((shard) => shard.entries());
  }

  /** Whether it is stored, so that a process that ends now forgets nothing that is published by then. */
  isDurable(id: string): boolean {
    return this.#holderOf(id)?.isDurable(id) ?? false;
  }

  /** An item that may be published once it is durable. One that is there keeps its base. */
  add(item: Item): void {
    const shard = this.#holderOf(idOf(item)) ?? this.#open();
    shard.set({ base: shard.get(idOf(item))?.base, ...item }, true);
  }

  /** What both sides have now. */
  record(id: string, base: EntryBase | undefined): void {
    const shard = this.#holderOf(id);
    const entry = shard?.get(id);
    if (entry) shard?.set({ ...entry, base });
  }

  /**
   * Takes the base out, and resolves when that is durable: before Kubernetes is written. After a crash it cannot be told
   * whether it was, and somebody may have put the old content back there.
   */
  async takeOutBase(id: string): Promise<void> {
    this.record(id, undefined);
    const shard = this.#holderOf(id);
    if (shard === undefined) throw this.#options.client.changed(id);
    return shard.store(id);
  }

  /** It is dealt with. */
  drop(id: string): void {
    this.#holderOf(id)?.drop(id);
  }

  /** Reads the shard of an item again: another leader may have written there. */
  async reread(id: string): Promise<void> {
    await this.#holderOf(id)?.reread();
  }

  /** All shards as metadata, as the watch tells of them. */
  seen({ previous, current }: StoreChange<KubeObject>): void {
    const shard = current ?? previous;
    if (shard === undefined || !this.#options.client.isOurs(shard)) return;
    const { name, uid } = shard.metadata;
    const known = this.#shards.find((one) => one.name === name);
    const isNews = current ? !this.#names.has(name) : known?.version?.uid === uid;
    if (!isNews) return;
    // Where it cannot be read now, the next write finds out.
    const read = this.#shardOf(name).reread();
    read.catch(() => {});
  }

  /** The connection leads to `place` now; what was in common elsewhere counts no more. */
  movedTo(place: PlaceNow): void {
    const then = this.#place;
    this.#place = place;
    this.#carry(this.#shards, then, place);
  }

  async flush(): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.flush()));
  }

  stop(): void {
    for (const shard of this.#shards) shard.stop();
  }

  /** What was in common at `then` counts where that is the same place. */
  #carry(shards: readonly Shard[], then: NacosPlace | undefined, now: PlaceNow): void {
    const isSame = then !== undefined && isSamePlace(then, now);
    if (isSame) this.#place = movedOn(then, now);
    for (const shard of shards) {
      if (!isSame) for (const entry of shard.entries()) shard.set({ ...entry, base: undefined });
      shard.touch();
    }
  }

  #holderOf(id: string): Shard | undefined {
    return this.#shards.find((shard) => shard.get(id) !== undefined);
  }

  #open(): Shard {
    const open = this.#shards.find((shard) => !shard.isClosed);
    if (open) return open;
    let index = 0;
    while (this.#names.has(this.#options.client.nameOf(index))) index += 1;
    return this.#shardOf(this.#options.client.nameOf(index));
  }

  #shardOf(name: string): Shard {
    const known = this.#shards.find((shard) => shard.name === name);
    if (known) return known;
    const shard = new Shard(name, {
      ...this.#options,
      header: () => headerOf(this.#options.connection, this.#place),
      onStored: (one, ids) => this.#stored(one, ids),
      onDeposed: () => {
        this.stop();
        this.#options.onDeposed();
      },
    });
    this.#names.add(name);
    this.#shards.push(shard);
    return shard;
  }

  /** An entry that is in two shards stays in the first, and counts as if both had no base, unless both have the same. */
  #stored(shard: Shard, ids: readonly string[]): void {
    for (const id of ids) {
      const first = this.#shards.find((one) => one !== shard && one.get(id) !== undefined);
      if (first === undefined) continue;
      const isSame = first.get(id)?.base?.md5 === shard.get(id)?.base?.md5;
      shard.drop(id);
      if (!isSame) this.record(id, undefined);
    }
    if (ids.length > 0) this.#options.onChanged(ids);
  }
}
