/**
 * What a deletion makes of an object: most are gone at once; finalizers, the grace period of a pod and the contents of a
 * namespace or of a definition make it stay for a while, with a `deletionTimestamp`. Pure functions.
 *
 * Source: k8s.io/apiserver/pkg/registry/rest/delete.go and registry/generic/registry/store.go
 */
import type { DeleteOptions } from './cluster.ts';
import type { KubeObject } from './object.ts';
import { timeText } from './server-fields.ts';

/** The garbage collector acts on these two. */
export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';
/** Who serves custom resources takes it away from a definition without objects. */
export const definitionFinalizer = 'customresourcecleanup.apiextensions.k8s.io';
const defaultPodGraceSeconds = 30;

/** The object as it is after the request; who stores it asks `isReleased` whether it is gone. */
export function afterDeletion(object: KubeObject, options: DeleteOptions, nowMs: number): KubeObject {
  const isDeleting = object.metadata.deletionTimestamp !== undefined;
  const finalizers = finalizersFor(object, options.propagationPolicy, isDeleting);
  const graceSeconds = graceFor(object, options.gracePeriodSeconds);
  const metadata = { ...object.metadata, finalizers };
  // A second deletion can only shorten the time.
  if (isDeleting && graceSeconds >= (metadata.deletionGracePeriodSeconds ?? 0)) return { ...object, metadata };
  const counts = metadata.generation !== undefined && !isDeleting;
  return {
    ...object,
    metadata: {
      ...metadata,
      generation: counts ? metadata.generation! + 1 : metadata.generation,
      deletionTimestamp: timeText(nowMs + graceSeconds * 1000),
      deletionGracePeriodSeconds: graceSeconds,
    },
    ...(isNamespace(object) ? { status: { ...(object.status as object | undefined), phase: 'Terminating' } } : {}),
  };
}

/** Whether nothing holds an object any more that is being deleted. */
export function isReleased(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0 || deletionGracePeriodSeconds > 0) return false;
  return !isNamespace(object) || namespaceFinalizers(object).length === 0;
}

export function isNamespace({ apiVersion, kind }: KubeObject): boolean {
  return apiVersion === 'v1' && kind === 'Namespace';
}

export function namespaceFinalizers({ spec }: KubeObject): readonly string[] {
  return (spec as { finalizers?: readonly string[] } | undefined)?.finalizers ?? [];
}

function finalizersFor(
  { kind, metadata }: KubeObject,
  policy: DeleteOptions['propagationPolicy'],
  isDeleting: boolean,
): readonly string[] {
  const current = new Set(metadata.finalizers);
  if (kind === 'CustomResourceDefinition' && !isDeleting) current.add(definitionFinalizer);
  if (policy !== undefined) {
    current.delete(foregroundFinalizer);
    current.delete(orphanFinalizer);
  }
  if (policy === 'Foreground') current.add(foregroundFinalizer);
  if (policy === 'Orphan') current.add(orphanFinalizer);
  return [...current];
}

/** Only pods that were given to a node and still run take their time. */
function graceFor({ apiVersion, kind, ...object }: KubeObject, asked: number | undefined): number {
  if (apiVersion !== 'v1' || kind !== 'Pod') return 0;
  const spec = object.spec as { nodeName?: string; terminationGracePeriodSeconds?: number } | undefined;
  const { phase } = (object.status ?? {}) as { phase?: string };
  if (!spec?.nodeName || phase === 'Succeeded' || phase === 'Failed') return 0;
  return Math.max(0, asked ?? spec.terminationGracePeriodSeconds ?? defaultPodGraceSeconds);
}
