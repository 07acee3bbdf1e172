/**
 * Fills in the defaults of a schema, in place. Defaults of objects that are there, and those that a default brings with it,
 * are filled in likewise; an object that is not there and has no default stays away with all that is in it.
 */
import type { Schema } from '../schema.ts';
import { isJsonObject } from './json.ts';

export function applyDefaults(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!items) return;
    for (const item of value) applyDefaults(item, items);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [key, ofKey] of defaultsOf(schema)) {
    if (value[key] === undefined) value[key] = typeof ofKey === 'object' ? structuredClone(ofKey) : ofKey;
  }
  const { properties = {}, additionalProperties } = schema;
  for (const key of Object.keys(value)) {
    const below = value[key];
    if (typeof below !== 'object' || below === null) continue;
    if (Object.hasOwn(properties, key)) applyDefaults(below, properties[key]!);
    else if (typeof additionalProperties === 'object') applyDefaults(below, additionalProperties);
  }
}

const known = new WeakMap<Schema, readonly (readonly [string, unknown])[]>();

/** Of the properties that have one; found once for each schema, since structs have many properties and few defaults. */
function defaultsOf(schema: Schema): readonly (readonly [string, unknown])[] {
  let defaults = known.get(schema);
  if (defaults === undefined) {
    const all = Object.entries(schema.properties ?? {}).map(([key, property]) => [key, property.default] as const);
    defaults = all.filter(([, value]) => value !== undefined);
    known.set(schema, defaults);
  }
  return defaults;
}
