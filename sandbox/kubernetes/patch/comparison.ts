/**
 * What a change did to an object, as sets of fields.
 *
 * Subtrees that both objects share by reference cost nothing.
 *
 * Source: sigs.k8s.io/structured-merge-diff/v6/typed/compare.go.
 */
import { isDeepStrictEqual } from 'node:util';
import { FieldSet } from './field-set.ts';
import type { FieldNode } from './field-set.ts';
import type { FieldType, ListType, MapType } from './field-type.ts';
import { entryOf, isEmptyMap, keysOfBoth, listOf, mapOf, shapeOf } from './field-value.ts';
import type { JsonList, JsonMap, Shape } from './field-value.ts';
import { fieldElement } from './path-element.ts';
import type { PathElement } from './path-element.ts';

/** No field is in more than one of them. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

export function compareObjects(before: unknown, after: unknown, type: FieldType): Comparison {
  const { added, modified, removed } = compare(before, after, type);
  return { added: added.below, modified: modified.below, removed: removed.below };
}

type Kind = 'added' | 'modified' | 'removed';
type Difference = Readonly<Record<Kind, FieldNode>>;

const nothing: FieldNode = { isMember: false, below: FieldSet.empty };
const here: FieldNode = { isMember: true, below: FieldSet.empty };
const same: Difference = { added: nothing, modified: nothing, removed: nothing };

/** `undefined` is a value that is not there; one of the two is there. */
function compare(before: unknown, after: unknown, type: FieldType): Difference {
  if (before === after) return same;
  if (after === undefined) return compareAs(shapeOf(before, type), before, after);
  const shape = shapeOf(after, type);
  if (before === undefined) return compareAs(shape, before, after);
  const earlier = shapeOf(before, type);
  if (earlier.kind === shape.kind) return compareAs(shape, before, after);
  // A value of another kind: what was below it goes, what is below the new one comes.
  return both(compareAs(earlier, before, after), compareAs(shape, before, after));
}

function compareAs(shape: Shape, before: unknown, after: unknown): Difference {
  if (shape.kind === 'scalar') return compareLeaves(before, after);
  if (shape.kind === 'list') {
    const [left, right] = [listOf(before), listOf(after)];
    const isLeaf = shape.type.isAtomic || ((left?.length ?? 0) === 0 && (right?.length ?? 0) === 0);
    if (isLeaf) return compareLeaves(before, after);
    return withContainer(compareLists(left ?? [], right ?? [], shape.type), before, after);
  }
  const [left, right] = [mapOf(before), mapOf(after)];
  if (shape.type.isAtomic || (isEmptyMap(left) && isEmptyMap(right))) return compareLeaves(before, after);
  return withContainer(compareMaps(left, right, shape.type), before, after);
}

function compareLeaves(before: unknown, after: unknown): Difference {
  if (before === undefined) return { ...same, added: here };
  if (after === undefined) return { ...same, removed: here };
  return isDeepStrictEqual(before, after) ? same : { ...same, modified: here };
}

/** A list or map that comes or goes is added or removed itself, besides its parts. */
function withContainer(parts: Difference, before: unknown, after: unknown): Difference {
  if (before === undefined) return { ...parts, added: { isMember: true, below: parts.added.below } };
  if (after === undefined) return { ...parts, removed: { isMember: true, below: parts.removed.below } };
  return parts;
}

function compareMaps(before: JsonMap | undefined, after: JsonMap | undefined, type: MapType): Difference {
  const parts = new Parts();
  for (const key of keysOfBoth(before, after)) {
    const valueType = type.of(key);
    if (valueType) parts.add(fieldElement(key), compare(entryOf(before, key), entryOf(after, key), valueType));
  }
  return parts.difference();
}

function compareLists(before: JsonList, after: JsonList, type: ListType): Difference {
  const [left, right] = [byElement(before, type), byElement(after, type)];
  const parts = new Parts();
  for (const element of new Set([...left.keys(), ...right.keys()])) {
    parts.add(element, compareItems(left.get(element) ?? [], right.get(element) ?? [], type.items));
  }
  return parts.difference();
}

/** Items that are there several times are one piece together. */
function compareItems(before: JsonList, after: JsonList, type: FieldType): Difference {
  if (before.length <= 1 && after.length <= 1) return compare(before[0], after[0], type);
  if (before.length >= 2 && after.length >= 2) {
    return isDeepStrictEqual(before, after) ? same : { ...same, modified: here };
  }
  const [from, to] = before.length >= 2 ? [undefined, after[0]] : [before[0], undefined];
  const single = compare(from, to, type);
  return both(single, before.length >= 2 ? { ...same, removed: here } : { ...same, added: here });
}

function byElement(list: JsonList, type: ListType): Map<PathElement, unknown[]> {
  const items = new Map<PathElement, unknown[]>();
  for (const item of list) {
    const element = type.elementOf(item);
    const known = items.get(element);
    if (known) known.push(item);
    else items.set(element, [item]);
  }
  return items;
}

function both(a: Difference, b: Difference): Difference {
  const join = (kind: Kind): FieldNode => ({
    isMember: a[kind].isMember || b[kind].isMember,
    below: a[kind].below.union(b[kind].below),
  });
  return { added: join('added'), modified: join('modified'), removed: join('removed') };
}

class Parts {
  readonly #nodes: Record<Kind, [PathElement, FieldNode][]> = { added: [], modified: [], removed: [] };

  add(element: PathElement, difference: Difference): void {
    if (difference === same) return;
    for (const kind of ['added', 'modified', 'removed'] as const) this.#nodes[kind].push([element, difference[kind]]);
  }

  difference(): Difference {
    const node = (kind: Kind): FieldNode => ({ isMember: false, below: FieldSet.fromNodes(this.#nodes[kind]) });
    return { added: node('added'), modified: node('modified'), removed: node('removed') };
  }
}
