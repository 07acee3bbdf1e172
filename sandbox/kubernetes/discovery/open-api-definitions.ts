/**
 * The definitions of an OpenAPI document: of built-in types as the API server has them, of CRDs from their own schemas.
 */
import type { ResourceType } from '../resource-type.ts';
import type { Schema } from '../../../operator/admission/schema.ts';
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

const conventions = 'More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md';

/** Of the fields that the API server adds to the schemas of CRDs: part of its documents, which clients print. */
const descriptions = {
  apiVersion:
    'APIVersion defines the versioned schema of this representation of an object. Servers should convert recognized ' +
    `schemas to the latest internal value, and may reject unrecognized values. ${conventions}#resources`,
  kind:
    'Kind is a string value representing the REST resource this object represents. Servers may infer this from the ' +
    `endpoint the client submits requests to. Cannot be updated. In CamelCase. ${conventions}#types-kinds`,
  metadata: `Standard object's metadata. ${conventions}#metadata`,
} as const;

function customDefinition({ schema, group, version, kind }: ResourceType, reference: string): object {
  const { properties = {}, ...rest } = schema;
  const own: Record<string, Schema | object> = {
    ...properties,
    apiVersion: { type: 'string', description: descriptions.apiVersion },
    kind: { type: 'string', description: descriptions.kind },
    metadata: {
      description: descriptions.metadata,
      allOf: [{ $ref: `${reference}${objectMetaDefinition}` }],
    },
  };
  return { ...rest, properties: own, 'x-kubernetes-group-version-kind': [{ group, version, kind }] };
}
