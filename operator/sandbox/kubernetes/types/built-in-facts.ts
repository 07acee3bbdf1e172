/**
 * What a real API server says of the built-in kinds, without its sentences: names, verbs, columns, structure. The file is
 * written by scripts/built-in-schemas.ts.
 */
import type { Column, Verb } from '../resource-type.ts';
import type { Schema } from '../schema.ts';
import facts from './built-in-schemas.json' with { type: 'json' };
import { type Definitions, schemaGraph } from './schema-graph.ts';

export interface BuiltInFacts {
  /** '' is the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly verbs: readonly Verb[];
  readonly subresources: readonly ('status' | 'scale')[];
  /** Name of the definition in `/openapi`. */
  readonly definition: string;
  readonly columns: readonly Omit<Column, 'description'>[];
}

const { resources, definitions } = facts as unknown as {
  readonly resources: readonly BuiltInFacts[];
  readonly definitions: Definitions;
};

export const builtInFacts: readonly BuiltInFacts[] = resources;
export const builtInDefinitions: Definitions = definitions;

const graph = schemaGraph(definitions);

/** @param name such as `io.k8s.api.core.v1.Pod` */
export function builtInSchema(name: string): Schema {
  const schema = graph.get(name);
  if (!schema) throw new Error(`no built-in definition ${name}`);
  return schema;
}

export const objectMetaDefinition = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
