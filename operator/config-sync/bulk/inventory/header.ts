/**
 * Where the dataIds of a shard are: the connection, the Nacos namespace, and the place that it is (base/nacos-place.ts).
 *
 * Pure. Another connection or namespace has other dataIds, so its entries are of former items; another place behind the
 * same has the same ones, and none of the bases counts there.
 */
import type { NacosConfigInventoryStatus } from '../../../api/generated/nacos-config-inventory.ts';
import type { NacosPlace } from '../../base/nacos-place.ts';

export type Header = NonNullable<NacosConfigInventoryStatus['header']>;

/** `maxItems` of the field. */
const MAX_SERVERS = 64;

/** @param connection the name of the NacosConnection; undefined for the operator's default */
export function headerOf(connection: string | undefined, { id, namespaceId, servers }: NacosPlace): Header {
  return {
    ...(connection !== undefined && { connection }),
    ...(namespaceId !== '' && { namespaceId }),
    ...(id !== undefined && { placeId: id }),
    servers: servers.slice(0, MAX_SERVERS),
  };
}

export function placeOf({ namespaceId = '', placeId: id, servers }: Header): NacosPlace {
  return { id, namespaceId, servers };
}

/** Whether both have the same dataIds, as far as names tell. */
export function isSameAddress(a: Header, b: Header): boolean {
  return a.connection === b.connection && a.namespaceId === b.namespaceId;
}
