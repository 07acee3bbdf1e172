/**
 * What the admin API tells of a dataId: right at once after a write, and with its tags and its last writer.
 *
 * Not every user may ask it. `unknown` then: decisions that depend on it take the careful side.
 */
import { isBridgeError } from '../errors.ts';
import type { ConfigKey, NacosClient } from '../nacos/index.ts';
import type { RemoteMetadata } from './ownership.ts';

export type RemoteConfig =
  | { kind: 'present'; content: string; md5: string; metadata: RemoteMetadata }
  | { kind: 'absent' }
  | { kind: 'unknown' };

export async function readRemote(client: NacosClient, address: ConfigKey): Promise<RemoteConfig> {
  try {
    const detail = await client.config.readStored(address);
    if (detail === undefined) return { kind: 'absent' };
    const { content, md5, tags, description, appName, type, srcUser, srcIp } = detail;
    return { kind: 'present', content, md5, metadata: { tags, description, appName, type, srcUser, srcIp } };
  } catch (error) {
    if (isBridgeError(error, 'NACOS_UNSUPPORTED', 'NACOS_FORBIDDEN')) return { kind: 'unknown' };
    throw error;
  }
}

/** What is known of the dataId besides its content; undefined when it is absent or the server does not tell. */
export async function readMetadata(client: NacosClient, address: ConfigKey): Promise<RemoteMetadata | undefined> {
  const remote = await readRemote(client, address);
  return remote.kind === 'present' ? remote.metadata : undefined;
}

/** For messages: who wrote last, as far as the server tells. */
export function lastWriter(metadata: RemoteMetadata | undefined): string {
  if (metadata === undefined) return '';
  const { srcUser, srcIp } = metadata;
  if (srcUser === '') return srcIp;
  return srcIp === '' ? `'${srcUser}'` : `'${srcUser}' from ${srcIp}`;
}
