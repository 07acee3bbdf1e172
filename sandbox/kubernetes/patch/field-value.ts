/**
 * How a value is taken apart when its type allows several kinds. `null` is a valid map and a valid list without entries;
 * `undefined` stands for a value that is not there.
 */
import type { FieldType, ListType, MapType } from './field-type.ts';

export type JsonMap = Readonly<Record<string, unknown>>;
export type JsonList = readonly unknown[];

export type Shape =
  | { readonly kind: 'scalar' }
  | { readonly kind: 'list'; readonly type: ListType }
  | { readonly kind: 'map'; readonly type: MapType };

const scalar: Shape = { kind: 'scalar' };

/** A value that does not fit its type has the shape of the type, and no parts. */
export function shapeOf(value: unknown, { scalar: scalarType, list, map }: FieldType): Shape {
  const isList = Array.isArray(value);
  const isMap = typeof value === 'object' && value !== null && !isList;
  if (isList && list) return { kind: 'list', type: list };
  if (!isList && !isMap && value !== null && scalarType) return scalar;
  if (map) return { kind: 'map', type: map };
  return scalarType || !list ? scalar : { kind: 'list', type: list };
}

/** Undefined when it is no map. */
export function mapOf(value: unknown): JsonMap | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonMap) : undefined;
}

/** Undefined when it is no list. */
export function listOf(value: unknown): JsonList | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** What a map holds itself; never what its prototype does. */
export function entryOf(map: JsonMap | undefined, key: string): unknown {
  return map && Object.hasOwn(map, key) ? map[key] : undefined;
}

/** The keys of both, those of `a` first. */
export function keysOfBoth(a: JsonMap | undefined, b: JsonMap | undefined): string[] {
  const keys = a ? Object.keys(a) : [];
  if (b) for (const key of Object.keys(b)) if (!a || !Object.hasOwn(a, key)) keys.push(key);
  return keys;
}

export function isEmptyMap(map: JsonMap | undefined): boolean {
  if (map) for (const _ in map) return false;
  return true;
}
