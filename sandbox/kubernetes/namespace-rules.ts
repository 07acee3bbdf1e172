/**
 * What namespaces do to their contents, and the fields of a namespace that the server keeps: `spec.finalizers`, which only
 * the `finalize` subresource takes away, the phase, and the label with the name.
 *
 * Source: pkg/registry/core/namespace/strategy.go and plugin/pkg/admission/namespace/lifecycle in kubernetes
 */
import { ApiFailure } from './api-failure.ts';
import type { UpdateOptions } from './cluster.ts';
import { isNamespace, namespaceFinalizers } from './deletion.ts';
import type { KubeObject } from './object.ts';
import { forbidden, notFound } from './refusals.ts';
import type { ResourceType } from './resource-type.ts';
import type { Storage } from './storage.ts';

const namespaces = { group: '', plural: 'namespaces', kind: 'Namespace' };
const undeletable = ['default', 'kube-system', 'kube-public'];
const contentFinalizer = 'kubernetes';

/** @throws ApiFailure `NotFound` */
export function requireNamespace(storage: Storage, namespace: string): KubeObject {
  const found = storage.of(namespaces).get('', namespace);
  if (found === undefined) throw notFound(namespaces, namespace);
  return found;
}

/** @throws ApiFailure `NotFound`, or `Forbidden` for what is new in a namespace that is being deleted */
export function requireOpenNamespace(
  storage: Storage,
  type: ResourceType,
  { namespace = '', name }: { readonly namespace?: string; readonly name: string },
): void {
  if (namespace === '') throw new ApiFailure('BadRequest', 'an empty namespace may not be set during creation');
  if (requireNamespace(storage, namespace).metadata.deletionTimestamp === undefined) return;
  throw forbidden(type, name, `unable to create new content in namespace ${namespace} because it is being terminated`, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ]);
}

/** @throws ApiFailure `Forbidden` */
export function requireDeletableNamespace(object: KubeObject): void {
  const { name } = object.metadata;
  if (!isNamespace(object) || !undeletable.includes(name)) return;
  throw forbidden(namespaces, name, 'this namespace may not be deleted');
}

/** With the label that selectors of namespaces by name need. */
export function labelledNamespace(object: KubeObject): KubeObject {
  if (!isNamespace(object)) return object;
  const { metadata } = object;
  const labels = { ...metadata.labels, 'kubernetes.io/metadata.name': metadata.name };
  return { ...object, metadata: { ...metadata, labels } };
}

/** What a namespace gets when it is created, which nobody owns. */
export function newNamespace(object: KubeObject): KubeObject {
  if (!isNamespace(object)) return object;
  const finalizers = [...new Set([...namespaceFinalizers(object), contentFinalizer])];
  return { ...object, spec: { ...(object.spec as object | undefined), finalizers }, status: { phase: 'Active' } };
}

export function keepNamespaceFields(
  object: KubeObject,
  previous: KubeObject,
  subresource: UpdateOptions['subresource'],
): KubeObject {
  return isNamespace(previous) && subresource !== 'finalize' ? { ...object, spec: previous.spec } : object;
}
