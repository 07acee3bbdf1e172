/**
 * Drops from a freshly parsed object what no reader of a store wants: `managedFields` and the copy of the manifest
 * that `kubectl apply` leaves in an annotation. Together they are often larger than all the rest.
 */
import type { KubeObject } from './resource.ts';

const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** Changes `object`, which must not be shared yet, and returns it. */
export function trim<T extends KubeObject>(object: T): T {
  delete object.metadata.managedFields;
  delete object.metadata.annotations?.[lastAppliedAnnotation];
  return object;
}
