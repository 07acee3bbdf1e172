/**
 * What a NacosConfigSync must remember of its items, which have no objects of their own: its shards, kept in the API server.
 *
 * Guarantees
 * - What `add` says is durable before `onDurable` tells it, so that whatever is published then is not forgotten.
 * - A base that is recorded follows within 250 ms. What a crash keeps from being recorded costs a conflict, and never content
 *   (docs/adr/0012).
 * - Entries never move, so that no crash has one twice; of those that are there twice the one without a base counts.
 * - A shard that somebody has removed is written again.
 */
import type { Clock } from '../../../clock.ts';
import { BridgeError, isBridgeError, messageOf } from '../../../errors.ts';
import type { KubeObject } from '../../../kube/resource.ts';
import type { StoreChange } from '../../../kube/store.ts';
import { isSamePlace, movedOn, type PlaceNow } from '../../base/nacos-place.ts';
import { idOf, type Entry, type EntryBase, type Item } from './entry.ts';
import { headerOf, isSameAddress, statusOfHeader, type Header } from './header.ts';
import type { ShardClient, StoredShard } from './shard-client.ts';
import { ShardWriter } from './shard-writer.ts';
import { Shard, type Merged } from './shard.ts';

export interface InventoryOptions {
  readonly client: ShardClient;
  readonly clock: Clock;
  /** Where the items are now. */
  readonly header: Header;
  /** @throws BridgeError when it cannot be asked. */
  readonly isLeader: () => Promise<boolean>;
  /** These may be published. */
  readonly onDurable: (ids: readonly string[]) => void;
  /** These are otherwise than was known, or were not known. */
  readonly onChanged: (ids: readonly string[]) => void;
  /** Another leader has written: nothing is written here any more. */
  readonly onDeposed: () => void;
  /** `error` is another one. */
  readonly onTrouble: () => void;
  readonly onWrite: (result: 'written' | 'conflict' | 'failed') => void;
}

/** Entries of another connection or Nacos namespace. */
export interface FormerShard {
  readonly header: Header;
  readonly stored: StoredShard;
}

export class Inventory {
  readonly #options: InventoryOptions;
  /** By index. */
  readonly #writers = new Map<number, ShardWriter>();
  readonly #taken = new Set<number>();
  readonly #byId = new Map<string, ShardWriter>();
  #header: Header;
  #headerText: string;

  constructor(options: InventoryOptions) {
    this.#options = options;
    this.#header = options.header;
    this.#headerText = textOf(options.header);
  }

  /** Why something that is known could not be stored, while that is so. */
  get error(): BridgeError | undefined {
    const error = [...this.#writers.values()].map((writer) => writer.error).find((one) => one !== undefined);
    if (error === undefined) return undefined;
    const message = `The inventory cannot be written, and what is new waits for that: ${messageOf(error)}`;
    return new BridgeError(isBridgeError(error) ? error.code : 'INTERNAL', message, { cause: error });
  }

  /** What is stored of these items, and of others that are to be dealt with elsewhere; `place` is the header's, as it is now. */
  load(all: readonly StoredShard[], place: PlaceNow): FormerShard[] {
    const { client } = this.#options;
    const former: FormerShard[] = [];
    for (const stored of all) {
      const index = client.indexOf(stored.name) ?? 0;
      this.#taken.add(index);
      const header = headerOf(stored.header);
      if (header !== undefined && !isSameAddress(header, this.#header)) {
        former.push({ header, stored });
        continue;
      }
      const writer = this.#writerOf(index);
      const isHere = header !== undefined && isSamePlace(header.place, place);
      if (isHere) this.#move({ ...this.#header, place: movedOn(header.place, place) });
      this.#merged(writer.shard, writer.shard.merge(stored.lines, stored.header, versionOf(stored)));
      if (!isHere) this.#forgetBases(writer.shard);
      writer.touch();
    }
    return former;
  }

  get place(): Header['place'] {
    return this.#header.place;
  }

  get(id: string): Entry | undefined {
    return this.#byId.get(id)?.shard.get(id);
  }

  entries(): Entry[] {
    return [...this.#writers.values()].flatMap(({ shard }) => shard.entries());
  }

  /** Whether it is stored, so that a process that ends now forgets nothing that is published by then. */
  isDurable(id: string): boolean {
    return this.#byId.get(id)?.shard.isDurable(id) ?? false;
  }

  /** An item that may be published once it is durable. One that is there stays as it is. */
  add(item: Item): void {
    const id = idOf(item);
    const writer = this.#byId.get(id) ?? this.#open();
    const known = writer.shard.get(id);
    this.#byId.set(id, writer);
    writer.shard.set({ base: known?.base, ...item }, true);
    writer.touch();
  }

  /** What both sides have now. */
  record(id: string, base: EntryBase | undefined): void {
    const writer = this.#byId.get(id);
    const entry = writer?.shard.get(id);
    if (writer === undefined || entry === undefined) return;
    writer.shard.set({ ...entry, base }, false);
    writer.touch();
  }

  /**
   * Takes the base out, and resolves when that is durable: before Kubernetes is written. After a crash it cannot be told
   * whether it was, and somebody may have put the old content back there.
   */
  async takeOutBase(id: string): Promise<void> {
    const writer = this.#byId.get(id);
    const entry = writer?.shard.get(id);
    if (writer === undefined || entry === undefined) throw this.#options.client.changed(id);
    if (entry.base !== undefined) writer.shard.set({ ...entry, base: undefined }, true);
    return writer.stored(id);
  }

  /** It is dealt with. */
  drop(id: string): void {
    const writer = this.#byId.get(id);
    this.#byId.delete(id);
    writer?.shard.drop(id);
    writer?.touch();
  }

  /** Reads the shard of an item again: another leader may have written there. */
  async reread(id: string): Promise<void> {
    await this.#byId.get(id)?.reread();
  }

  /** All shards as metadata, as the watch tells of them. */
  seen({ previous, current }: StoreChange<KubeObject>): void {
    const { name = '', uid } = (current ?? previous)?.metadata ?? {};
    const index = this.#options.client.indexOf(name);
    if (index === undefined) return;
    const writer = this.#writers.get(index);
    if (current === undefined) {
      // Where it cannot be read now, the next write finds out.
      if (writer && writer.shard.uid === uid) void writer.reread().catch(() => {});
      return;
    }
    // Made by another leader.
    if (writer !== undefined || this.#taken.has(index)) return;
    void this.#writerOf(index)
      .reread()
      .catch(() => {});
  }

  /** The connection leads to `place` now; what was in common elsewhere counts no more. */
  movedTo(place: PlaceNow): void {
    const isSame = isSamePlace(this.#header.place, place);
    this.#move({ ...this.#header, place: movedOn(isSame ? this.#header.place : undefined, place) });
    for (const writer of this.#writers.values()) {
      if (!isSame) this.#forgetBases(writer.shard);
      writer.touch();
    }
  }

  async flush(): Promise<void> {
    await Promise.all([...this.#writers.values()].map((writer) => writer.flush()));
  }

  stop(): void {
    for (const writer of this.#writers.values()) writer.stop();
  }

  #move(header: Header): void {
    this.#header = header;
    this.#headerText = textOf(header);
  }

  #forgetBases(shard: Shard): void {
    for (const entry of shard.entries()) if (entry.base) shard.set({ ...entry, base: undefined }, false);
  }

  #open(): ShardWriter {
    const open = [...this.#writers.values()].find(({ shard }) => !shard.isClosed);
    if (open) return open;
    let index = 0;
    while (this.#taken.has(index)) index += 1;
    return this.#writerOf(index);
  }

  #writerOf(index: number): ShardWriter {
    const { client, onDeposed, ...rest } = this.#options;
    const known = this.#writers.get(index);
    if (known) return known;
    this.#taken.add(index);
    const writer = new ShardWriter(new Shard(client.nameOf(index)), {
      ...rest,
      client,
      header: () => this.#headerText,
      onMerged: (shard, merged) => this.#merged(shard, merged),
      onDeposed: () => {
        this.stop();
        onDeposed();
      },
    });
    this.#writers.set(index, writer);
    return writer;
  }

  #merged(shard: Shard, { changed, found }: Merged): void {
    const writer = [...this.#writers.values()].find((one) => one.shard === shard);
    if (writer === undefined) return;
    const ids = [...changed];
    for (const entry of found) {
      const id = idOf(entry);
      const other = this.#byId.get(id);
      if (other === undefined || other === writer) this.#byId.set(id, writer);
      else this.#unite(id, other, writer, entry);
      ids.push(id);
    }
    if (ids.length > 0) this.#options.onChanged(ids);
  }

  /** An entry that is in two shards: it stays in the first, and counts as if both had no base, unless both have the same. */
  #unite(id: string, kept: ShardWriter, other: ShardWriter, { base }: Entry): void {
    const entry = kept.shard.get(id);
    if (entry?.base && entry.base.md5 !== base?.md5) kept.shard.set({ ...entry, base: undefined }, false);
    other.shard.drop(id);
    kept.touch();
    other.touch();
  }
}

function textOf(header: Header): string {
  return JSON.stringify(statusOfHeader(header));
}

function versionOf({ resourceVersion, uid }: StoredShard): { resourceVersion?: string; uid?: string } {
  return { resourceVersion, uid };
}
