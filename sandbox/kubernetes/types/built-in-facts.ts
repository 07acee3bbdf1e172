/**
 * What a real API server says of the built-in kinds, without its sentences: names, verbs, columns, structure. The file is
 * written by scripts/built-in-schemas.ts.
 */
import type { Column, ResourceType } from '../resource-type.ts';
import type { Schema } from '../../../operator/admission/schema.ts';
import facts from './built-in-schemas.json' with { type: 'json' };
import { type Definitions, schemaGraph } from './schema-graph.ts';

type SharedFacts = Pick<
  ResourceType,
  'group' | 'version' | 'kind' | 'plural' | 'singular' | 'shortNames' | 'categories' | 'namespaced' | 'verbs'
>;

export interface BuiltInFacts extends SharedFacts {
  readonly subresources: readonly ('status' | 'scale')[];
  /** Name of the definition in `/openapi`. */
  readonly definition: string;
  /** Of kinds that have cells of their own. */
  readonly columns?: readonly Omit<Column, 'description'>[];
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
