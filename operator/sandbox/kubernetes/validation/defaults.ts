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
  const { properties = {}, additionalProperties } = schema;
  for (const [key, property] of Object.entries(properties)) {
    if (property.default !== undefined && value[key] === undefined) value[key] = structuredClone(property.default);
    if (Object.hasOwn(value, key)) applyDefaults(value[key], property);
  }
  if (typeof additionalProperties !== 'object') return;
  for (const key of Object.keys(value)) {
    if (!Object.hasOwn(properties, key)) applyDefaults(value[key], additionalProperties);
  }
}
