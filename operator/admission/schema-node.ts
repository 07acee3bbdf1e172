/**
 * A value of an object with the schema that judges it, and with the value that an update replaces by it: what the walks
 * over an object look at.
 *
 * An item of a list has a value of before only where the list is a map, by its keys; items of other lists are nobody in
 * particular.
 */
import { isJsonObject } from './json.ts';
import { type Schema, schemaAt } from './schema.ts';

export interface SchemaNode {
  readonly value: unknown;
  /** Undefined where there was none. */
  readonly previous: unknown;
  readonly schema: Schema;
  /** Such as `spec.ports[0].name`; '' at the root. */
  readonly path: string;
}

/** @param entryPath of a key of a map whose keys are the user's; the API server writes them in two ways */
export function* nodesBelow(node: SchemaNode, entryPath = fieldPath): Generator<SchemaNode> {
  const { value, previous, schema, path } = node;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!items) return;
    const before = itemsByKeys(previous, schema);
    for (const [index, item] of value.entries()) {
      yield { value: item, previous: before?.get(keysText(item, schema)), schema: items, path: `${path}[${index}]` };
    }
    return;
  }
  if (!isJsonObject(value)) return;
  const before = isJsonObject(previous) ? previous : {};
  for (const [key, item] of Object.entries(value)) {
    const below = schemaAt(schema, key);
    if (!below) continue;
    const isField = schema.properties !== undefined && Object.hasOwn(schema.properties, key);
    const pathBelow = isField ? fieldPath(path, key) : entryPath(path, key);
    yield {
      value: item,
      previous: Object.hasOwn(before, key) ? before[key] : undefined,
      schema: below,
      path: pathBelow,
    };
  }
}

/** `a.b` */
export function fieldPath(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** `a[b]` */
export function bracketPath(path: string, key: string): string {
  return `${path}[${key}]`;
}

/** The keys of an item of a list that is a map, with their values. */
export function keysOf(item: unknown, schema: Schema): object {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return Object.fromEntries(keys.map((key) => [key, isJsonObject(item) ? item[key] : undefined]));
}

function keysText(item: unknown, schema: Schema): string {
  return JSON.stringify(keysOf(item, schema));
}

function itemsByKeys(previous: unknown, schema: Schema): ReadonlyMap<string, unknown> | undefined {
  if (!Array.isArray(previous) || schema['x-kubernetes-list-type'] !== 'map') return undefined;
  return new Map(previous.map((item) => [keysText(item, schema), item]));
}
