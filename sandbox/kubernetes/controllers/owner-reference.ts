/** Who owns an object, references by uid of which at most one is the controller's, and what holds it: finalizers. */
import type { KubeObject, OwnerReference } from '../object.ts';

export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  return controllerOf(object)?.uid === owner.metadata.uid;
}

export function controllerReference({ apiVersion, kind, metadata }: KubeObject): OwnerReference {
  const { name, uid = '' } = metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** Taken over by a controller. */
export function adopted<T extends KubeObject>(object: T, owner: KubeObject): T {
  const { ownerReferences = [] } = object.metadata;
  return {
    ...object,
    metadata: { ...object.metadata, ownerReferences: [...ownerReferences, controllerReference(owner)] },
  };
}

/** Without the references to these uids. */
export function withoutOwners<T extends KubeObject>(object: T, uids: readonly string[]): T {
  const ownerReferences = object.metadata.ownerReferences?.filter(({ uid }) => !uids.includes(uid));
  return { ...object, metadata: { ...object.metadata, ownerReferences } };
}

export function hasFinalizer({ metadata }: KubeObject, finalizer: string): boolean {
  return metadata.finalizers?.includes(finalizer) ?? false;
}

export function withoutFinalizer<T extends KubeObject>(object: T, finalizer: string): T {
  const finalizers = object.metadata.finalizers?.filter((name) => name !== finalizer);
  return { ...object, metadata: { ...object.metadata, finalizers } };
}
