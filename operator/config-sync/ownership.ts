/**
 * Who wrote a dataId last, as Nacos itself tells.
 *
 * Every publish of ours carries, as `src_user`, a mark made from the cluster, the namespace and the name of the
 * NacosConfig. The next writer replaces it, whoever that is: that a dataId is ours and somebody has edited it since tells
 * only the md5 in the status of the NacosConfig. (A config tag would outlive other writers, and costs Nacos a walk over
 * all tags of the namespace at each publish: docs/adr/0008.)
 */
import { hash } from 'node:crypto';
import { OWNER_MARK_PREFIX } from '../api/names.ts';

/** The mark of one NacosConfig of one cluster: the prefix and 16 hexadecimal digits. */
export function ownershipMark(clusterId: string, namespace: string, name: string): string {
  const digest = hash('sha256', JSON.stringify([clusterId, namespace, name]));
  return OWNER_MARK_PREFIX + digest.slice(0, 16);
}

/** What the admin API tells of a config besides its content. */
export interface RemoteMetadata {
  tags: readonly string[];
  description: string;
  appName: string;
  type: string;
  srcUser: string;
  srcIp: string;
}

/**
 * - `ours`: this NacosConfig wrote last.
 * - `other-bridge`: another NacosConfig did, here or in another cluster.
 * - `foreign`: somebody else did.
 * - `unknown`: the admin API does not tell (absent, or not allowed).
 */
export type Ownership = 'ours' | 'other-bridge' | 'foreign' | 'unknown';

export function ownershipOf(metadata: RemoteMetadata | undefined, mark: string): Ownership {
  if (metadata === undefined) return 'unknown';
  if (metadata.srcUser === mark) return 'ours';
  return isMark(metadata.srcUser) ? 'other-bridge' : 'foreign';
}

/** Whether it is the mark of some NacosConfig. */
export function isMark(srcUser: string): boolean {
  return srcUser.startsWith(OWNER_MARK_PREFIX);
}
