/**
 * Writes the status of an object of ours by server-side apply, and only when it says something new: a write for every
 * reconcile would come back through the watch as a change, and so on without end.
 *
 * A status must not stay on a successor of the same name. The API server ignores `metadata.uid` when it applies the
 * status of a custom resource (seen on 1.36), so the uid of the answer is compared, and a stray status taken back.
 */
import { isDeepStrictEqual } from 'node:util';
import { BridgeError } from '../errors.ts';
import type { KubeObject } from './resource.ts';
import type { ResourceClient } from './resource-client.ts';

/**
 * The metadata of the object as written, or undefined when `status` was there already. Fields that an earlier status had and this one
 * lacks are removed. Throws KUBE_NOT_FOUND when the object is gone, KUBE_CONFLICT when it is another one.
 */
export async function applyStatus<T extends KubeObject & { status?: unknown }>(
  client: ResourceClient<T>,
  object: T,
  status: NonNullable<T['status']>,
  options: { fieldManager: string },
): Promise<KubeObject['metadata'] | undefined> {
  const wanted = asJson(status);
  if (isDeepStrictEqual(wanted, asJson(object.status ?? {}))) return undefined;
  const { name, namespace, uid } = object.metadata;
  const applyOptions = { ...options, force: true, subresource: 'status', metadataOnly: true } as const;
  const apply = async (value?: unknown) => {
    const object = { metadata: { name, namespace, uid }, status: value } as T;
    return (await client.apply(object, applyOptions)).metadata;
  };
  const written = await apply(wanted);
  if (written.uid === uid) return written;
  await apply();
  throw new BridgeError('KUBE_CONFLICT', `${client.ref.kind} '${name}' was replaced by another of the same name`);
}

/** As it would arrive: members that are undefined are absent. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
