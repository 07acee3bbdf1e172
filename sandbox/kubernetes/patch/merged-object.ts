/**
 * An object with a partial one merged into it: fields of the partial one win, lists fall together by their items, atomic
 * lists and maps are replaced. Nothing is removed.
 *
 * Lists keep the order of the partial one where it has an order; items that only the object has keep their place between.
 *
 * Source: sigs.k8s.io/structured-merge-diff/v6/typed/merge.go.
 */
import { isDeepStrictEqual } from 'node:util';
import type { FieldType, ListType, MapType } from './field-type.ts';
import { entryOf, isEmptyMap, keysOfBoth, listOf, mapOf, shapeOf } from './field-value.ts';
import type { JsonList, JsonMap } from './field-value.ts';
import type { PathElement } from './path-element.ts';

/** Subtrees that do not change are shared, not copied; an object that does not change is returned itself. */
export function mergeObjects(object: unknown, partial: unknown, type: FieldType): unknown {
  if (partial === undefined || object === partial) return object;
  if (object === undefined) return partial;
  const shape = shapeOf(partial, type);
  if (shape.kind === 'scalar' || shape.type.isAtomic) return isDeepStrictEqual(object, partial) ? object : partial;
  if (shape.kind === 'list') {
    const [left, right] = [listOf(object) ?? [], listOf(partial) ?? []];
    if (left.length === 0 && right.length === 0) return isDeepStrictEqual(object, partial) ? object : partial;
    return mergeLists(left, right, shape.type);
  }
  const [left, right] = [mapOf(object), mapOf(partial)];
  if (isEmptyMap(left) && isEmptyMap(right)) return isDeepStrictEqual(object, partial) ? object : partial;
  return mergeMaps(left, right, shape.type);
}

function mergeMaps(object: JsonMap | undefined, partial: JsonMap | undefined, type: MapType): JsonMap {
  let isChanged = object === undefined;
  const entries = keysOfBoth(object, partial).map((key): [string, unknown] => {
    const [before, change] = [entryOf(object, key), entryOf(partial, key)];
    const valueType = type.of(key);
    const value = valueType ? mergeObjects(before, change, valueType) : (change ?? before);
    isChanged ||= value !== before;
    return [key, value];
  });
  return object && !isChanged ? object : Object.fromEntries(entries);
}

function mergeLists(object: JsonList, partial: JsonList, type: ListType): JsonList {
  const changes = new Map(partial.map((item) => [type.elementOf(item), item]));
  const lefts = object.map((item) => type.elementOf(item));
  const rights = [...changes.keys()];
  const known = new Map<PathElement, unknown>();
  // An item that is there twice is replaced, not merged: nobody could say which of them.
  for (const [index, element] of lefts.entries()) known.set(element, known.has(element) ? undefined : object[index]);

  const shared = rights.filter((element) => known.has(element));
  const merged = new Set<PathElement>();
  const out: unknown[] = [];
  const take = (element: PathElement): void => {
    merged.add(element);
    out.push(mergeObjects(known.get(element), changes.get(element), type.items));
    if (shared[0] === element) shared.shift();
  };
  let [left, right] = [0, 0];
  while (left < lefts.length || right < rights.length) {
    const element = lefts[left];
    const next = rights[right];
    if (element !== undefined && element === next) {
      take(element);
      left += 1;
      right += 1;
    } else if (next !== undefined && element !== undefined && isOutOfTurn(element, shared, changes)) {
      left += 1;
    } else if (element !== undefined && !changes.has(element)) {
      out.push(object[left]);
      left += 1;
    } else {
      if (element !== undefined && merged.has(element)) left += 1;
      if (next !== undefined) {
        take(next);
        right += 1;
      }
    }
  }
  const isSame = out.length === object.length && out.every((item, index) => item === object[index]);
  return isSame ? object : out;
}

/** Both have the item, and it is to come where the partial object has it. */
function isOutOfTurn(
  element: PathElement,
  shared: readonly PathElement[],
  changes: ReadonlyMap<PathElement, unknown>,
): boolean {
  return shared.length > 0 && shared[0] !== element && changes.has(element);
}
