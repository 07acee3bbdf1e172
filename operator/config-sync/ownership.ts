/**
 * Who a dataId belongs to, as Nacos itself tells.
 *
 * Our mark is one config tag, made from the cluster, the namespace and the name of the NacosConfig: tags survive
 * writers that send none. `src_user` carries the same mark and tells something else: whether the last writer was us.
 * Together they tell "ours, as we left it" from "ours, edited by somebody since".
 */
import { hash } from 'node:crypto';
import { OWNER_TAG_PREFIX } from '../api/names.ts';

/** Nacos' own limit (`config_tags`). */
const MAX_TAGS = 5;

/** The mark of one NacosConfig of one cluster: the prefix and 16 hexadecimal digits. */
export function ownershipMark(clusterId: string, namespace: string, name: string): string {
  const digest = hash('sha256', JSON.stringify([clusterId, namespace, name]));
  return OWNER_TAG_PREFIX + digest.slice(0, 16);
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
 * - `ours`: marked by this NacosConfig, and it wrote last.
 * - `edited`: marked by this NacosConfig, and somebody else wrote last.
 * - `other-bridge`: marked by another NacosConfig, here or in another cluster.
 * - `foreign`: without a mark.
 * - `unknown`: the admin API does not tell (absent, or not allowed).
 */
export type Ownership = 'ours' | 'edited' | 'other-bridge' | 'foreign' | 'unknown';

export function ownershipOf(metadata: RemoteMetadata | undefined, mark: string): Ownership {
  if (metadata === undefined) return 'unknown';
  const others = metadata.tags.some((tag) => tag.startsWith(OWNER_TAG_PREFIX) && tag !== mark);
  if (others) return 'other-bridge';
  if (metadata.srcUser === mark) return 'ours';
  return metadata.tags.includes(mark) ? 'edited' : 'foreign';
}

/**
 * The tags to publish: the declared ones, or those that are there when none are declared, and our mark. Marks of other
 * bridges go: publishing means that the config is ours now. A fifth tag of a user is worth more than our mark.
 */
export function tagsToPublish(
  declared: readonly string[] | undefined,
  remote: RemoteMetadata | undefined,
  mark: string,
): string[] {
  const wanted = withoutMarks(declared ?? remote?.tags ?? []);
  return [...new Set(wanted), mark].slice(0, MAX_TAGS);
}

/** The tags that users gave. */
export function withoutMarks(tags: readonly string[]): string[] {
  return tags.filter((tag) => !tag.startsWith(OWNER_TAG_PREFIX));
}
