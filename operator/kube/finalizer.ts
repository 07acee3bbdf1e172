/**
 * Adds and removes one finalizer of ours, beside those of others.
 *
 * Guarantees: a finalizer of somebody else is never removed, whatever happens in between: the patch tests the uid and
 * the very entry that it removes, and is decided again on a fresh read when the test fails. An object that is gone, or
 * has a successor of the same name, is success: there is nothing to hold or to release any more.
 * Assumptions: finalizers are added before the first outside effect, and removed after the last is undone.
 * Caveats: the given object may be old, so the result, not the object, says what is true now; after a few rounds of
 * others writing at the same time KUBE_CONFLICT is thrown and the caller tries again.
 */
import { BridgeError, isBridgeError } from '../errors.ts';
import type { KubeObject } from './resource.ts';
import type { JsonPatchOperation, ResourceClient } from './resource-client.ts';

const maxRounds = 5;

export function hasFinalizer(object: KubeObject, finalizer: string): boolean {
  return object.metadata.finalizers?.includes(finalizer) ?? false;
}

/** The object with the finalizer; undefined when it is gone or being deleted, so that none can be added any more. */
export function addFinalizer<T extends KubeObject>(
  client: ResourceClient<T>,
  object: T,
  finalizer: string,
): Promise<T | undefined> {
  return patchUntilSettled(client, object, (current) => {
    if (current.metadata.deletionTimestamp !== undefined || hasFinalizer(current, finalizer)) return [];
    const { finalizers } = current.metadata;
    if (finalizers === undefined || finalizers.length === 0) {
      return [
        // A path that does not exist tests equal to null.
        { op: 'test', path: '/metadata/finalizers', value: null },
        { op: 'add', path: '/metadata/finalizers', value: [finalizer] },
      ];
    }
    return [
      { op: 'test', path: '/metadata/finalizers', value: finalizers },
      { op: 'add', path: '/metadata/finalizers/-', value: finalizer },
    ];
  }).then((settled) => (settled !== undefined && hasFinalizer(settled, finalizer) ? settled : undefined));
}

/** The object without the finalizer; undefined when it is gone. */
export function removeFinalizer<T extends KubeObject>(
  client: ResourceClient<T>,
  object: T,
  finalizer: string,
): Promise<T | undefined> {
  return patchUntilSettled(client, object, (current) => {
    const index = current.metadata.finalizers?.indexOf(finalizer) ?? -1;
    if (index < 0) return [];
    const path = `/metadata/finalizers/${index}`;
    return [
      { op: 'test', path, value: finalizer },
      { op: 'remove', path },
    ];
  });
}

/** Patches until `decide` wants nothing more, reading the object again after each patch that did not fit. */
async function patchUntilSettled<T extends KubeObject>(
  client: ResourceClient<T>,
  object: T,
  decide: (current: T) => JsonPatchOperation[],
): Promise<T | undefined> {
  const { name, namespace, uid } = object.metadata;
  let current: T | undefined = object;
  for (let round = 0; round < maxRounds; round++) {
    const operations = decide(current);
    if (operations.length === 0) return current;
    try {
      const sameObject: JsonPatchOperation = { op: 'test', path: '/metadata/uid', value: uid };
      return await client.jsonPatch(name, namespace, [sameObject, ...operations]);
    } catch (error) {
      // A failed test is a 422 like any other, so what it means shows only on a fresh read.
      if (!isBridgeError(error, 'KUBE_INVALID', 'KUBE_CONFLICT', 'KUBE_NOT_FOUND')) throw error;
      const fresh = await client.get(name, namespace);
      if (fresh === undefined || fresh.metadata.uid !== uid) return undefined;
      if (fresh.metadata.resourceVersion === current.metadata.resourceVersion) throw error;
      current = fresh;
    }
  }
  throw new BridgeError('KUBE_CONFLICT', `the finalizers of ${client.ref.kind} '${name}' keep changing`);
}
