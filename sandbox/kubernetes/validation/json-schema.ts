/**
 * The schema of a CRD, an OpenAPI dialect, as the JSON Schema that ajv compiles: only what judges values is kept.
 */
import type { AnySchemaObject } from 'ajv';
import type { Schema } from '../schema.ts';

const sameMeaning = [
  'required',
  'pattern',
  'enum',
  'format',
  'minLength',
  'maxLength',
  'multipleOf',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
] as const;

export function jsonSchemaOf(schema: Schema): AnySchemaObject {
  const out: AnySchemaObject = {};
  const { type, nullable, minimum, maximum, not, items, properties, additionalProperties } = schema;
  if (schema['x-kubernetes-int-or-string']) out.type = ['integer', 'string'];
  else if (type !== undefined) out.type = nullable ? [type, 'null'] : type;
  for (const keyword of sameMeaning) if (schema[keyword] !== undefined) out[keyword] = schema[keyword];
  if (nullable && out.enum) out.enum = [...out.enum, null];
  if (minimum !== undefined) out[schema.exclusiveMinimum ? 'exclusiveMinimum' : 'minimum'] = minimum;
  if (maximum !== undefined) out[schema.exclusiveMaximum ? 'exclusiveMaximum' : 'maximum'] = maximum;
  for (const branch of ['allOf', 'anyOf', 'oneOf'] as const) {
    if (schema[branch]) out[branch] = schema[branch].map(jsonSchemaOf);
  }
  if (not) out.not = jsonSchemaOf(not);
  if (items) out.items = jsonSchemaOf(items);
  if (properties) out.properties = mapSchemas(properties);
  if (typeof additionalProperties === 'object') out.additionalProperties = jsonSchemaOf(additionalProperties);
  if (schema['x-kubernetes-embedded-resource']) {
    out.required = [...new Set([...(schema.required ?? []), 'apiVersion', 'kind'])];
  }
  return out;
}

function mapSchemas(schemas: Readonly<Record<string, Schema>>): Record<string, AnySchemaObject> {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, jsonSchemaOf(schema)]));
}
