/**
 * What a deletion makes of an object: most are gone at once; finalizers, the grace period of a pod and the contents of a
 * namespace make it stay for a while, with a `deletionTimestamp`. Pure functions.
 *
 * Source: k8s.io/apiserver/pkg/registry/rest/delete.go and registry/generic/registry/store.go
 */
import type { DeleteOptions } from './cluster.ts';
import type { KubeObject } from './object.ts';
import { timeText } from './server-fields.ts';

const foreground = 'foregroundDeletion';
const orphan = 'orphan';
/** Who serves custom resources takes it away from a definition without objects. */
export const definitionFinalizer = 'customresourcecleanup.apiextensions.k8s.io';
const defaultPodGraceSeconds = 30;

/** The object as it is after the request; who stores it asks `isReleased` whether it is gone. */
export function afterDeletion(object: KubeObject, options: DeleteOptions, nowMs: number): KubeObject {
  const finalizers = finalizersFor(object.metadata.finalizers ?? [], options.propagationPolicy);
  const graceSeconds = graceFor(object, options.gracePeriodSeconds);
  const isDeleting = object.metadata.deletionTimestamp !== undefined;
  const metadata = { ...object.metadata, finalizers };
  if (isNamespace(object)) {
    return {
      ...object,
      metadata: { ...metadata, deletionTimestamp: metadata.deletionTimestamp ?? timeText(nowMs) },
      status: { ...(object.status as object | undefined), phase: 'Terminating' },
    };
  }
  if (isDefinition(object)) return isDeleting ? { ...object, metadata } : deletingDefinition(object, finalizers, nowMs);
  if (isDeleting && graceSeconds >= (metadata.deletionGracePeriodSeconds ?? 0)) return { ...object, metadata };
  const generation = metadata.generation === undefined || isDeleting ? metadata.generation : metadata.generation + 1;
  return {
    ...object,
    metadata: {
      ...metadata,
      generation,
      deletionTimestamp: timeText(nowMs + graceSeconds * 1000),
      deletionGracePeriodSeconds: graceSeconds,
    },
  };
}

/** A definition stays until its objects are gone. */
function deletingDefinition(object: KubeObject, finalizers: readonly string[], nowMs: number): KubeObject {
  const { conditions = [], ...status } = (object.status ?? {}) as { readonly conditions?: readonly object[] };
  const terminating = {
    type: 'Terminating',
    status: 'True',
    lastTransitionTime: timeText(nowMs),
    reason: 'InstanceDeletionPending',
    message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
  };
  return {
    ...object,
    metadata: {
      ...object.metadata,
      deletionTimestamp: timeText(nowMs),
      finalizers: [...new Set([...finalizers, definitionFinalizer])],
    },
    status: { ...status, conditions: [...conditions, terminating] },
  };
}

/** Whether nothing holds an object any more that is being deleted. */
export function isReleased(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0 || deletionGracePeriodSeconds > 0) return false;
  return !isNamespace(object) || namespaceFinalizers(object).length === 0;
}

function isDefinition({ apiVersion, kind }: KubeObject): boolean {
  return apiVersion === 'apiextensions.k8s.io/v1' && kind === 'CustomResourceDefinition';
}

export function isNamespace({ apiVersion, kind }: KubeObject): boolean {
  return apiVersion === 'v1' && kind === 'Namespace';
}

export function namespaceFinalizers({ spec }: KubeObject): readonly string[] {
  return (spec as { finalizers?: readonly string[] } | undefined)?.finalizers ?? [];
}

/** The garbage collector acts on the two finalizers of its own. */
function finalizersFor(current: readonly string[], policy: DeleteOptions['propagationPolicy']): readonly string[] {
  if (policy === undefined) return current;
  const others = current.filter((finalizer) => finalizer !== foreground && finalizer !== orphan);
  if (policy === 'Foreground') return [...others, foreground];
  return policy === 'Orphan' ? [...others, orphan] : others;
}

/** Only pods that were given to a node and still run take their time. */
function graceFor({ apiVersion, kind, ...object }: KubeObject, asked: number | undefined): number {
  if (apiVersion !== 'v1' || kind !== 'Pod') return 0;
  const spec = object.spec as { nodeName?: string; terminationGracePeriodSeconds?: number } | undefined;
  const { phase } = (object.status ?? {}) as { phase?: string };
  if (!spec?.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0;
  return Math.max(0, asked ?? spec.terminationGracePeriodSeconds ?? defaultPodGraceSeconds);
}
