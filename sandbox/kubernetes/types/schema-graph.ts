/**
 * The schemas of the built-in kinds as graphs: the references of an OpenAPI v3 document resolved, and what is peculiar to
 * the API server's own document brought into the form that CRDs use.
 *
 * - `allOf` of one reference is that definition, with what stands beside it (a default, a merge key) on top.
 * - IntOrString and Quantity become `x-kubernetes-int-or-string`; objects without known fields keep what they hold.
 * - Zero values of Go ('' and 0) are defaults of required fields only: those are always written, others are left out.
 */
import type { Schema } from '../../../operator/admission/schema.ts';

export type Definitions = Readonly<Record<string, RawSchema>>;

/** As it stands in the document. */
interface RawSchema extends Omit<Schema, 'properties' | 'additionalProperties' | 'items' | 'allOf'> {
  readonly $ref?: string;
  readonly allOf?: readonly RawSchema[];
  readonly properties?: Readonly<Record<string, RawSchema>>;
  readonly additionalProperties?: RawSchema | boolean;
  readonly items?: RawSchema;
}

const quantity = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const reference = '#/components/schemas/';

type Mutable = { -readonly [Key in keyof Schema]: Schema[Key] };

/** The definitions that schemas come from, such as `io.k8s.api.core.v1.Container`, also where something stands beside. */
const names = new WeakMap<Schema, string>();

export function definitionOf(schema: Schema): string | undefined {
  return names.get(schema);
}

/** The schema of each definition; equal names are the same object, cycles included. */
export function schemaGraph(definitions: Definitions): ReadonlyMap<string, Schema> {
  const graph = new Map<string, Mutable>();
  const merged: { readonly node: Mutable; readonly target: string; readonly beside: Schema }[] = [];
  for (const name of Object.keys(definitions)) {
    const schema = {};
    graph.set(name, schema);
    names.set(schema, name);
  }

  const resolve = (raw: RawSchema): Schema => {
    if (raw.$ref !== undefined) return graph.get(raw.$ref.slice(reference.length)) ?? {};
    const { allOf, ...rest } = raw;
    const beside = convert(rest);
    const target = allOf?.length === 1 ? allOf[0]?.$ref : undefined;
    if (target === undefined) return beside;
    const node: Mutable = {};
    merged.push({ node, target: target.slice(reference.length), beside });
    names.set(node, target.slice(reference.length));
    return node;
  };

  const convert = ({ $ref: _, allOf: __, properties, additionalProperties, items, ...rest }: RawSchema): Schema => {
    const schema: Mutable = { ...rest };
    if (properties) {
      const resolved = Object.entries(properties).map(([name, property]) => {
        const isZero = property.default === '' || property.default === 0;
        return [name, isZero && !rest.required?.includes(name) ? withoutDefault(property) : resolve(property)];
      });
      schema.properties = Object.fromEntries(resolved);
    }
    if (items) schema.items = withoutDefault(items);
    if (typeof additionalProperties === 'object') {
      const values = withoutDefault(additionalProperties);
      // In a map of texts null stands for an empty one.
      schema.additionalProperties = values.type === 'string' ? { ...values, default: '' } : values;
    }
    if (rest.format === 'int-or-string') return { 'x-kubernetes-int-or-string': true };
    return schema;
  };

  /** An item that is not there is not filled in. */
  const withoutDefault = ({ default: _, ...raw }: RawSchema): Schema => resolve(raw);

  for (const [name, raw] of Object.entries(definitions)) Object.assign(graph.get(name) ?? {}, top(name, convert(raw)));
  for (const { node, target, beside } of merged) Object.assign(node, graph.get(target), beside);
  return graph;
}

function top(name: string, schema: Schema): Schema {
  if (name === quantity) return { 'x-kubernetes-int-or-string': true, format: 'quantity' };
  if (schema['x-kubernetes-int-or-string']) return schema;
  const holdsAnything = schema.type === undefined || schema.type === 'object';
  if (holdsAnything && !schema.properties && !schema.additionalProperties) {
    return { ...schema, 'x-kubernetes-preserve-unknown-fields': true };
  }
  return schema;
}
