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
import { ShardWriter, type ShardWriterOptions } from './shard-writer.ts';
import { Shard } from './shard.ts';

export interface InventoryOptions extends Omit<ShardWriterOptions, 'header' | 'onStored'> {
  /** The name of the NacosConnection; undefined for the operator's default. */
  readonly connection: string | undefined;
  /** Where that leads now. */
  readonly place: PlaceNow;
  /** These are stored by now, and may be published; or they are stored otherwise than was known, or were not known. */
  readonly onChanged: (ids: readonly string[]) => void;
}

export class Inventory {
  readonly #options: InventoryOptions;
  readonly #writers: ShardWriter[] = [];
  /** Of the shards that there are, those of former items among them. */
  readonly #names = new Set<string>();
  #place: NacosPlace;

  constructor(options: InventoryOptions) {
    this.#options = options;
    this.#place = options.place;
  }

  /** Why something that is known could not be stored, while that is so. */
  get error(): BridgeError | undefined {
    const error = this.#writers.map((writer) => writer.error).find((one) => one !== undefined);
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
      const writer = this.#writerOf(stored.metadata.name);
      this.#stored(writer, writer.shard.merge(stored));
      this.#carry([writer], header && placeOf(header), now);
      return false;
    });
  }

  get(id: string): Entry | undefined {
    return this.#holderOf(id)?.shard.get(id);
  }

  entries(): Entry[] {
    return this.#writers.flatMap(({ shard }) => shard.entries());
  }

  /** Whether it is stored, so that a process that ends now forgets nothing that is published by then. */
  isDurable(id: string): boolean {
    return this.#holderOf(id)?.shard.isDurable(id) ?? false;
  }

  /** An item that may be published once it is durable. One that is there keeps its base. */
  add(item: Item): void {
    const writer = this.#holderOf(idOf(item)) ?? this.#open();
    writer.shard.set({ base: writer.shard.get(idOf(item))?.base, ...item });
    writer.touch(true);
  }

  /** What both sides have now. */
  record(id: string, base: EntryBase | undefined): void {
    const writer = this.#holderOf(id);
    const entry = writer?.shard.get(id);
    if (entry) writer?.shard.set({ ...entry, base });
    writer?.touch();
  }

  /**
   * Takes the base out, and resolves when that is durable: before Kubernetes is written. After a crash it cannot be told
   * whether it was, and somebody may have put the old content back there.
   */
  async takeOutBase(id: string): Promise<void> {
    this.record(id, undefined);
    const writer = this.#holderOf(id);
    if (writer === undefined) throw this.#options.client.changed(id);
    return writer.store(id);
  }

  /** It is dealt with. */
  drop(id: string): void {
    const writer = this.#holderOf(id);
    writer?.shard.drop(id);
    writer?.touch();
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
    const known = this.#writers.find((one) => one.shard.name === name);
    const isNews = current ? !this.#names.has(name) : known?.shard.version?.uid === uid;
    if (!isNews) return;
    // Where it cannot be read now, the next write finds out.
    const read = this.#writerOf(name).reread();
    read.catch(() => {});
  }

  /** The connection leads to `place` now; what was in common elsewhere counts no more. */
  movedTo(place: PlaceNow): void {
    const then = this.#place;
    this.#place = place;
    this.#carry(this.#writers, then, place);
  }

  async flush(): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.flush()));
  }

  stop(): void {
    for (const writer of this.#writers) writer.stop();
  }

  /** What was in common at `then` counts where that is the same place. */
  #carry(writers: readonly ShardWriter[], then: NacosPlace | undefined, now: PlaceNow): void {
    const isSame = then !== undefined && isSamePlace(then, now);
    if (isSame) this.#place = movedOn(then, now);
    for (const writer of writers) {
      const { shard } = writer;
      if (!isSame) for (const entry of shard.entries()) shard.set({ ...entry, base: undefined });
      writer.touch();
    }
  }

  #holderOf(id: string): ShardWriter | undefined {
    return this.#writers.find(({ shard }) => shard.get(id) !== undefined);
  }

  #open(): ShardWriter {
    const open = this.#writers.find(({ shard }) => !shard.isClosed);
    if (open) return open;
    let index = 0;
    while (this.#names.has(this.#options.client.nameOf(index))) index += 1;
    return this.#writerOf(this.#options.client.nameOf(index));
  }

  #writerOf(name: string): ShardWriter {
    const known = this.#writers.find(({ shard }) => shard.name === name);
    if (known) return known;
    const writer = new ShardWriter(new Shard(name), {
      ...this.#options,
      header: () => headerOf(this.#options.connection, this.#place),
      onStored: (one, ids) => this.#stored(one, ids),
      onDeposed: () => {
        this.stop();
        this.#options.onDeposed();
      },
    });
    this.#names.add(name);
    this.#writers.push(writer);
    return writer;
  }

  /** An entry that is in two shards stays in the first, and counts as if both had no base, unless both have the same. */
  #stored(writer: ShardWriter, ids: readonly string[]): void {
    for (const id of ids) {
      const first = this.#writers.find((one) => one !== writer && one.shard.get(id) !== undefined);
      if (first === undefined) continue;
      const isSame = first.shard.get(id)?.base?.md5 === writer.shard.get(id)?.base?.md5;
      writer.shard.drop(id);
      writer.touch();
      if (!isSame) this.record(id, undefined);
    }
    if (ids.length > 0) this.#options.onChanged(ids);
  }
}
