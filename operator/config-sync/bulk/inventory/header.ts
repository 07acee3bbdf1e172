/**
 * Where the dataIds of a shard are: the connection, the Nacos namespace, and the place that it is (base/nacos-place.ts).
 *
 * Pure. Another connection or namespace has other dataIds, so its entries are of former items; another place behind the
 * same has the same ones, and none of the bases counts there.
 */
import type { NacosConfigInventoryStatus } from '../../../api/generated/nacos-config-inventory.ts';
import type { NacosPlace } from '../../base/nacos-place.ts';

export interface Header {
  /** The name of the NacosConnection; undefined for the operator's default. */
  readonly connection: string | undefined;
  readonly place: NacosPlace;
}

/** `maxItems` of the field. */
const MAX_SERVERS = 64;

export function statusOfHeader({ connection, place }: Header): NonNullable<NacosConfigInventoryStatus['header']> {
  const { id, namespaceId, servers } = place;
  return {
    ...(connection !== undefined && { connection }),
    ...(namespaceId !== '' && { namespaceId }),
    ...(id !== undefined && { placeId: id }),
    servers: servers.slice(0, MAX_SERVERS),
  };
}

/** Of the JSON of a stored one; undefined where there is none. */
export function headerOf(stored: string): Header | undefined {
  const header = JSON.parse(stored) as NacosConfigInventoryStatus['header'] | null;
  const { connection, namespaceId = '', placeId: id, servers } = header ?? {};
  return servers && { connection, place: { id, namespaceId, servers } };
}

/** Whether both have the same dataIds, as far as names tell. */
export function isSameAddress(a: Header, b: Header): boolean {
  return a.connection === b.connection && a.place.namespaceId === b.place.namespaceId;
}
