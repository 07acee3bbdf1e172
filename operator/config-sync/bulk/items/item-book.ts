/**
 * Which items there are: what the objects of a namespace hold and what Nacos has, seen through the mapping.
 *
 * Each side tells what it has; an item is wanted for as long as a side claims it. Two keys that mean one dataId are a
 * collision: the one that has it keeps it, else the first in the order of names gets it, and the other is told.
 * A change costs the keys of one object, however many objects there are; one that leaves its keys the same ones, a comparison.
 */
import type { StoreChange } from '../../../kube/store.ts';
import { type ConfigName, nameText } from '../../../nacos/index.ts';
import type { MirrorKind } from '../../mirror/mirror-target.ts';
import type { Item } from '../inventory/entry.ts';
import { illegalInKubernetes, illegalInNacos } from '../legal-names.ts';
import { objectText, refText, refTitle, type KeyRef, type Mapping } from '../mapping.ts';
import { placeOf, skipped, type Tally } from '../tally.ts';
import { keptKeys } from './item-keep.ts';
import type { KeyView, ObjectView } from './object-view.ts';

export interface ItemBookOptions {
  readonly mapping: Mapping;
  /** The key of what has the dataId now, if anything has. */
  readonly holderOf: (config: ConfigName) => KeyRef | undefined;
  /** Of the items, and of what can be none, for as long as it is there. */
  readonly tally: Tally;
}

/** Who wants an item: an object, by its text, or Nacos. */
type Claimant = string;
const NACOS: Claimant = 'Nacos';

export class ItemBook {
  readonly #options: ItemBookOptions;
  /** By the text of a dataId's name, and the text of the key: who claims that they belong together. */
  readonly #claims = new Map<string, Map<string, { readonly item: Item; readonly by: Set<Claimant> }>>();
  /** What each object has, with what can be no item. */
  readonly #ofObject = new Map<string, readonly Item[]>();

  constructor(options: ItemBookOptions) {
    this.#options = options;
  }

  /** Returns the dataIds that this may change. */
  objectChanged(kind: MirrorKind, { previous, current }: StoreChange<ObjectView>): ConfigName[] {
    const { name } = (current ?? previous)?.metadata ?? { name: '' };
    const isMeant = current?.isMeant ?? false;
    const before: ReadonlyMap<string, KeyView> = previous?.keys ?? new Map<string, KeyView>();
    const now: ReadonlyMap<string, KeyView> = current?.keys ?? new Map<string, KeyView>();
    const isSame =
      (previous?.isMeant ?? false) === isMeant &&
      before.size === now.size &&
      [...before.keys()].every((key) => now.has(key));
    const claimed = isSame ? [] : this.setObject(kind, name, isMeant ? [...now.keys()] : []);
    const decided = keptKeys(current);
    const changed = [...new Set([...before.keys(), ...now.keys()])].filter((key) => {
      const [one, other] = [before.get(key), now.get(key)];
      return one?.md5 !== other?.md5 || one?.problem !== other?.problem || decided.includes(key);
    });
    return [...claimed, ...this.#itemsOf(kind, name, changed).map(({ config }) => config)];
  }

  /** All that an object holds now; no keys when it is gone or not meant. Returns the dataIds that this may change. */
  setObject(kind: MirrorKind, name: string, keys: readonly string[]): ConfigName[] {
    const object = objectText({ kind, name });
    const before = this.#ofObject.get(object) ?? [];
    const now = this.#itemsOf(kind, name, keys);
    for (const item of before) this.#withdraw(item, object);
    for (const item of now) {
      const problem = illegalInNacos(item.config);
      if (problem === undefined) this.#claim(item, object);
      else this.#skip(refText(item.ref), { ref: item.ref }, 'IllegalName', problem);
    }
    if (now.length === 0) this.#ofObject.delete(object);
    else this.#ofObject.set(object, now);
    return [...before, ...now].map(({ config }) => config);
  }

  /** Whether Nacos has this dataId. Returns the dataIds that this may change. */
  setConfig(config: ConfigName, isThere: boolean): ConfigName[] {
    const ref = this.#options.mapping.toKubernetes(config);
    if (ref === undefined) return [];
    const problem = illegalInKubernetes(ref);
    if (problem === undefined) {
      if (isThere) this.#claim({ ref, config }, NACOS);
      else this.#withdraw({ ref, config }, NACOS);
      return [config];
    }
    if (isThere) this.#skip(nameText(config), { config }, 'IllegalName', problem);
    else this.#options.tally.delete(nameText(config));
    return [];
  }

  /** Whether any item wants a dataId, by `nameText`. */
  isWanted(id: string): boolean {
    return this.#claims.has(id);
  }

  /** The item that has this dataId, of those that want it. */
  wanted(config: ConfigName): Item | undefined {
    const claims = this.#claims.get(nameText(config));
    if (claims === undefined) return undefined;
    const holder = this.#options.holderOf(config);
    const held = holder && claims.get(refText(holder));
    const winner = held ?? [...claims].sort(([a], [b]) => (a < b ? -1 : 1))[0]?.[1];
    return winner?.item;
  }

  /** Counts those that want a dataId and do not have it. */
  countLosers({ dataId, group }: ConfigName): void {
    const winner = this.wanted({ dataId, group });
    for (const [id, { item }] of this.#claims.get(nameText({ dataId, group })) ?? []) {
      if (winner === undefined || item === winner) this.#options.tally.delete(id);
      else
        this.#skip(id, item, 'Collision', `dataId '${dataId}' of group '${group}' belongs to ${refTitle(winner.ref)}`);
    }
  }

  #itemsOf(kind: MirrorKind, name: string, keys: readonly string[]): Item[] {
    return keys.flatMap((key) => {
      const ref = { kind, name, key };
      const config = this.#options.mapping.toNacos(ref);
      return config ? [{ ref, config }] : [];
    });
  }

  #claim(item: Item, by: Claimant): void {
    const [id, key] = [nameText(item.config), refText(item.ref)];
    const claims = this.#claims.get(id) ?? new Map<string, { item: Item; by: Set<Claimant> }>();
    this.#claims.set(id, claims);
    claims.set(key, { item, by: (claims.get(key)?.by ?? new Set()).add(by) });
  }

  #withdraw({ ref, config }: Item, by: Claimant): void {
    const [id, key] = [nameText(config), refText(ref)];
    const claims = this.#claims.get(id);
    const claim = claims?.get(key);
    claim?.by.delete(by);
    if (claim !== undefined && claim.by.size > 0) return;
    claims?.delete(key);
    if (claims?.size === 0) this.#claims.delete(id);
    this.#options.tally.delete(key);
  }

  #skip(id: string, item: Partial<Item>, reason: string, message: string): void {
    this.#options.tally.set(id, { outcome: skipped(reason, message), place: placeOf(item) });
  }
}
