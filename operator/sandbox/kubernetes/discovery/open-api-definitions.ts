/**
 * The definitions of an OpenAPI document: of built-in types as the API server has them, of CRDs from their own schemas.
 */
import type { ResourceType } from '../resource-type.ts';
import type { Schema } from '../schema.ts';
import { builtInDefinitions, objectMetaDefinition } from '../types/built-in-facts.ts';

const builtInReference = '#/components/schemas/';

/** @param reference what comes before the name of a definition in this document */
export function definitionsOf(types: readonly ResourceType[], reference: string): Record<string, object> {
  const definitions = new Map<string, object>();
  for (const type of types) {
    const { definition } = type;
    if (definition === undefined) continue;
    if (type.isCustom) {
      definitions.set(definition, customDefinition(type, reference));
      reach(objectMetaDefinition, reference, definitions);
    } else {
      reach(definition, reference, definitions);
    }
  }
  return Object.fromEntries([...definitions].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function reach(name: string, reference: string, into: Map<string, object>): void {
  const raw = builtInDefinitions[name];
  if (into.has(name) || !raw) return;
  const text = JSON.stringify(raw);
  into.set(
    name,
    (reference === builtInReference ? raw : JSON.parse(text.replaceAll(builtInReference, reference))) as object,
  );
  for (const [, next = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) reach(next, reference, into);
}

function customDefinition({ schema, group, version, kind }: ResourceType, reference: string): object {
  const { properties = {}, ...rest } = schema;
  const own: Record<string, Schema | object> = {
    ...properties,
    apiVersion: {
      type: 'string',
      description: 'The group and version of the schema that this object is written in.',
    },
    kind: { type: 'string', description: 'What this object is.' },
    metadata: {
      description: 'Name, labels and what else all objects have.',
      allOf: [{ $ref: `${reference}${objectMetaDefinition}` }],
    },
  };
  return { ...rest, properties: own, 'x-kubernetes-group-version-kind': [{ group, version, kind }] };
}
