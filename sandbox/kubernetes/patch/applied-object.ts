/**
 * What an apply makes of an object: the applied fields are merged into it, and those that the manager applied before and
 * nobody wants any more go.
 *
 * Subtrees that do not change are shared, not copied.
 *
 * Source: sigs.k8s.io/structured-merge-diff/v6/typed/merge.go and merge/update.go (prune).
 */
import { isDeepStrictEqual } from 'node:util';
import { FieldSet } from './field-set.ts';
import type { FieldNode } from './field-set.ts';
import { partsOf } from './field-type.ts';
import type { FieldType, JsonMap, Part, PathElement, Parts } from './field-type.ts';

/** Fields of the partial object win, lists fall together by their items, what is one piece is replaced. */
export function mergeObjects(object: unknown, partial: unknown, type: FieldType): unknown {
  if (partial === undefined || object === partial) return object;
  const [left, right] = [partsOf(object, type), partsOf(partial, type)];
  // Null is a list or map without parts.
  if (left?.size && partial === null) return object;
  const isOfOneKind = left && right && Array.isArray(object) === Array.isArray(partial);
  if (!isOfOneKind || left.size + right.size === 0) return isDeepStrictEqual(object, partial) ? object : partial;
  if (Array.isArray(object)) return changedList(object, mergedItems(left, right));
  return changedMap(object as JsonMap, mergedEntries(left, right));
}

function mergedEntries(left: Parts, right: Parts): [string, unknown][] {
  return [...right].map(([element, { value, type }]) => {
    return [nameOf(element), mergeObjects(left.get(element)?.value, value, type)];
  });
}

/**
 * In the order of the partial list where both have an item; an item that only the object has keeps its place between
 * those, and one that only the partial list has comes before the shared one that follows it there.
 */
function mergedItems(left: Parts, right: Parts): unknown[] {
  const rest = [...right.keys()];
  const items: unknown[] = [];
  const take = (element: PathElement): void => {
    const { value, type } = right.get(element)!;
    items.push(mergeObjects(left.get(element)?.value, value, type));
  };
  for (const [element, { value }] of left) {
    if (!right.has(element)) items.push(value);
    else if (rest.find((other) => left.has(other)) === element) rest.splice(0, rest.indexOf(element) + 1).forEach(take);
  }
  rest.forEach(take);
  return items;
}

/**
 * The value without what the manager applied last and nobody owns now; lists and maps that lose their last part go with it.
 *
 * @param owned by all managers, the applying one with what it applies now
 */
export function pruneFields(value: unknown, last: FieldSet, owned: FieldSet, type: FieldType): unknown {
  const parts = last.isEmpty ? undefined : partsOf(value, type);
  if (!parts) return value;
  const kept = [...parts].map(([element, part]): [PathElement, unknown] => {
    const before = last.get(element);
    return [element, before ? prunedPart(part, before, owned.get(element)) : part.value];
  });
  if (!Array.isArray(value)) {
    const entries = kept.map(([element, entry]): [string, unknown] => [nameOf(element), entry]);
    return changedMap(value as JsonMap, entries);
  }
  const items = kept.map(([, item]) => item);
  return changedList(
    value,
    items.filter((item) => item !== undefined),
  );
}

/** Undefined when nothing is left. */
function prunedPart({ value, type, isNamed }: Part, last: FieldNode, owned: FieldNode | undefined): unknown {
  // A field that the schema names is owned by whoever owns something in it.
  const isOwned = owned !== undefined && (owned.isMember || (isNamed && !owned.below.isEmpty));
  if (last.isMember && !isOwned) return undefined;
  const rest = pruneFields(value, last.below, owned?.below ?? FieldSet.empty, type);
  return rest !== value && Object.keys(rest as object).length === 0 ? undefined : rest;
}

function changedList(list: readonly unknown[], items: readonly unknown[]): readonly unknown[] {
  const isSame = items.length === list.length && items.every((item, index) => item === list[index]);
  return isSame ? list : items;
}

/** With these entries; one that is undefined is removed. */
function changedMap(map: JsonMap, entries: readonly (readonly [string, unknown])[]): JsonMap {
  const changed = new Map(entries.filter(([name, entry]) => !Object.hasOwn(map, name) || map[name] !== entry));
  if (changed.size === 0) return map;
  const all = [...new Map([...Object.entries(map), ...changed])];
  return Object.fromEntries(all.filter(([, entry]) => entry !== undefined));
}

function nameOf(element: PathElement): string {
  return element.slice('f:'.length);
}
