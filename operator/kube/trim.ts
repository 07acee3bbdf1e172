/**
 * Drops from a freshly parsed object what no reader of a store wants: `managedFields` and the copy of the manifest
 * that `kubectl apply` leaves in an annotation. Together they are often larger than all the rest.
 */
import type { KubeObject } from './resource.ts';

const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Changes `object`, which must not be shared yet, and returns it. What is left is copied: an object that properties were
 * deleted from is a hash table to V8, of twice the size, for as long as a store keeps it.
 */
export function trim<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata;
  if (metadata.annotations?.[lastAppliedAnnotation] !== undefined) {
    const { [lastAppliedAnnotation]: _lastApplied, ...annotations } = metadata.annotations;
    metadata.annotations = annotations;
  }
  object.metadata = metadata;
  return object;
}
