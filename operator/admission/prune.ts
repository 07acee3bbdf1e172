/**
 * Copies an object as its schema knows it: what the schema does not know is left out and reported, and null is the same
 * as absent, but where the schema has a meaning for it. The copy shares nothing with the original.
 *
 * Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning
 */
import { isJsonObject } from './json.ts';
import { type Schema, schemaAt } from './schema.ts';
import { fieldPath } from './schema-node.ts';

export interface Pruned {
  readonly value: unknown;
  /** Paths of the fields that were left out, sorted. */
  readonly unknownFields: readonly string[];
}

export function prune(value: unknown, schema: Schema): Pruned {
  const unknownFields: string[] = [];
  const copy = copyOf(value, schema, '', unknownFields);
  return { value: copy, unknownFields: unknownFields.sort() };
}

function copyOf(value: unknown, schema: Schema, path: string, unknownFields: string[]): unknown {
  if (Array.isArray(value)) {
    const { items = {} } = schema;
    return value.map((item, index) => copyOf(item, items, `${path}[${index}]`, unknownFields));
  }
  if (!isJsonObject(value)) return value;
  const entries: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value)) {
    // Callers within the process leave fields out by undefined.
    if (item === undefined) continue;
    const below = schemaAt(schema, key);
    if (below && item === null && below.nullable !== true && !holdsAnything(below)) {
      // The values of a map of texts have a default, which a null stands for; a field gets its own later.
      if (below === schema.additionalProperties && below.default !== undefined) entries.push([key, below.default]);
    } else if (below) {
      entries.push([key, copyOf(item, below, fieldPath(path, key), unknownFields)]);
    } else if (keepsUnknown(schema)) {
      entries.push([key, structuredClone(item)]);
    } else {
      unknownFields.push(fieldPath(path, key));
    }
  }
  // Not by assignment, which some keys take otherwise.
  return Object.fromEntries(entries);
}

function keepsUnknown(schema: Schema): boolean {
  if (schema['x-kubernetes-preserve-unknown-fields'] || schema['x-kubernetes-embedded-resource']) return true;
  return schema.additionalProperties === true || holdsAnything(schema);
}

/** A schema that says nothing about the type, such as that of JSON in a CRD. */
function holdsAnything(schema: Schema): boolean {
  return schema.type === undefined && !schema.properties && !schema['x-kubernetes-int-or-string'];
}
