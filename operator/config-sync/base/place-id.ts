/**
 * The id of a Nacos namespace: a random UUID that it holds itself, as the content of a dataId of ours.
 *
 * Guarantee: it is made once, by compare-and-swap, whoever comes first, and never changed or removed by us. It is no
 * config: nothing mirrors, exports or counts it.
 */
import { PLACE_CONFIG } from '../../api/names.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import type { ConfigKey, NacosClient } from '../../nacos/index.ts';
import { readRemote } from '../remote.ts';

const MARK = 'nacos-bridge';
const ID = /^[A-Za-z0-9-]{1,64}$/;

/** What the namespace says of itself; `unknown` where it may not be asked. */
export type PlaceId = { kind: 'known'; id: string } | { kind: 'absent' | 'unknown' };

export async function readPlaceId(client: NacosClient, namespaceId: string): Promise<PlaceId> {
  try {
    const held = await client.config.read(keyOf(namespaceId));
    return held === undefined ? { kind: 'absent' } : idOf(held.content);
  } catch (error) {
    if (isBridgeError(error, 'NACOS_FORBIDDEN')) return { kind: 'unknown' };
    throw error;
  }
}

/**
 * Gives the namespace `id`, unless somebody else has given it one meanwhile; returns the one that it has.
 *
 * @throws BridgeError NACOS_CAS_FAILED while somebody else has, and the server does not show it yet.
 */
export async function makePlaceId(client: NacosClient, namespaceId: string, id: string): Promise<PlaceId> {
  const key = keyOf(namespaceId);
  try {
    const description = 'Made by Nacos Bridge to know this namespace by. It must not be changed or removed.';
    await client.config.publish(key, id, { cas: 'create-only', type: 'text', srcUser: MARK, description });
    return { kind: 'known', id };
  } catch (error) {
    if (isBridgeError(error, 'NACOS_FORBIDDEN', 'NACOS_INVALID')) return { kind: 'unknown' };
    if (!isBridgeError(error, 'NACOS_CAS_FAILED')) throw error;
  }
  const stored = await readRemote(client, key);
  if (stored.kind === 'present') return idOf(stored.content);
  const served = await readPlaceId(client, namespaceId);
  if (served.kind !== 'absent') return served;
  throw new BridgeError('NACOS_CAS_FAILED', 'The id of the Nacos namespace is being made by somebody else');
}

function keyOf(namespaceId: string): ConfigKey {
  return { namespaceId, ...PLACE_CONFIG };
}

/** Somebody may have written anything there. */
function idOf(content: string): PlaceId {
  return ID.test(content) ? { kind: 'known', id: content } : { kind: 'unknown' };
}
