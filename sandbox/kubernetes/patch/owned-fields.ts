/**
 * The fields that an object mentions: its leaves, the items of its lists, the entries of its maps.
 *
 * Source: sigs.k8s.io/structured-merge-diff/v6/typed/tofieldset.go.
 */
import { FieldSet } from './field-set.ts';
import type { FieldNode } from './field-set.ts';
import type { FieldType, ListType, MapType } from './field-type.ts';
import { isEmptyMap, listOf, mapOf, shapeOf } from './field-value.ts';
import type { JsonList, JsonMap } from './field-value.ts';
import { fieldElement } from './path-element.ts';
import type { PathElement } from './path-element.ts';

export function fieldsOf(object: unknown, type: FieldType): FieldSet {
  return nodeOf(object, type).below;
}

const leaf: FieldNode = { isMember: true, below: FieldSet.empty };

function nodeOf(value: unknown, type: FieldType): FieldNode {
  const shape = shapeOf(value, type);
  if (shape.kind === 'scalar' || shape.type.isAtomic) return leaf;
  if (shape.kind === 'list') return { isMember: false, below: fieldsOfList(listOf(value) ?? [], shape.type) };
  return { isMember: false, below: fieldsOfMap(mapOf(value) ?? {}, shape.type) };
}

function fieldsOfMap(map: JsonMap, type: MapType): FieldSet {
  const nodes: [PathElement, FieldNode][] = [];
  for (const [key, value] of Object.entries(map)) {
    const valueType = type.of(key);
    if (!valueType || value === undefined) continue;
    const node = nodeOf(value, valueType);
    const isVoid = value === null || (typeof value === 'object' && !Array.isArray(value) && isEmptyMap(mapOf(value)));
    nodes.push([fieldElement(key), isVoid || !type.isNamed(key) ? { ...node, isMember: true } : node]);
  }
  return FieldSet.fromNodes(nodes);
}

function fieldsOfList(list: JsonList, type: ListType): FieldSet {
  const nodes = new Map<PathElement, FieldNode>();
  for (const item of list) {
    const element = type.elementOf(item);
    // Of items that are there twice nothing below is owned: nobody could say in which of them.
    nodes.set(element, nodes.has(element) ? leaf : { isMember: true, below: nodeOf(item, type.items).below });
  }
  return FieldSet.fromNodes(nodes);
}
