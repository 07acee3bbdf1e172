/**
 * Lists that are sets hold no value twice, and lists that are maps no key twice.
 */
import type { Schema } from '../schema.ts';
import type { FieldErrors } from './field-errors.ts';
import { isJsonObject } from './json.ts';

export function checkLists(value: unknown, schema: Schema, path: string, errors: FieldErrors): void {
  if (Array.isArray(value)) {
    checkOne(value, schema, path, errors);
    for (const [index, item] of value.entries()) checkLists(item, schema.items ?? {}, `${path}[${index}]`, errors);
    return;
  }
  if (!isJsonObject(value)) return;
  const { properties, additionalProperties } = schema;
  for (const [key, item] of Object.entries(value)) {
    const known = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
    if (known) checkLists(item, known, path === '' ? key : `${path}.${key}`, errors);
    else if (typeof additionalProperties === 'object')
      checkLists(item, additionalProperties, `${path}[${key}]`, errors);
  }
}

function checkOne(list: readonly unknown[], schema: Schema, path: string, errors: FieldErrors): void {
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== 'set' && listType !== 'map') return;
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    const identity = listType === 'set' ? item : keysOf(item, schema);
    const text = JSON.stringify(identity);
    if (seen.has(text)) errors.duplicate(`${path}[${index}]`, identity);
    seen.add(text);
  }
}

function keysOf(item: unknown, schema: Schema): Record<string, unknown> {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const present = isJsonObject(item) ? keys.filter((key) => Object.hasOwn(item, key)) : [];
  return Object.fromEntries(present.map((key) => [key, (item as Record<string, unknown>)[key]]));
}
