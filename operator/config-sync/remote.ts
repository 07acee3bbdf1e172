/**
 * A dataId as the admin API tells it: its content, right at once after a write; what it has besides, which is tags,
 * description, appName and type; and who wrote it last.
 *
 * Not every user may ask it, and Nacos 3 as it is shipped lets nobody who does not log in. `unknown` then, which the
 * connection's condition `AdminApi` tells: decisions that depend on it take the careful side.
 *
 * Every publish of ours carries, as `src_user`, a mark made from the cluster, the namespace and the name of the
 * NacosConfig. The next writer replaces it, whoever that is: that a dataId is ours and somebody has edited it since tells
 * only the md5 in the status of the NacosConfig. (A config tag would outlive other writers, and costs Nacos a walk over
 * all tags of the namespace at each publish: docs/adr/0008.)
 */
import { hash } from 'node:crypto';
import { OWNER_MARK_PREFIX } from '../api/names.ts';
import { isBridgeError } from '../errors.ts';
import type { ConfigKey, ConfigPublishOptions, NacosClient } from '../nacos/index.ts';
import { formatByExtension } from './formats/format.ts';
import type { DeclaringIntent } from './intent.ts';

/** What the admin API tells of a config besides its content. */
export interface RemoteMetadata {
  tags: readonly string[];
  description: string;
  appName: string;
  type: string;
  srcUser: string;
  srcIp: string;
}

export type RemoteConfig =
  | { kind: 'present'; content: string; md5: string; metadata: RemoteMetadata; modifiedMs: number }
  | { kind: 'absent' | 'unknown'; content?: undefined; md5?: undefined; metadata?: undefined; modifiedMs?: undefined };

export async function readRemote(client: NacosClient, address: ConfigKey): Promise<RemoteConfig> {
  try {
    const detail = await client.config.readStored(address);
    if (detail === undefined) return { kind: 'absent' };
    const { content, md5, tags, description, appName, type, srcUser, srcIp, lastModifiedMs: modifiedMs } = detail;
    const metadata = { tags, description, appName, type, srcUser, srcIp };
    return { kind: 'present', content, md5, metadata, modifiedMs };
  } catch (error) {
    if (isBridgeError(error, 'NACOS_UNSUPPORTED', 'NACOS_FORBIDDEN', 'NACOS_UNAUTHENTICATED'))
      return { kind: 'unknown' };
    throw error;
  }
}

/** The mark of one NacosConfig of one cluster: the prefix and 16 hexadecimal digits. */
export function ownershipMark(clusterId: string, namespace: string, name: string): string {
  const digest = hash('sha256', JSON.stringify([clusterId, namespace, name]));
  return OWNER_MARK_PREFIX + digest.slice(0, 16);
}

/** What a NacosConfigSync is called in its mark: no NacosConfig is called so. */
export function syncMarkName(name: string): string {
  return `sync/${name}`;
}

/** The mark with the number of the leader's term behind it: who sees a higher one than its own may have been deposed. */
export function markInTerm(mark: string, term: number): string {
  return `${mark}.${term}`;
}

/** The mark in what a last writer is called; that itself, where there is none. */
export function markOf(srcUser: string): string {
  return MARK_IN_TERM.exec(srcUser)?.[1] ?? srcUser;
}

/** Undefined where the last writer has told none. */
export function termOf(srcUser: string): number | undefined {
  const term = MARK_IN_TERM.exec(srcUser)?.[2];
  return term === undefined ? undefined : Number(term);
}

const MARK_IN_TERM = /^(nacos-bridge-[0-9a-f]{16})\.(\d{1,15})$/;

/** Whether it is the mark of some NacosConfig. */
export function isMark(srcUser: string): boolean {
  return srcUser.startsWith(OWNER_MARK_PREFIX);
}

/**
 * - `ours`: the one with this mark wrote last.
 * - `given-up`: another NacosConfig of this cluster did, which is gone or has to leave the dataId to this one.
 * - `handed-over`: a NacosConfigSync of this cluster did, or one that it hands back to: as good as ours, but for the mark.
 * - `other-bridge`: another NacosConfig did, of another cluster, or nobody knows of which.
 * - `foreign`: somebody else did.
 * - `unknown`: the admin API does not tell (absent, or not allowed).
 */
export type Ownership = 'ours' | 'given-up' | 'handed-over' | 'other-bridge' | 'foreign' | 'unknown';

/** `rivals` tell of a mark whose it is. */
export function ownershipOf(
  metadata: RemoteMetadata | undefined,
  mark: string,
  rivals?: { isGivenUp(mark: string): boolean; isHandedOver?(mark: string): boolean },
): Ownership {
  if (metadata === undefined) return 'unknown';
  const writer = markOf(metadata.srcUser);
  if (writer === markOf(mark)) return 'ours';
  if (!isMark(writer)) return 'foreign';
  if (rivals?.isHandedOver?.(writer)) return 'handed-over';
  return rivals?.isGivenUp(writer) ? 'given-up' : 'other-bridge';
}

/** For messages: who wrote last, as far as the server tells. */
export function lastWriter(metadata: RemoteMetadata | undefined): string {
  if (metadata === undefined) return '';
  const { srcUser, srcIp } = metadata;
  if (srcUser === '') return srcIp;
  return srcIp === '' ? `'${srcUser}'` : `'${srcUser}' from ${srcIp}`;
}

/** What the dataId is to have, where Nacos holds `remote`: what is not declared stays as it is. */
export function metadataToPublish(
  intent: DeclaringIntent,
  remote: RemoteMetadata | undefined,
  mark: string,
): RemoteMetadata {
  return {
    tags: intent.tags ?? remote?.tags ?? [],
    description: intent.description ?? remote?.description ?? '',
    appName: intent.appName ?? remote?.appName ?? '',
    type: isFormatKnown(intent) ? intent.format : remote?.type || intent.format,
    srcUser: mark,
    srcIp: '',
  };
}

/** Else it is text for want of anything better, which is no reason to change what a user of Nacos has chosen. */
function isFormatKnown({ address, declaresFormat }: DeclaringIntent): boolean {
  return declaresFormat || formatByExtension(address.dataId) !== undefined;
}

/**
 * What of `wanted` a publish names. Tags and an appName that it does not name stay, so those that are declared are always
 * named, whatever Nacos was read to hold: whoever takes the dataId over in this moment, with equal content and tags of his
 * own, is seen by no compare-and-swap. A description that it does not name goes (seen on 2.3 and 3.1).
 */
export function toSend(
  { appName, tags }: Pick<DeclaringIntent, 'appName' | 'tags'>,
  { description, srcUser, type }: RemoteMetadata,
): Pick<ConfigPublishOptions, 'appName' | 'description' | 'srcUser' | 'tags' | 'type'> {
  return { tags, appName, description, srcUser, type };
}

/** Whether any of these is declared. */
export function declaresMetadata({ appName, declaresFormat, description, tags }: DeclaringIntent): boolean {
  return declaresFormat || tags !== undefined || description !== undefined || appName !== undefined;
}

/** Whether Nacos holds other tags, description, appName or type than those that are declared. */
export function metadataDiffers(intent: DeclaringIntent, remote: RemoteMetadata): boolean {
  return (
    (intent.tags !== undefined && !sameSet(intent.tags, remote.tags)) ||
    (intent.description !== undefined && intent.description !== remote.description) ||
    (intent.appName !== undefined && intent.appName !== remote.appName) ||
    (intent.declaresFormat && intent.format !== remote.type)
  );
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return new Set(a).size === new Set(b).size && a.every((item) => b.includes(item));
}
