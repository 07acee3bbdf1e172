/**
 * Field selectors as requests carry them: `metadata.name=a,status.phase!=Running`. Every type knows name and namespace, and
 * a few know more fields; anything else is refused in the API server's words.
 *
 * Source: k8s.io/apimachinery/pkg/fields/selector.go, and the field label conversions of pkg/apis in kubernetes
 */
import { ApiFailure } from './api-failure.ts';
import type { KubeObject } from './object.ts';
import type { ResourceType } from './resource-type.ts';

export type FieldSelector = (object: KubeObject) => boolean;

interface Requirement {
  readonly path: string;
  readonly value: string;
  readonly isNegated: boolean;
}

const involved = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

/** The fields that a type knows besides name and namespace, by `GROUP/KIND`. */
const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  '/Pod': [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  '/Namespace': ['status.phase'],
  '/Secret': ['type'],
  '/Service': ['spec.clusterIP', 'spec.type'],
  '/Node': ['spec.unschedulable'],
  '/ReplicationController': ['status.replicas'],
  'apps/ReplicaSet': ['status.replicas'],
  '/Event': [...involved.map((field) => `involvedObject.${field}`), 'reason', 'reportingComponent', 'source', 'type'],
  'events.k8s.io/Event': [...involved.map((field) => `regarding.${field}`), 'reason', 'reportingController', 'type'],
};

/** @throws ApiFailure `BadRequest` */
export function parseFieldSelector(
  text: string,
  type: Pick<ResourceType, 'group' | 'kind' | 'namespaced' | 'isCustom'>,
): FieldSelector {
  const requirements = termsOf(text).map(requirementOf);
  const own = type.namespaced ? ['metadata.name', 'metadata.namespace'] : ['metadata.name'];
  const known = [...own, ...(fieldsOf[`${type.group}/${type.kind}`] ?? [])];
  for (const { path } of requirements) {
    if (known.includes(path)) continue;
    if (type.isCustom || known.length > own.length)
      throw new ApiFailure('BadRequest', `field label not supported: ${path}`);
    const names = own.map((field) => `"${field}"`).join(', ');
    throw new ApiFailure('BadRequest', `"${path}" is not a known field selector: only ${names}`);
  }
  return (object) =>
    requirements.every(({ path, value, isNegated }) => (fieldOf(object, path) === value) !== isNegated);
}

/** Cut at commas that are not escaped. */
function termsOf(text: string): string[] {
  return text.split(/(?<!\\),/).filter((term) => term !== '');
}

function requirementOf(term: string): Requirement {
  const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
  if (match === null) {
    throw new ApiFailure('BadRequest', `invalid selector: '${term}'; can't understand '${term}'`);
  }
  const [, path = '', operator, value = ''] = match;
  return { path, value: value.replaceAll(/\\([\\,=])/g, '$1'), isNegated: operator === '!=' };
}

/** As text; what is absent is empty. */
function fieldOf(object: KubeObject, path: string): string {
  if (path === 'source') {
    const component = valueAt(object, ['source', 'component']);
    return textOf(component ?? valueAt(object, ['reportingComponent']));
  }
  return textOf(valueAt(object, path.split('.')));
}

function valueAt(object: unknown, steps: readonly string[]): unknown {
  let value = object;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
