/**
 * The empty object of a type, against which the first version of an object is compared.
 *
 * Built-in types are structs: `spec` of a Deployment exists before anybody wrote it, so nobody owns its being there, nor
 * that of fields which are always written. OpenAPI tells them by their defaults (`{}`, and 0 of required fields) and as
 * required lists. A custom resource begins with nothing.
 */
import type { KubeObject } from '../object.ts';
import type { Schema } from '../../../operator/admission/schema.ts';
import { entryOf, mapOf } from './field-value.ts';
import type { JsonMap } from './field-value.ts';

/** `object` tells the kind, and which empty fields are written. */
export function zeroObject(object: KubeObject, schema: Schema, isCustom: boolean): KubeObject {
  const { apiVersion, kind } = object;
  const structs = isCustom ? {} : zeroOf(schema, object);
  return { ...structs, apiVersion, kind, metadata: {} } as unknown as KubeObject;
}

function zeroOf(schema: Schema, object: JsonMap | undefined): JsonMap {
  const zeros: Record<string, unknown> = {};
  for (const { name, below, zero } of structOf(schema)) {
    zeros[name] = below ? zeroOf(below, mapOf(entryOf(object, name))) : zero;
  }
  // Written though they are empty: text, and times, which are null then.
  for (const [name, value] of Object.entries(object ?? {})) {
    const isKnown = Object.hasOwn(schema.properties ?? {}, name);
    if (isKnown && (value === null || value === '')) zeros[name] = value;
  }
  return zeros;
}

/** A field that exists in an empty struct: a struct again, or a zero. */
interface ZeroField {
  readonly name: string;
  readonly below: Schema | undefined;
  readonly zero: unknown;
}

const structs = new WeakMap<Schema, readonly ZeroField[]>();

/** Found once for each schema: structs have many fields, and few of them are there from the beginning. */
function structOf(schema: Schema): readonly ZeroField[] {
  let fields = structs.get(schema);
  if (fields === undefined) {
    const { properties = {}, required = [] } = schema;
    fields = Object.entries(properties).flatMap(([name, of]): ZeroField[] => {
      if (isEmptyObject(of.default)) return [{ name, below: of, zero: undefined }];
      if (!required.includes(name)) return [];
      if (of.default === 0) return [{ name, below: undefined, zero: 0 }];
      return of.type === 'array' ? [{ name, below: undefined, zero: null }] : [];
    });
    structs.set(schema, fields);
  }
  return fields;
}

function isEmptyObject(value: unknown): boolean {
  const map = mapOf(value);
  return map !== undefined && Object.keys(map).length === 0;
}
