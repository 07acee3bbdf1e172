/**
 * Reads an object by its schema: copies what the schema knows, drops and reports what it does not, and refuses values that
 * the API server could not decode into its Go types. The copy shares nothing that is changed later.
 *
 * Custom resources are pruned only; their types are judged by the schema validation, which says it in other words.
 *
 * Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning
 */
import { DecodingFailure } from '../decoding-failure.ts';
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
      if (item === null && of.nullable !== true && !isAny(of)) {
        if (reading.typed && !known && of.type === 'string' && of.format === undefined) put(copy, key, '');
        continue;
      }
      if (reading.typed && known && isLeftOut(item, of, schema, key)) continue;
      const goPath = known ? child(place.goPath, key) : place.goPath;
      put(copy, key, copyOf(item, of, { path, goPath, struct }, reading));
    } else if (preserves || additionalProperties === true) {
      put(copy, key, structuredClone(item));
    } else {
      reading.unknownFields.push(path);
    }
  }
  return copy;
}

/** Also under a key that objects of JavaScript have by themselves. */
function put(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== '__proto__') object[key] = value;
  else Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** Lists of these are written even when they are empty, though they are not required. */
const writtenEmpty: ReadonlySet<string> = new Set(['ClusterRole.rules', 'EndpointSlice.ports', 'Role.rules']);

/** Go writes no empty list or map, but where the field is required; an empty struct is something. */
function isLeftOut(item: unknown, schema: Schema, parent: Schema, key: string): boolean {
  if (typeof item !== 'object' || item === null || Object.keys(item).length > 0) return false;
  if (parent.required?.includes(key) || writtenEmpty.has(`${structOf(parent)}.${key}`)) return false;
  if (Array.isArray(item)) return schema.type === 'array';
  return typeof schema.additionalProperties === 'object' && definitionOf(schema) === undefined;
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

function checkType(value: unknown, schema: Schema, { goPath, struct }: Place, type: KindName): void {
  if (value === null || schema.type === undefined) return;
  const actual = jsonType(value);
  const fits =
    schema.type === 'integer' ? Number.isInteger(value) : schema.type === (actual === 'bool' ? 'boolean' : actual);
  if (fits) return;
  const expected = goType(schema);
  const what = actual === 'number' && schema.type === 'integer' ? `number ${JSON.stringify(value)}` : actual;
  const why = `json: cannot unmarshal ${what} into Go struct field ${struct}.${goPath} of type ${expected}`;
  throw new DecodingFailure(type, why, conversionFailure(value, schema, expected));
}

/** As runtime.DefaultUnstructuredConverter of apimachinery tells it. */
function conversionFailure(value: unknown, schema: Schema, expected: string): string {
  const actual = { string: 'string', boolean: 'bool', number: numberType(value) }[typeof value as 'string'] ?? '';
  if (schema.type === 'array') return `cannot restore slice from ${kindOf(value)}`;
  if (schema.type === 'object') {
    return definitionOf(schema)
      ? `cannot restore struct from: ${kindOf(value)}`
      : `cannot restore map from ${kindOf(value)}`;
  }
  // Go converts between numbers, and an integer to the text of its character, which the converter then refuses.
  const isNumber = typeof value === 'number';
  const converts = isNumber && (schema.type !== 'string' || Number.isInteger(value)) && schema.type !== 'boolean';
  return converts ? `cannot convert ${actual} to ${expected}` : `unrecognized type: ${expected}`;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  if (typeof value === 'number') return numberType(value);
  return { boolean: 'bool', object: 'map' }[typeof value as 'boolean'] ?? typeof value;
}

function numberType(value: unknown): string {
  return Number.isInteger(value) ? 'int64' : 'float64';
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
