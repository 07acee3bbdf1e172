/**
 * Where the dataIds of a shard are: the connection, the Nacos namespace, and the place that it is (base/nacos-place.ts).
 *
 * Pure. Another connection or namespace has other dataIds, so its entries are of former items; another place behind the
 * same has the same ones, and none of the bases counts there.
 */
import type { NacosConfigInventoryStatus } from '../../../api/generated/nacos-config-inventory.ts';
import type { NacosConfigInventory } from '../../../api/resources.ts';
import type { NacosPlace } from '../../base/nacos-place.ts';

export interface Header {
  /** The name of the NacosConnection; undefined for the operator's default. */
  readonly connection: string | undefined;
  readonly place: NacosPlace;
}

export type StoredHeader = NonNullable<NacosConfigInventoryStatus['header']>;

/** `maxItems` of the field. */
const MAX_SERVERS = 64;

export function storedHeader({ connection, place }: Header): StoredHeader {
  const { id, namespaceId, servers } = place;
  return {
    ...(connection !== undefined && { connection }),
    ...(namespaceId !== '' && { namespaceId }),
    ...(id !== undefined && { placeId: id }),
    servers: servers.slice(0, MAX_SERVERS),
  };
}

/** Undefined where there is none. */
export function headerOf({ status: { header } = {} }: NacosConfigInventory): Header | undefined {
  const { connection, namespaceId = '', placeId: id, servers } = header ?? {};
  return servers && { connection, place: { id, namespaceId, servers } };
}

/** Whether both have the same dataIds, as far as names tell. */
export function isSameAddress(a: Header, b: Header): boolean {
  return a.connection === b.connection && a.place.namespaceId === b.place.namespaceId;
}
