/**
 * Which items there are: what the objects of a namespace hold and what Nacos has, seen through the mapping.
 *
 * Each side tells what it has; an item is wanted for as long as a side claims it. Two keys that mean one dataId are a
 * collision: the one that has it keeps it, else the first in the order of names gets it, and the other is told.
 * A change costs the keys of one object, however many objects there are.
 */
import { type ConfigName, nameText } from '../../../nacos/index.ts';
import type { Item } from '../inventory/entry.ts';
import { illegalInKubernetes, illegalInNacos } from '../legal-names.ts';
import { objectText, refText, type KeyRef, type Mapping } from '../mapping.ts';
import { placeOf, skipped, type Counted, type Place } from '../tally.ts';

/** A name of one side that is not to be had on the other. */
export interface Skipped extends Counted {
  readonly id: string;
}

export interface ItemBookOptions {
  readonly mapping: Mapping;
  /** The key of what has the dataId now, if anything has. */
  readonly holderOf: (config: ConfigName) => KeyRef | undefined;
  /** Told each name that is not legal on the other side, and undefined when it is there no more. */
  readonly onSkipped: (id: string, skipped: Skipped | undefined) => void;
}

/** Who wants an item: an object, by its text, or Nacos. */
type Claimant = string;
const NACOS: Claimant = 'Nacos';

export class ItemBook {
  readonly #options: ItemBookOptions;
  /** By the text of a dataId's name, and the text of the key: who claims that they belong together. */
  readonly #claims = new Map<string, Map<string, { item: Item; by: Set<Claimant> }>>();
  /** The dataIds that each object claims. */
  readonly #ofObject = new Map<string, readonly Item[]>();
  readonly #skipped = new Set<string>();
  readonly #skippedOfObject = new Map<string, readonly string[]>();

  constructor(options: ItemBookOptions) {
    this.#options = options;
  }

  /** All that an object holds now; no keys when it is gone or not meant. Returns the dataIds that this may change. */
  setObject(kind: KeyRef['kind'], name: string, keys: readonly string[]): ConfigName[] {
    const object = objectText({ kind, name });
    const before = this.#ofObject.get(object) ?? [];
    for (const item of before) this.#withdraw(item, object);
    for (const id of this.#skippedOfObject.get(object) ?? []) this.#unskip(id);
    const items: Item[] = [];
    const skipped: string[] = [];
    for (const key of keys) {
      const ref = { kind, name, key };
      const config = this.#options.mapping.toNacos(ref);
      if (config === undefined) continue;
      const problem = illegalInNacos(config);
      if (problem === undefined) items.push({ ref, config });
      else skipped.push(this.#skip(refText(ref), placeOf({ ref }), 'IllegalName', problem));
    }
    for (const item of items) this.#claim(item, object);
    replace(this.#ofObject, object, items);
    replace(this.#skippedOfObject, object, skipped);
    return [...before, ...items].map(({ config }) => config);
  }

  /** Nacos has this dataId. Returns the dataIds that this may change. */
  addConfig(config: ConfigName): ConfigName[] {
    const ref = this.#options.mapping.toKubernetes(config);
    if (ref === undefined) return [];
    const problem = illegalInKubernetes(ref);
    if (problem === undefined) this.#claim({ ref, config }, NACOS);
    else this.#skip(nameText(config), { ...config }, 'IllegalName', problem);
    return problem === undefined ? [config] : [];
  }

  /** Nacos has it no more. */
  removeConfig(config: ConfigName): ConfigName[] {
    this.#unskip(nameText(config));
    const ref = this.#options.mapping.toKubernetes(config);
    if (ref === undefined) return [];
    this.#withdraw({ ref, config }, NACOS);
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
    const holder = this.#options.holderOf(config);
    const held = holder && claims.get(refText(holder));
    const winner = held ?? [...claims].sort(([a], [b]) => (a < b ? -1 : 1))[0]?.[1];
    return winner?.item;
  }

  /** Those that want a dataId and do not have it. */
  losers(config: ConfigName): Skipped[] {
    const claims = this.#claims.get(nameText(config));
    if (claims === undefined || claims.size < 2) return [];
    const winner = this.wanted(config);
    const others = [...claims.values()].filter(({ item }) => item !== winner);
    return others.map(({ item }) => collision(item, winner));
  }

  #claim(item: Item, by: Claimant): void {
    const text = nameText(item.config);
    const claims = this.#claims.get(text) ?? new Map<string, { item: Item; by: Set<Claimant> }>();
    this.#claims.set(text, claims);
    const claim = claims.get(refText(item.ref)) ?? { item, by: new Set() };
    claims.set(refText(item.ref), claim);
    claim.by.add(by);
  }

  #withdraw({ ref, config }: Item, by: Claimant): void {
    const claims = this.#claims.get(nameText(config));
    const claim = claims?.get(refText(ref));
    if (claims === undefined || claim === undefined) return;
    claim.by.delete(by);
    if (claim.by.size === 0) claims.delete(refText(ref));
    if (claims.size === 0) this.#claims.delete(nameText(config));
  }

  #skip(id: string, place: Place, reason: string, message: string): string {
    this.#skipped.add(id);
    this.#options.onSkipped(id, { id, place, outcome: skipped(reason, message) });
    return id;
  }

  #unskip(id: string): void {
    if (this.#skipped.delete(id)) this.#options.onSkipped(id, undefined);
  }
}

function collision(item: Item, winner: Item | undefined): Skipped {
  const { ref, config } = item;
  const message = `dataId '${config.dataId}' of group '${config.group}' belongs to ${winner ? refTitle(winner.ref) : 'another key'}`;
  const outcome = skipped('Collision', message);
  return { id: refText(ref), outcome, place: placeOf(item) };
}

function refTitle({ kind, name, key }: KeyRef): string {
  return `key '${key}' of ${kind} '${name}'`;
}

function replace<V>(map: Map<string, readonly V[]>, key: string, values: readonly V[]): void {
  if (values.length === 0) map.delete(key);
  else map.set(key, values);
}
