/**
 * The empty object of a type, against which the first version of an object is compared.
 *
 * Built-in types are structs: `spec` of a Deployment exists before anybody wrote it, so nobody owns its being there, nor
 * that of fields which are always written. OpenAPI tells them by their defaults (`{}`, and 0 of required fields) and as
 * required lists. A custom resource begins with nothing.
 */
import type { KubeObject } from '../object.ts';
import type { Schema } from '../schema.ts';
import { entryOf, mapOf } from './field-value.ts';
import type { JsonMap } from './field-value.ts';

/** `object` tells the kind, and which empty fields are written. */
export function zeroObject(object: KubeObject, schema: Schema, isCustom: boolean): KubeObject {
  const { apiVersion, kind } = object;
  const structs = isCustom ? {} : zeroOf(schema, object);
  return { ...structs, apiVersion, kind, metadata: {} } as unknown as KubeObject;
}

function zeroOf({ properties = {}, required = [] }: Schema, object: JsonMap | undefined): JsonMap {
  const zeros = Object.entries(properties).flatMap(([name, schema]): [string, unknown][] => {
    const value = entryOf(object, name);
    // Written though they are empty: text, and times, which are null then.
    if (value === null || value === '') return [[name, value]];
    const zero = schema.default;
    if (isEmptyObject(zero)) return [[name, zeroOf(schema, mapOf(value))]];
    if (!required.includes(name)) return [];
    if (zero === 0) return [[name, zero]];
    return schema.type === 'array' ? [[name, null]] : [];
  });
  return Object.fromEntries(zeros);
}

function isEmptyObject(value: unknown): boolean {
  const map = mapOf(value);
  return map !== undefined && Object.keys(map).length === 0;
}
