/**
 * Fills in the defaults of a schema, in place. Defaults of objects that are there, and those that a default brings with it,
 * are filled in likewise; an object that is not there and has no default stays away with all that is in it.
 */
import { isJsonObject } from './json.ts';
import { type Schema, schemaAt } from './schema.ts';

export function applyDefaults(value: unknown, schema: Schema): void {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items) for (const item of value) applyDefaults(item, items);
    return;
  }
  if (!isJsonObject(value)) return;
  for (const [key, ofKey] of defaultsOf(schema)) {
    if (value[key] === undefined) value[key] = typeof ofKey === 'object' ? structuredClone(ofKey) : ofKey;
  }
  for (const [key, below] of Object.entries(value)) {
    const ofKey = typeof below === 'object' ? schemaAt(schema, key) : undefined;
    if (ofKey) applyDefaults(below, ofKey);
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
