/**
 * A schema as field ownership sees it: into which parts a value falls. Maps fall into their fields or entries, lists that
 * have keys (or are sets) into their items; scalars, atomic lists and atomic maps are one piece.
 *
 * Fields without a schema (preserved unknown ones, free-form objects) have the deduced type: maps fall into their entries,
 * everything else is one piece. So is a list in which two items are the same: nobody could say which of them is meant.
 *
 * Source: k8s.io/kube-openapi/pkg/schemaconv.
 */
import type { Schema } from '../../../operator/admission/schema.ts';

/** One step of a path, as FieldsV1 writes it: `f:name` a field, `k:{"name":"web"}` or `v:"x"` an item of a list. */
export type PathElement = string;

export interface FieldType {
  /** Undefined where there can be no field of this name. */
  fieldOf(name: string): FieldType | undefined;
  /** Whether the schema names this field; entries of a map have no names there. */
  isNamed(name: string): boolean;
  readonly isAtomicMap: boolean;
  /** Of lists that fall into items: the fields that tell these apart, none for sets. */
  readonly itemKeys: readonly string[] | undefined;
  readonly items: FieldType;
  /** Of the item's key, where it does not say it. */
  defaultOf(key: string): unknown;
}

export interface Part {
  readonly value: unknown;
  readonly type: FieldType;
  readonly isNamed: boolean;
}

export type Parts = ReadonlyMap<PathElement, Part>;

const deduced: FieldType = {
  fieldOf: () => deduced,
  isNamed: () => false,
  isAtomicMap: false,
  itemKeys: undefined,
  get items() {
    return deduced;
  },
  defaultOf: () => undefined,
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
  const { properties = {}, additionalProperties, items } = schema;
  const isNamed = (name: string): boolean => Object.hasOwn(properties, name);
  const isFree = additionalProperties ?? (preserves || Object.keys(properties).length === 0);
  const others = (): FieldType | undefined => {
    if (typeof isFree === 'object') return fieldTypeOf(isFree, preserves);
    return isFree ? deduced : undefined;
  };
  return {
    fieldOf: (name) => (isNamed(name) ? fieldTypeOf(properties[name]!, preserves) : others()),
    isNamed,
    isAtomicMap: schema['x-kubernetes-map-type'] === 'atomic',
    itemKeys: itemKeysOf(schema),
    get items() {
      return items ? fieldTypeOf(items, preserves) : deduced;
    },
    defaultOf: (key) => items?.properties?.[key]?.default,
  };
}

function itemKeysOf(schema: Schema): readonly string[] | undefined {
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'set') return [];
  if (listType === 'map') return (schema['x-kubernetes-list-map-keys'] ?? []).toSorted();
  if (listType !== undefined) return undefined;
  // Older types say it only by their strategy for patches.
  const strategies = schema['x-kubernetes-patch-strategy']?.split(',') ?? [];
  if (!strategies.includes('merge')) return undefined;
  const mergeKey = schema['x-kubernetes-patch-merge-key'];
  return mergeKey === undefined ? [] : [mergeKey];
}

/** Undefined for what is one piece. */
export function partsOf(value: unknown, type: FieldType): Parts | undefined {
  if (Array.isArray(value)) return itemsOf(value, type);
  const map = mapOf(value);
  if (map === undefined || type.isAtomicMap) return undefined;
  const parts = new Map<PathElement, Part>();
  for (const [name, entry] of Object.entries(map)) {
    const entryType = entry === undefined ? undefined : type.fieldOf(name);
    if (entryType) parts.set(`f:${name}`, { value: entry, type: entryType, isNamed: type.isNamed(name) });
  }
  return parts;
}

function itemsOf(list: readonly unknown[], type: FieldType): Parts | undefined {
  if (type.itemKeys === undefined) return undefined;
  const parts = new Map<PathElement, Part>();
  for (const item of list) {
    const element = itemElement(item, type, type.itemKeys);
    if (element === undefined || parts.has(element)) return undefined;
    parts.set(element, { value: item, type: type.items, isNamed: false });
  }
  return parts;
}

/** Undefined when the item has no place in a list of this type. */
function itemElement(item: unknown, type: FieldType, keys: readonly string[]): PathElement | undefined {
  if (keys.length === 0) return typeof item === 'object' ? undefined : `v:${JSON.stringify(item)}`;
  const map = mapOf(item);
  if (map === undefined) return undefined;
  const found = keys.map((key) => [key, map[key] ?? type.defaultOf(key)]).filter(([, value]) => value !== undefined);
  return found.length === 0 ? undefined : `k:${JSON.stringify(Object.fromEntries(found))}`;
}

export type JsonMap = Readonly<Record<string, unknown>>;

/** Undefined when it is no map. */
export function mapOf(value: unknown): JsonMap | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonMap) : undefined;
}
