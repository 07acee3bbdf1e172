/**
 * Reads an object of a built-in kind as the API server reads it into its Go types: what the schema does not know is left
 * out and reported, so are empty lists and maps, and a value of another type is refused.
 */
import { isJsonObject, type JsonObject } from '../../../operator/admission/json.ts';
import { prune, type Pruned } from '../../../operator/admission/prune.ts';
import { type Schema, schemaAt } from '../../../operator/admission/schema.ts';
import { fieldPath } from '../../../operator/admission/schema-node.ts';
import { typeProblem } from '../../../operator/admission/schema-problems.ts';
import { DecodingFailure } from '../decoding-failure.ts';
import type { ResourceType } from '../resource-type.ts';
import { definitionOf } from '../types/schema-graph.ts';

type Kind = Pick<ResourceType, 'kind' | 'version'>;

/** @throws ApiFailure `BadRequest` for a value of the wrong type */
export function decode(object: JsonObject, schema: Schema, type: Kind): Pruned {
  const pruned = prune(object, schema);
  settle(pruned.value, schema, '', type);
  return pruned;
}

/** In place. */
function settle(value: unknown, schema: Schema, path: string, type: Kind): void {
  const problem = schema.type === undefined ? undefined : typeProblem(value, schema, path);
  if (problem) throw new DecodingFailure(type, `${problem.field}: ${problem.message}`);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) settle(item, schema.items ?? {}, `${path}[${index}]`, type);
  }
  if (!isJsonObject(value)) return;
  for (const [key, item] of Object.entries(value)) {
    const below = schemaAt(schema, key);
    if (!below) continue;
    settle(item, below, fieldPath(path, key), type);
    if (isLeftOut(item, below, schema, key)) delete value[key];
  }
}

/** Lists of these are written even when they are empty, though they are not required. */
const writtenEmpty: ReadonlySet<string> = new Set(['ClusterRole.rules', 'EndpointSlice.ports', 'Role.rules']);

/** Go writes no empty list or map, but where the field is required; an empty struct is something. */
function isLeftOut(item: unknown, schema: Schema, parent: Schema, key: string): boolean {
  if (typeof item !== 'object' || item === null || Object.keys(item).length > 0) return false;
  const struct = definitionOf(parent)?.split('.').at(-1);
  if (parent.required?.includes(key) || writtenEmpty.has(`${struct}.${key}`)) return false;
  if (Array.isArray(item)) return schema.type === 'array';
  return typeof schema.additionalProperties === 'object' && definitionOf(schema) === undefined;
}
