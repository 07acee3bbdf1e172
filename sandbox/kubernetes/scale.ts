/**
 * The scale subresource: the replicas of any workload as an object of `autoscaling/v1`.
 */
import { ApiFailure } from './api-failure.ts';
import { labelSelectorText } from './label-selector.ts';
import type { KubeObject } from './object.ts';
import { invalid } from './refusals.ts';
import type { ScalePaths } from './resource-type.ts';

const scaleKind = { group: 'autoscaling', kind: 'Scale' };

export function scaleOf(object: KubeObject, paths: ScalePaths): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = paths.labelSelector === undefined ? undefined : valueAt(object, paths.labelSelector);
  const text = typeof selector === 'string' ? selector : labelSelectorText(selector ?? {});
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: replicasAt(object, paths.specReplicas) },
    status: { replicas: replicasAt(object, paths.statusReplicas) ?? 0, ...(text === '' ? {} : { selector: text }) },
  };
}

/**
 * The workload as a changed Scale wants it.
 *
 * @throws ApiFailure `Invalid`, `BadRequest`
 */
export function withScale(object: KubeObject, scale: KubeObject, paths: ScalePaths): KubeObject {
  const { name } = object.metadata;
  if (scale.metadata?.name !== name) throw new ApiFailure('BadRequest', `the Scale must have the name ${name}`);
  const replicas = replicasAt(scale, 'spec.replicas') ?? 0;
  if (replicas < 0) {
    const message = `Invalid value: ${replicas}: must be greater than or equal to 0`;
    throw invalid(scaleKind, name, { reason: 'FieldValueInvalid', message, field: 'spec.replicas' });
  }
  const { uid, resourceVersion } = scale.metadata;
  const metadata = { ...object.metadata, uid, resourceVersion };
  return withValueAt({ ...object, metadata }, paths.specReplicas.split('.'), replicas) as KubeObject;
}

function replicasAt(object: KubeObject, path: string): number | undefined {
  const value = valueAt(object, path);
  return typeof value === 'number' ? value : undefined;
}

function valueAt(object: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce((value, step) => (value as Readonly<Record<string, unknown>> | null | undefined)?.[step], object);
}

function withValueAt(object: unknown, [step, ...rest]: readonly string[], value: unknown): unknown {
  if (step === undefined) return value;
  const fields = (object ?? {}) as Readonly<Record<string, unknown>>;
  return { ...fields, [step]: withValueAt(fields[step], rest, value) };
}
