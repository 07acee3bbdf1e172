/**
 * The base of an item as its inventory records it, and as a decision takes it.
 *
 * Pure. Of a Secret's content only a digest is recorded: which content it is of is found among those that the two sides have
 * now; where it is of none, all that is known is that there is a base.
 */
import { UNTOLD_MD5, type Base, type NacosPlace } from '../../base/nacos-place.ts';
import { markOf, type RemoteConfig } from '../../remote.ts';
import { digestOf, type EntryBase } from '../inventory/entry.ts';

/** `secretUid` is undefined for a ConfigMap. */
export function baseOf(
  { isOurs, md5 }: EntryBase,
  place: NacosPlace,
  secret: { uid: string | undefined; md5s: readonly (string | undefined)[] } | undefined,
): Base {
  if (secret === undefined) return { md5, place, isOurs };
  const { md5s, uid = '' } = secret;
  const known = md5s.find((one) => one !== undefined && digestOf(one, uid) === md5);
  return { md5: known ?? UNTOLD_MD5, place, isOurs };
}

/**
 * Whether what Nacos holds is what was recorded, and not the same content written later: by somebody who has taken back what
 * was published and not recorded before a crash.
 */
export function isAsRecorded(recorded: EntryBase, baseMd5: string, remote: RemoteConfig, mark: string): boolean {
  if (remote.kind !== 'present' || remote.md5 !== baseMd5) return false;
  const isByUs = markOf(remote.metadata.srcUser) === mark;
  const { isOurs, writtenMs } = recorded;
  if (writtenMs !== undefined) return !isByUs && remote.modifiedMs === writtenMs;
  return isOurs && isByUs;
}
