/**
 * Field selectors as requests carry them: `metadata.name=a,status.phase!=Running`. Every type knows name and namespace, and
 * a few know more fields; anything else is refused.
 *
 * Source: the field label conversions of pkg/apis in kubernetes
 */
import { ApiFailure } from './api-failure.ts';
import type { KubeObject } from './object.ts';
import type { ResourceType } from './resource-type.ts';

export type FieldSelector = (object: KubeObject) => boolean;

const involved = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];

/** The fields that a type knows besides name and namespace, by `GROUP/KIND`. */
const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  '/Pod': ['spec.nodeName', 'spec.restartPolicy', 'spec.serviceAccountName', 'status.phase', 'status.podIP'],
  '/Namespace': ['status.phase'],
  '/Secret': ['type'],
  '/Service': ['spec.clusterIP', 'spec.type'],
  '/Node': ['spec.unschedulable'],
  'apps/ReplicaSet': ['status.replicas'],
  '/Event': [...involved.map((field) => `involvedObject.${field}`), 'reason', 'reportingComponent', 'type'],
  'events.k8s.io/Event': [...involved.map((field) => `regarding.${field}`), 'reason', 'reportingController', 'type'],
};

/** @throws ApiFailure `BadRequest` */
export function parseFieldSelector(
  text: string,
  type: Pick<ResourceType, 'group' | 'kind' | 'namespaced'>,
): FieldSelector {
  const own = type.namespaced ? ['metadata.name', 'metadata.namespace'] : ['metadata.name'];
  const known = [...own, ...(fieldsOf[`${type.group}/${type.kind}`] ?? [])];
  // At the commas that are not escaped.
  const terms = text.split(/(?<!\\),/).filter((term) => term !== '');
  const requirements = terms.map((term) => {
    const [, path = '', operator, value = ''] = /^(.*?)(!=|==|=)(.*)$/s.exec(term) ?? [];
    if (operator === undefined) throw new ApiFailure('BadRequest', `${JSON.stringify(term)} is no field selector`);
    if (!known.includes(path)) throw new ApiFailure('BadRequest', `field label not supported: ${path}`);
    const wanted = value.replaceAll(/\\([\\,=])/g, '$1');
    return (object: KubeObject) => (textAt(object, path) === wanted) === (operator !== '!=');
  });
  return (object) => requirements.every((requirement) => requirement(object));
}

/** What is absent is empty. */
function textAt(object: unknown, path: string): string {
  const value = path
    .split('.')
    .reduce((at, step) => (at as Readonly<Record<string, unknown>> | null | undefined)?.[step], object);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
