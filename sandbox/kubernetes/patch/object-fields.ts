/**
 * Objects as sets of fields: which ones an object mentions, and what a change did to them.
 *
 * Source: sigs.k8s.io/structured-merge-diff/v6/typed/tofieldset.go and compare.go.
 */
import { isDeepStrictEqual } from 'node:util';
import { FieldSet } from './field-set.ts';
import type { FieldNode } from './field-set.ts';
import { partsOf } from './field-type.ts';
import type { FieldType, PathElement } from './field-type.ts';

/** The leaves of an object, the items of its lists, the entries of its maps. */
export function fieldsOf(value: unknown, type: FieldType): FieldSet {
  const nodes: [PathElement, FieldNode][] = [];
  for (const [element, part] of partsOf(value, type) ?? []) {
    // An empty list that would fall into items has none that somebody could own.
    if (part.type.itemKeys !== undefined && Array.isArray(part.value) && part.value.length === 0) continue;
    const below = fieldsOf(part.value, part.type);
    // A field that the schema names is there for what is in it; everything else is something by itself.
    nodes.push([element, { isMember: below.isEmpty || !part.isNamed, below }]);
  }
  return FieldSet.fromNodes(nodes);
}

/** No field is in both. */
export interface Comparison {
  /** Added, or of another value. */
  readonly written: FieldSet;
  readonly removed: FieldSet;
}

/** Subtrees that both objects share by reference cost nothing. */
export function compareObjects(before: unknown, after: unknown, type: FieldType): Comparison {
  const { written, removed } = compare(before, after, type);
  return { written: written.below, removed: removed.below };
}

interface Difference {
  readonly written: FieldNode;
  readonly removed: FieldNode;
}

const nothing: FieldNode = { isMember: false, below: FieldSet.empty };
const here: FieldNode = { isMember: true, below: FieldSet.empty };

/** `undefined` is a value that is not there; one of the two is there. */
function compare(before: unknown, after: unknown, type: FieldType): Difference {
  if (before === after) return { written: nothing, removed: nothing };
  const [left, right] = [partsOf(before, type), partsOf(after, type)];
  if (!left?.size && !right?.size) {
    const isSame = isDeepStrictEqual(before, after);
    const isGone = after === undefined;
    return { written: isSame || isGone ? nothing : here, removed: isGone ? here : nothing };
  }
  const written: [PathElement, FieldNode][] = [];
  const removed: [PathElement, FieldNode][] = [];
  for (const element of new Set([...(left?.keys() ?? []), ...(right?.keys() ?? [])])) {
    const [from, to] = [left?.get(element), right?.get(element)];
    const difference = compare(from?.value, to?.value, (to ?? from)!.type);
    written.push([element, difference.written]);
    removed.push([element, difference.removed]);
  }
  // A list or map that comes or goes is written or removed itself, besides its parts; so is a value of another kind.
  const isOfBoth = isValue(before) && isValue(after);
  const isOther = isOfBoth && (left === undefined) !== (right === undefined);
  return {
    written: { isMember: before === undefined || isOther, below: FieldSet.fromNodes(written) },
    removed: { isMember: after === undefined, below: FieldSet.fromNodes(removed) },
  };
}

/** Null is a list or map without parts as well. */
function isValue(value: unknown): boolean {
  return value !== undefined && value !== null;
}
