/**
 * Which items there are: what the objects of a namespace hold and what Nacos has, seen through the mapping.
 *
 * Each side tells what it has; an item is wanted for as long as a side claims it. Two keys that mean one dataId are a
 * collision: the one that has it keeps it, else the first in the order of names gets it, and the other is told.
 * A change costs the keys that changed, and a comparison of those of its object.
 */
import type { StoreChange } from '../../../kube/store.ts';
import { type ConfigName, nameText } from '../../../nacos/index.ts';
import type { MirrorKind } from '../../mirror/mirror-target.ts';
import type { Item } from '../inventory/entry.ts';
import { illegalInKubernetes, illegalInNacos } from '../legal-names.ts';
import { refText, refTitle, type KeyRef, type Mapping } from '../mapping.ts';
import { placeOf, skipped, type Tally } from '../tally.ts';
import { keptKeys } from './item-keep.ts';
import type { ObjectView } from './object-view.ts';

type Side = 'Kubernetes' | 'Nacos';

export class ItemBook {
  readonly #mapping: Mapping;
  readonly #tally: Tally;
  readonly #holderOf: (config: ConfigName) => KeyRef | undefined;
  /** By the text of a dataId's name, and the text of the key: which sides claim that they belong together. */
  readonly #claims = new Map<string, Map<string, { readonly item: Item; readonly by: Set<Side> }>>();

  /** `tally`: where what can be no item is told; `holderOf`: the key of what has a dataId now, if anything has. */
  constructor(mapping: Mapping, tally: Tally, holderOf: (config: ConfigName) => KeyRef | undefined) {
    this.#mapping = mapping;
    this.#tally = tally;
    this.#holderOf = holderOf;
  }

  /** Returns the dataIds that this may change. */
  objectChanged(kind: MirrorKind, { previous, current }: StoreChange<ObjectView>): ConfigName[] {
    const { name } = (current ?? previous)?.metadata ?? { name: '' };
    const isMeant = current?.isMeant ?? false;
    const wasMeant = previous?.isMeant ?? false;
    const decided = keptKeys(current);
    const keys = new Set([...(previous?.keys.keys() ?? []), ...(current?.keys.keys() ?? [])]);
    return [...keys].flatMap((key) => {
      const [before, now] = [previous?.keys.get(key), current?.keys.get(key)];
      const isSame = before && now && before.md5 === now.md5 && before.problem === now.problem && isMeant === wasMeant;
      return isSame && !decided.includes(key) ? [] : this.setKey({ kind, name, key }, isMeant && now !== undefined);
    });
  }

  /** Whether an object that is meant has this key. Returns the dataIds that this may change. */
  setKey(ref: KeyRef, isThere: boolean): ConfigName[] {
    const config = this.#mapping.toNacos(ref);
    if (config === undefined) return [];
    const problem = illegalInNacos(config);
    if (problem === undefined) this.#claim({ ref, config }, 'Kubernetes', isThere);
    else this.#skip(refText(ref), { ref }, isThere, 'IllegalName', problem);
    return [config];
  }

  /** Whether Nacos has this dataId. Returns the dataIds that this may change. */
  setConfig(config: ConfigName, isThere: boolean): ConfigName[] {
    const ref = this.#mapping.toKubernetes(config);
    if (ref === undefined) return [];
    const problem = illegalInKubernetes(ref);
    if (problem === undefined) this.#claim({ ref, config }, 'Nacos', isThere);
    else this.#skip(nameText(config), { config }, isThere, 'IllegalName', problem);
    return [config];
  }

  /** Whether any item wants a dataId, by `nameText`. */
  isWanted(id: string): boolean {
    return this.#claims.has(id);
  }

  /** The item that has this dataId, of those that want it. */
  wanted(config: ConfigName): Item | undefined {
    const claims = this.#claims.get(nameText(config));
    if (claims === undefined) return undefined;
    const holder = this.#holderOf(config);
    const held = holder && claims.get(refText(holder));
    return (held ?? [...claims].sort(([a], [b]) => (a < b ? -1 : 1))[0]?.[1])?.item;
  }

  /** Counts those that want a dataId and do not have it. */
  countLosers({ dataId, group }: ConfigName): void {
    const winner = this.wanted({ dataId, group });
    if (winner === undefined) return;
    const message = `dataId '${dataId}' of group '${group}' belongs to ${refTitle(winner.ref)}`;
    for (const [id, { item }] of this.#claims.get(nameText({ dataId, group })) ?? []) {
      this.#skip(id, item, item !== winner, 'Collision', message);
    }
  }

  #claim(item: Item, by: Side, isClaimed: boolean): void {
    const [id, key] = [nameText(item.config), refText(item.ref)];
    const claims = this.#claims.get(id) ?? new Map<string, { item: Item; by: Set<Side> }>();
    const claim = claims.get(key) ?? { item, by: new Set() };
    if (isClaimed) claim.by.add(by);
    else claim.by.delete(by);
    if (claim.by.size > 0) claims.set(key, claim);
    else claims.delete(key);
    if (claims.size > 0) this.#claims.set(id, claims);
    else this.#claims.delete(id);
    // It can have lost to another one only while it is claimed.
    if (claim.by.size === 0) this.#tally.delete(key);
  }

  #skip(id: string, item: Partial<Item>, isSkipped: boolean, reason: string, message: string): void {
    if (isSkipped) this.#tally.set(id, { outcome: skipped(reason, message), place: placeOf(item) });
    else this.#tally.delete(id);
  }
}
