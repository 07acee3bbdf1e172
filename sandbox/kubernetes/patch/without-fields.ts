/**
 * An object without some of its fields: what a manager leaves behind that no longer applies them.
 *
 * Source: sigs.k8s.io/structured-merge-diff/v6/typed/remove.go and fieldpath/set.go (EnsureNamedFieldsAreMembers).
 */
import { FieldSet } from './field-set.ts';
import type { FieldNode } from './field-set.ts';
import type { FieldType, ListType, MapType } from './field-type.ts';
import { listOf, mapOf, shapeOf } from './field-value.ts';
import type { JsonList, JsonMap } from './field-value.ts';
import { fieldElement } from './path-element.ts';
import type { PathElement } from './path-element.ts';

/** What becomes of a list or map that loses everything but its own place: it goes too, or leaves a null. */
export type Emptied = null | undefined;

/** What loses nothing is returned itself. */
export function withoutFields(value: unknown, fields: FieldSet, type: FieldType, emptied: Emptied): unknown {
  if (fields.isEmpty) return value;
  const shape = shapeOf(value, type);
  if (shape.kind === 'scalar') return value;
  if (shape.type.isAtomic) return emptied;
  if (shape.kind === 'list') return withoutItems(listOf(value) ?? [], fields, shape.type, emptied);
  return withoutEntries(mapOf(value) ?? {}, fields, shape.type, emptied);
}

function withoutItems(list: JsonList, fields: FieldSet, type: ListType, emptied: Emptied): JsonList | Emptied {
  const kept = list.flatMap((item) => {
    const node = fields.get(type.elementOf(item));
    if (node?.isMember) return [];
    return [node ? withoutFields(item, node.below, type.items, emptied) : item];
  });
  if (kept.length === list.length && kept.every((item, index) => item === list[index])) return list;
  return kept.length > 0 ? kept : emptied;
}

function withoutEntries(map: JsonMap, fields: FieldSet, type: MapType, emptied: Emptied): JsonMap | Emptied {
  const kept: [string, unknown][] = [];
  let isChanged = false;
  for (const [key, entry] of Object.entries(map)) {
    const node = fields.get(fieldElement(key));
    const entryType = node && type.of(key);
    const isGone = node?.isMember === true;
    const rest = isGone ? undefined : entryType ? withoutFields(entry, node.below, entryType, emptied) : entry;
    isChanged ||= rest !== entry;
    if (rest !== undefined) kept.push([key, rest]);
  }
  if (!isChanged) return map;
  return kept.length > 0 ? Object.fromEntries(kept) : emptied;
}

/**
 * With the fields that the schema names and that have members below. Sets leave these out, since a named field is there
 * for no other reason than what is in it.
 */
export function withNamedFields(fields: FieldSet, type: FieldType | undefined): FieldSet {
  const nodes: [PathElement, FieldNode][] = [];
  for (const [element, { isMember, below }] of fields.nodes()) {
    const name = element.startsWith('f:') ? element.slice(2) : undefined;
    const isNamed = name !== undefined && !below.isEmpty && type?.map?.isNamed(name) === true;
    const typeBelow = name === undefined ? type?.list?.items : type?.map?.of(name);
    nodes.push([element, { isMember: isMember || isNamed, below: withNamedFields(below, typeBelow) }]);
  }
  return FieldSet.fromNodes(nodes);
}
