/**
 * Lists in a strategic merge patch: merged by their merge key, or as sets of values, and the order of what comes out.
 *
 * Source: k8s.io/apimachinery/pkg/util/strategicpatch (mergeSlice, normalizeElementOrder).
 */
import { ApiFailure } from '../api-failure.ts';
import { printValue } from './go-text.ts';
import { listOf, mapOf } from './field-value.ts';
import type { JsonList, JsonMap } from './field-value.ts';

/** Items are the same when this is: the merge key of a map, a value itself. */
type Identity = (item: unknown) => unknown;

export function mergeLists(
  list: JsonList,
  patch: JsonList,
  mergeKey: string | undefined,
  mergeItem: (item: JsonMap, patch: JsonMap) => JsonMap,
): JsonList {
  if (list.length === 0 && patch.length === 0) return list;
  refuseListsOfLists(list, patch);
  if (mapOf(list[0] ?? patch[0]) === undefined) {
    return orderByPatch([...new Set([...list, ...patch])], patch, list, (item) => item);
  }
  if (mergeKey === undefined) throw new ApiFailure('', 'cannot merge lists without merge key');
  const { kept, changes } = applyItemDirectives(list, patch, mergeKey);
  const keyOf: Identity = (item) => mergeKeyOf(item, mergeKey);
  const merged = [...kept];
  for (const change of changes) {
    const index = merged.findIndex((item) => keyOf(item) === keyOf(change));
    const [item, itemChange] = [mapOf(merged[index]), mapOf(change)];
    if (item && itemChange) merged[index] = mergeItem(item, itemChange);
    else merged.push(change);
  }
  return orderByPatch(merged, changes, kept, keyOf);
}

export function deleteValues(list: JsonList, values: JsonList): JsonList {
  return list.filter((value) => !values.includes(value));
}

/**
 * Puts the items in the order that the patch gives; items that are only in the object keep their places between.
 *
 * @throws ApiFailure when the patch itself has another order than it gives
 */
export function orderItems(
  items: JsonList,
  patch: JsonList,
  order: JsonList,
  before: JsonList,
  mergeKey: string | undefined,
): JsonList {
  const identity: Identity = (item) => (mergeKey === undefined ? item : mergeKeyOf(item, mergeKey));
  const ordered = order.map(identity);
  const positions = patch.filter((item) => !isDirective(item)).map((item) => ordered.indexOf(identity(item)));
  const isInOrder = positions.every((position, index) => position > (positions[index - 1] ?? -1));
  if (order.length > 0 && !isInOrder) {
    const text = `The order in patch list:\n${printValue(patch)}\n doesn't match $setElementOrder list:\n${printValue(order)}\n`;
    throw new ApiFailure('', text);
  }
  return orderByPatch(items, order, before, identity);
}

/** Items that `order` has, in its order; the others where they were before in relation to those. */
function orderByPatch(items: JsonList, order: JsonList, before: JsonList, identity: Identity): JsonList {
  const [places, earlier] = [placesOf(order, identity), placesOf(before, identity)];
  const byPlace = (positions: Map<unknown, number>) => (a: unknown, b: unknown) =>
    (positions.get(identity(a)) ?? 0) - (positions.get(identity(b)) ?? 0);
  const ofPatch = items.filter((item) => places.has(identity(item))).sort(byPlace(places));
  const others = items.filter((item) => !places.has(identity(item))).sort(byPlace(earlier));

  const out: unknown[] = [];
  for (const item of ofPatch) {
    const place = earlier.get(identity(item));
    while (others.length > 0 && place !== undefined && (earlier.get(identity(others[0])) ?? Infinity) < place) {
      out.push(others.shift());
    }
    out.push(item);
  }
  return [...out, ...others];
}

/** Of items that are the same, the first counts. */
function placesOf(list: JsonList, identity: Identity): Map<unknown, number> {
  const places = new Map<unknown, number>();
  for (const [index, item] of list.entries()) {
    const id = identity(item);
    if (!places.has(id)) places.set(id, index);
  }
  return places;
}

function applyItemDirectives(list: JsonList, patch: JsonList, mergeKey: string): { kept: JsonList; changes: JsonList } {
  let kept = list;
  let replaces = false;
  for (const item of patch.filter(isDirective)) {
    const directive = mapOf(item)?.['$patch'];
    if (directive === 'replace') replaces = true;
    else if (directive === 'delete') {
      const key = mergeKeyOf(item, mergeKey);
      kept = kept.filter((other) => mergeKeyOf(other, mergeKey) !== key);
    } else if (directive === 'merge') {
      throw new ApiFailure('', 'merging lists cannot yet be specified in the patch');
    } else {
      const text = `unknown patch type: ${printValue(directive)} in map: ${printValue(item)}`;
      throw new ApiFailure('', text);
    }
  }
  const changes = patch.filter((item) => !isDirective(item));
  return replaces ? { kept: [], changes } : { kept, changes };
}

function isDirective(item: unknown): boolean {
  return Object.hasOwn(mapOf(item) ?? {}, '$patch');
}

function mergeKeyOf(item: unknown, mergeKey: string): unknown {
  const value = mapOf(item)?.[mergeKey];
  if (value !== undefined) return value;
  const text = `map: ${printValue(item)} does not contain declared merge key: ${mergeKey}`;
  throw new ApiFailure('', text);
}

function refuseListsOfLists(...lists: readonly JsonList[]): void {
  if (!lists.flat().some((item) => listOf(item))) return;
  const text = 'the server rejected our request due to an error in our request';
  throw new ApiFailure('Invalid', text, {});
}
