/**
 * A few types that admit nearly everything, for tests of what is the same for all types.
 */
import { ApiFailure } from '../../../sandbox/kubernetes/api-failure.ts';
import type { KubeObject } from '../../../sandbox/kubernetes/object.ts';
import { apiVersionOf } from '../../../sandbox/kubernetes/resource-type.ts';
import type { ResourceType, ResourceTypes } from '../../../sandbox/kubernetes/resource-type.ts';

const anything = { 'x-kubernetes-preserve-unknown-fields': true } as const;
const metadataSchema = { type: 'object', ...anything } as const;

function tinyType(kind: string, over: Partial<ResourceType> = {}): ResourceType {
  return {
    group: '',
    version: 'v1',
    kind,
    listKind: `${kind}List`,
    plural: `${kind.toLowerCase()}s`,
    singular: kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs: ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
    hasStatus: false,
    scale: undefined,
    schema: { type: 'object', properties: { metadata: metadataSchema }, ...anything },
    hasGeneration: false,
    isCustom: false,
    columns: [{ name: 'Name', type: 'string', format: 'name', description: 'The name.', priority: 0 }],
    admit(object: KubeObject) {
      if (!object.metadata.name) throw new ApiFailure('Invalid', 'metadata.name: Required value');
      const warnings = object.metadata.name.startsWith('odd') ? ['the name is "odd"'] : [];
      return { object, warnings };
    },
    cells: ({ metadata }) => [metadata.name],
    ...over,
  };
}

export const configMaps = tinyType('ConfigMap');
export const namespaces = tinyType('Namespace', { namespaced: false, hasStatus: true });
export const pods = tinyType('Pod', { hasStatus: true });
/** As of a CRD with status and scale. */
export const widgets = tinyType('Widget', {
  group: 'example.com',
  hasStatus: true,
  hasGeneration: true,
  isCustom: true,
  scale: { specReplicas: 'spec.replicas', statusReplicas: 'status.replicas', labelSelector: 'status.selector' },
});

export function tinyTypes(types: readonly ResourceType[] = [configMaps, namespaces, pods, widgets]): ResourceTypes {
  return {
    find: (group, version, plural) =>
      types.find((type) => type.group === group && type.version === version && type.plural === plural),
    findKind: (apiVersion, kind) => types.find((type) => apiVersionOf(type) === apiVersion && type.kind === kind),
    list: () => types,
  };
}

/** What a test writes: kind and apiVersion are the type's, the namespace is `default`. */
export function objectOf(type: ResourceType, name: string, over: Record<string, unknown> = {}): KubeObject {
  const { metadata, ...fields } = over as { metadata?: object };
  const namespace = type.namespaced ? { namespace: 'default' } : {};
  return { apiVersion: apiVersionOf(type), kind: type.kind, ...fields, metadata: { name, ...namespace, ...metadata } };
}
