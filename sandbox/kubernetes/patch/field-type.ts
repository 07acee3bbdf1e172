/**
 * A schema as field ownership sees it: which of the values a field takes are one piece (scalars, atomic lists and maps),
 * and how the others fall into parts (fields, entries of maps, items of lists by their keys or values).
 *
 * Fields without a schema (preserved unknown ones, free-form objects) have the deduced type: maps fall into their entries,
 * everything else is one piece.
 *
 * Source: k8s.io/kube-openapi/pkg/schemaconv.
 */
import type { Schema } from '../../../operator/admission/schema.ts';
import { keyElement, valueElement } from './path-element.ts';
import type { PathElement } from './path-element.ts';

export type ScalarType = 'number' | 'string' | 'boolean' | 'any';

export interface FieldType {
  readonly scalar?: ScalarType;
  readonly list?: ListType;
  readonly map?: MapType;
}

export interface ListType {
  readonly isAtomic: boolean;
  readonly items: FieldType;
  /** @throws TypeError with the API server's words when the item has no place in a list of this type */
  elementOf(item: unknown): PathElement;
}

export interface MapType {
  readonly isAtomic: boolean;
  /** Whether the schema names this field; entries of a map have no names there. */
  isNamed(name: string): boolean;
  /** Undefined when there can be no such field. */
  of(name: string): FieldType | undefined;
}

const untyped: FieldType = {
  scalar: 'any',
  list: {
    isAtomic: true,
    get items() {
      return untyped;
    },
    elementOf: () => refuse('invalid indexing of non-associative list'),
  },
  map: { isAtomic: true, isNamed: () => false, of: () => untyped },
};

const deduced: FieldType = {
  scalar: 'any',
  list: untyped.list,
  map: { isAtomic: false, isNamed: () => false, of: () => deduced },
};

const types = new WeakMap<Schema, FieldType>();
const preservingTypes = new WeakMap<Schema, FieldType>();

export function fieldTypeOf(schema: Schema, preservesUnknown = false): FieldType {
  const preserves = preservesUnknown || schema['x-kubernetes-preserve-unknown-fields'] === true;
  const known = preserves ? preservingTypes : types;
  let type = known.get(schema);
  if (!type) known.set(schema, (type = typeOf(schema, preserves)));
  return type;
}

function typeOf(schema: Schema, preserves: boolean): FieldType {
  switch (schema.type) {
    case 'object':
      return { map: mapType(schema, preserves) };
    case 'array':
      return { list: listType(schema, preserves) };
    case 'string':
      return { scalar: schema.format === undefined || schema.format === 'byte' ? 'string' : 'any' };
    case 'integer':
    case 'number':
      return { scalar: 'number' };
    case 'boolean':
      return { scalar: 'boolean' };
    case undefined:
      return { scalar: 'any', list: listType(schema, preserves), map: mapType(schema, preserves) };
  }
}

function mapType(schema: Schema, preserves: boolean): MapType {
  const { properties = {}, additionalProperties } = schema;
  const isNamed = (name: string): boolean => Object.hasOwn(properties, name);
  const others = (): FieldType | undefined => {
    if (typeof additionalProperties === 'object') return fieldTypeOf(additionalProperties, preserves);
    if (additionalProperties === undefined) {
      return preserves || Object.keys(properties).length === 0 ? deduced : undefined;
    }
    return additionalProperties ? deduced : undefined;
  };
  return {
    isAtomic: schema['x-kubernetes-map-type'] === 'atomic',
    isNamed,
    of(name) {
      const property = isNamed(name) ? properties[name] : undefined;
      return property ? fieldTypeOf(property, preserves) : others();
    },
  };
}

function listType(schema: Schema, preserves: boolean): ListType {
  const { items } = schema;
  const keys = keysOf(schema);
  return {
    isAtomic: keys === undefined,
    get items() {
      return items ? fieldTypeOf(items, preserves) : untyped;
    },
    elementOf(item) {
      if (!keys) return refuse('invalid indexing of non-associative list');
      return keys.length === 0 ? elementOfSet(item) : elementOfMap(item, keys, items);
    },
  };
}

/** Undefined for atomic lists, none for sets. */
function keysOf(schema: Schema): readonly string[] | undefined {
  const listKind = schema['x-kubernetes-list-type'];
  if (listKind === 'set') return [];
  if (listKind === 'map') return (schema['x-kubernetes-list-map-keys'] ?? []).toSorted();
  if (listKind !== undefined) return undefined;
  // Older types say it only by their strategy for patches.
  const strategy = schema['x-kubernetes-patch-strategy'];
  if (strategy !== 'merge' && strategy !== 'merge,retainKeys') return undefined;
  const mergeKey = schema['x-kubernetes-patch-merge-key'];
  return mergeKey === undefined ? [] : [mergeKey];
}

function elementOfSet(item: unknown): PathElement {
  if (item === null) return refuse("associative list without keys has an element that's an explicit null");
  if (Array.isArray(item)) return refuse('not supported: associative list with lists as elements');
  if (typeof item === 'object') return refuse("associative list without keys has an element that's a map type");
  return valueElement(item);
}

function elementOfMap(item: unknown, keys: readonly string[], items: Schema | undefined): PathElement {
  if (item === null) return refuse('associative list with keys may not have a null element');
  if (typeof item !== 'object' || Array.isArray(item)) {
    return refuse('associative list with keys may not have non-map elements');
  }
  const found: [string, unknown][] = [];
  for (const key of keys) {
    const value = (item as Record<string, unknown>)[key] ?? items?.properties?.[key]?.default;
    if (value !== undefined) found.push([key, value]);
  }
  if (found.length > 0) return keyElement(found);
  const names = `["${keys.join('" "')}"]`;
  return refuse(
    `associative list with keys has an element that omits all key fields ${names} (and doesn't have default values for any key fields)`,
  );
}

function refuse(message: string): never {
  throw new TypeError(message);
}
