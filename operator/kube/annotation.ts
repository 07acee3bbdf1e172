/** One annotation of an object that belongs to users, changed only while it is as it was seen. */
import { BridgeError, isBridgeError } from '../errors.ts';
import type { KubeObject } from './resource.ts';
import type { ResourceClient } from './resource-client.ts';

/**
 * `to` is undefined where it goes.
 *
 * @throws BridgeError KUBE_CONFLICT when it is not as `object` has it any more.
 */
export async function changeAnnotation<T extends KubeObject>(
  client: ResourceClient<T>,
  { metadata: { annotations, name, namespace } }: KubeObject,
  annotation: string,
  to?: string,
): Promise<void> {
  const path = `/metadata/annotations/${annotation.replace('/', '~1')}`;
  const isAsSeen = { op: 'test', path, value: annotations?.[annotation] ?? null } as const;
  const change = to === undefined ? ({ op: 'remove', path } as const) : ({ op: 'replace', path, value: to } as const);
  try {
    await client.jsonPatch(name, namespace, [isAsSeen, change]);
  } catch (error) {
    if (!isBridgeError(error, 'KUBE_INVALID')) throw error;
    const message = `The annotation ${annotation} of ${client.ref.kind} '${name}' was changed meanwhile`;
    throw new BridgeError('KUBE_CONFLICT', message, { cause: error });
  }
}
