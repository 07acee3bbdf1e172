/**
 * Reads an object by its schema: copies what the schema knows, drops and reports what it does not, and refuses values that
 * the API server could not decode into its Go types. The copy shares nothing that is changed later.
 *
 * Custom resources are pruned only; their types are judged by the schema validation, which says it in other words.
 *
 * Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning
 */
import { ApiFailure } from '../api-failure.ts';
import type { Schema } from '../schema.ts';
import { definitionOf } from '../types/schema-graph.ts';
import { child, isJsonObject } from './json.ts';

export interface Decoded {
  readonly value: unknown;
  /** Paths of the fields that were dropped, sorted. */
  readonly unknownFields: readonly string[];
}

/** @param embedded schema of the metadata that objects within objects have */
export function prune(value: unknown, schema: Schema, embedded: Schema): Decoded {
  return read(value, schema, { typed: undefined, embedded, unknownFields: [] });
}

/**
 * @param kind for the message
 * @throws ApiFailure `BadRequest` for a value of the wrong type
 */
export function decode(value: unknown, schema: Schema, kind: KindName): Decoded {
  return read(value, schema, { typed: kind, embedded: {}, unknownFields: [] });
}

interface KindName {
  readonly kind: string;
  readonly version: string;
}

interface Reading {
  /** Given for built-in kinds. */
  readonly typed: KindName | undefined;
  readonly embedded: Schema;
  readonly unknownFields: string[];
}

/** Where in the object a value is. */
interface Place {
  readonly path: string;
  /** As Go tells of it: without keys of maps and indexes of lists. */
  readonly goPath: string;
  /** The Go type that holds the value. */
  readonly struct: string;
}

function read(value: unknown, schema: Schema, reading: Reading): Decoded {
  const root = { path: '', goPath: '', struct: reading.typed?.kind ?? '' };
  const copy = copyOf(value, schema, root, reading);
  return { value: copy, unknownFields: [...new Set(reading.unknownFields)].sort() };
}

function copyOf(value: unknown, schema: Schema, place: Place, reading: Reading): unknown {
  if (reading.typed) checkType(value, schema, place, reading.typed);
  if (Array.isArray(value)) {
    const { items = preserving } = schema;
    return value.map((item, index) => copyOf(item, items, { ...place, path: `${place.path}[${index}]` }, reading));
  }
  if (isJsonObject(value)) return copyOfObject(value, schema, place, reading);
  return value;
}

const preserving: Schema = { 'x-kubernetes-preserve-unknown-fields': true };

function copyOfObject(value: Record<string, unknown>, schema: Schema, place: Place, reading: Reading): unknown {
  const { properties, additionalProperties } = schema;
  const preserves = schema['x-kubernetes-preserve-unknown-fields'] === true || isAny(schema);
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  const struct = structOf(schema) ?? place.struct;
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value)) {
    // Callers within the process leave fields out by undefined.
    if (item === undefined) continue;
    const path = child(place.path, key);
    const known = isEmbedded ? embeddedSchema(key, properties?.[key], reading) : own(properties, key);
    const of = known ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (of) {
      // Null is the same as absent, but where the schema has a meaning for it.
      if (item === null && of.nullable !== true && !isAny(of)) continue;
      const goPath = known ? child(place.goPath, key) : place.goPath;
      copy[key] = copyOf(item, of, { path, goPath, struct }, reading);
    } else if (preserves || additionalProperties === true) {
      copy[key] = structuredClone(item);
    } else {
      reading.unknownFields.push(path);
    }
  }
  return copy;
}

function own(properties: Schema['properties'], key: string): Schema | undefined {
  return properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
}

function embeddedSchema(key: string, property: Schema | undefined, { embedded }: Reading): Schema | undefined {
  if (key === 'apiVersion' || key === 'kind') return { type: 'string' };
  if (key === 'metadata') return embedded;
  return property;
}

/** A schema that says nothing about the type, such as that of JSON in a CRD. */
function isAny(schema: Schema): boolean {
  return schema.type === undefined && !schema.properties && !schema['x-kubernetes-int-or-string'];
}

function checkType(value: unknown, schema: Schema, { goPath, struct }: Place, { kind, version }: KindName): void {
  if (value === null || schema.type === undefined) return;
  const expected = goType(schema);
  const actual = jsonType(value);
  const fits =
    schema.type === 'integer' ? Number.isInteger(value) : schema.type === (actual === 'bool' ? 'boolean' : actual);
  if (fits) return;
  const what = actual === 'number' && schema.type === 'integer' ? `number ${JSON.stringify(value)}` : actual;
  throw new ApiFailure(
    'BadRequest',
    `${kind} in version "${version}" cannot be handled as a ${kind}: json: cannot unmarshal ${what} into Go struct ` +
      `field ${struct}.${goPath} of type ${expected}`,
  );
}

function jsonType(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value;
}

function goType(schema: Schema): string {
  if (schema.type === 'integer') return schema.format ?? 'int64';
  if (schema.type === 'boolean') return 'bool';
  if (schema.type === 'number') return 'float64';
  if (schema.type === 'array') return `[]${schema.items ? goType(schema.items) : 'interface {}'}`;
  if (schema.type === 'object' && typeof schema.additionalProperties === 'object') {
    return `map[string]${goType(schema.additionalProperties)}`;
  }
  if (schema.type !== 'object') return 'string';
  const parts = definitionOf(schema)?.split('.').slice(-2) ?? [];
  return parts.length === 2 ? parts.join('.') : 'map[string]interface {}';
}

/** `Container`; undefined for what is no type of its own, such as a map. */
function structOf(schema: Schema): string | undefined {
  return definitionOf(schema)?.split('.').at(-1);
}
