/**
 * The base of an item as its inventory records it.
 *
 * Pure. Of a Secret's content only a digest is recorded, made with the `uid` of the Secret: which content it is of is found
 * among those that the two sides have now.
 */
import { markOf, type RemoteConfig } from '../../remote.ts';
import { digestOf, type EntryBase } from '../inventory/entry.ts';
import type { KeyRef } from '../mapping.ts';

export function recordedMd5(md5: string, { kind }: KeyRef, uid: string): string {
  return kind === 'Secret' ? digestOf(md5, uid) : md5;
}

/** The other way round; undefined when it is of none of `md5s`, and all that is known is that there is a base. */
export function contentMd5(
  { md5 }: EntryBase,
  ref: KeyRef,
  uid: string,
  md5s: readonly (string | undefined)[],
): string | undefined {
  return ref.kind === 'ConfigMap' ? md5 : md5s.find((one) => one !== undefined && recordedMd5(one, ref, uid) === md5);
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
