/**
 * What is said where configs are asked for in the namespace `public` of a server that has two public ones, and the
 * connection means the other one.
 */
import type { Verdict } from '../kube/conditions.ts';
import type { NacosClient } from '../nacos/index.ts';

/** `namespaceId` as it is written; undefined where there is nothing to say. */
export function ambiguityVerdict(
  { isPublicAmbiguous }: Pick<NacosClient, 'isPublicAmbiguous'>,
  namespaceId: string | undefined,
): Verdict | undefined {
  if (namespaceId !== 'public' || !isPublicAmbiguous) return undefined;
  const message =
    'The server has two public namespaces, and `namespaceId: public` means the one with the empty id, which Java clients ' +
    'from 3.0 on do not read: they ask for the one that is called `public`. Name a Nacos namespace, or set ' +
    '`publicNamespace: Literal` of the connection; leave `namespaceId` out where the one with the empty id is meant';
  return { status: 'True', reason: 'TwoPublicNamespaces', message };
}
