/**
 * The items of a NacosConfigSync as its inventory and its status tell them.
 *
 * Pure. The inventory has each key and its dataId, with the md5 that both had when they were last equal; the status has the
 * worst ten problems, also of names that are no items. So an item is `synced` when it was equal and no problem is told of it,
 * and `pending` when it never was; `untold` counts those whose problem the status has no room for.
 */
import type { NacosConfigInventory, NacosConfigSync } from '../api/resources.ts';
import { entryOf, idOf, type Entry } from '../config-sync/bulk/inventory/entry.ts';
import { objectText } from '../config-sync/bulk/mapping.ts';
import type { ItemState, Problem } from '../config-sync/bulk/tally.ts';
import { nameText } from '../nacos/index.ts';

export interface ListedItem {
  /** Absent for a dataId that no key can be for. */
  readonly object?: string;
  readonly key?: string;
  /** Absent for a key that no dataId can be for. */
  readonly group?: string;
  readonly dataId?: string;
  readonly state: ItemState;
  /** Of a ConfigMap's key, when both sides were last equal. */
  readonly md5?: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface ItemList {
  readonly items: readonly ListedItem[];
  /** Of those that are listed as `synced` or `pending`. */
  readonly untold: number;
}

export function listItems({ status }: NacosConfigSync, shards: readonly NacosConfigInventory[]): ItemList {
  const { items: counts, problems = [] } = status ?? {};
  const entries = entriesOf(shards);
  const matched = new Set<Problem>();
  const items: ListedItem[] = [...entries].map(([id, { base, config, ref }]) => {
    const object = objectText(ref);
    const problem = problems.find((one) => isOf(one, id, object, ref.key));
    if (problem) matched.add(problem);
    const { message, reason } = problem ?? {};
    const state = (problem && stateOf(problem)) ?? (base ? 'synced' : 'pending');
    const md5 = ref.kind === 'Secret' ? undefined : base?.md5;
    return { object, key: ref.key, ...config, state, ...(md5 && { md5 }), ...(problem && { reason, message }) };
  });
  const others = problems.filter((problem) => !matched.has(problem));
  items.push(...others.map((problem) => ({ ...problem, state: stateOf(problem) })));
  const { conflicts = 0, failing = 0, invalid = 0, skipped = 0 } = counts ?? {};
  const untold = Math.max(0, conflicts + failing + invalid + skipped - problems.length);
  return { items: items.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1)), untold };
}

/** By the text of the dataId's name; of two the one without a base counts. */
function entriesOf(shards: readonly NacosConfigInventory[]): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const entry of shards.flatMap(({ status }) => status?.entries ?? []).map(entryOf)) {
    if (entry === undefined) continue;
    const id = idOf(entry);
    if (!entries.has(id) || entry.base === undefined) entries.set(id, entry);
  }
  return entries;
}

function isOf({ dataId, group, key, object }: Problem, id: string, ofObject: string, ofKey: string): boolean {
  if (group !== undefined && dataId !== undefined) return nameText({ group, dataId }) === id;
  return object === ofObject && key === ofKey;
}

const states = ['conflict', 'failing', 'invalid', 'skipped', 'taken'] as const satisfies readonly ItemState[];

/** A status of an operator before this one does not say. */
function stateOf({ state }: Problem): ItemState {
  return states.find((one) => one === state?.toLowerCase()) ?? 'failing';
}

function orderOf({ dataId = '', group = '', key = '', object = '' }: ListedItem): string {
  return [object, key, group, dataId].join(' ');
}
