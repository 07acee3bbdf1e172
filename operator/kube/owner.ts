/**
 * Owner references: the API server deletes what an object owns after the object itself. Owners are recognised by uid,
 * since a name may have been given anew. Owner and owned live in one namespace, or the garbage collector takes the owner
 * for missing.
 */
import type { KubeObject, OwnerReference } from './resource.ts';

/** Throws TypeError for an owner that did not come from the API server and so has no uid yet. */
export function ownerReference(owner: KubeObject, options: { controller: boolean }): OwnerReference {
  const { apiVersion, kind, metadata } = owner;
  if (!apiVersion || !kind || !metadata.uid) throw new TypeError('an owner must have apiVersion, kind and uid');
  const reference = { apiVersion, kind, name: metadata.name, uid: metadata.uid };
  return options.controller ? { ...reference, controller: true, blockOwnerDeletion: true } : reference;
}

/** The one owner that manages the object, if any. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

export function isControlledBy(object: KubeObject, uid: string): boolean {
  return controllerOf(object)?.uid === uid;
}
