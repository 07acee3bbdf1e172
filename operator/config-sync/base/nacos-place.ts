/**
 * A Nacos namespace, told from all others, so that what both sides last had in common (the base) counts only where it was
 * seen: a connection may be pointed at another Nacos, and an address may get another Nacos behind it.
 *
 * Pure. The id is what the namespace itself holds (place-id.ts). Where it cannot be had, the servers tell: a set of them that
 * shares a member with the last one is of the same Nacos. Credentials, TLS, context paths and gRPC ports tell nothing.
 */
import { PLACE_CONFIG } from '../../api/names.ts';
import type { ConnectionHandle } from '../../connections/connection-directory.ts';

export interface NacosPlace {
  /** Undefined where it can neither be read nor made. */
  readonly id: string | undefined;
  /** '' is the public one. */
  readonly namespaceId: string;
  /** HOST:PORT of those that the connection may use, in order. */
  readonly servers: readonly string[];
}

/** What both sides last had in common, where, and whose it is there. */
export interface Base {
  readonly md5: string;
  /** Undefined in what versions before 0.2 have left. */
  readonly place: NacosPlace | undefined;
  /** Whether we wrote it to Nacos; undefined where nobody could tell. */
  readonly isOurs: boolean | undefined;
}

/** The md5 of content of a Secret is told to nobody. It equals no other: only that there is a base is known then. */
export const UNTOLD_MD5 = 'untold';

export interface PlaceNow extends NacosPlace {
  /** Whether it is the one that bases without a place are of. */
  readonly hasUnbound: boolean;
}

/** Whether what was in common at `then` is so at `now`, too. */
export function isSamePlace(then: NacosPlace | undefined, now: PlaceNow): boolean {
  if (then === undefined) return now.hasUnbound;
  if (then.namespaceId !== now.namespaceId) return false;
  if (then.id !== undefined && now.id !== undefined) return then.id === now.id;
  return sharesServer(then, now);
}

/** What is recorded at `now` of what was in common at `then`, which is the same: an id that cannot be had now stays known. */
export function movedOn(then: NacosPlace | undefined, { id, namespaceId, servers }: NacosPlace): NacosPlace {
  return { id: id ?? then?.id, namespaceId, servers };
}

export function sharesServer(a: Pick<NacosPlace, 'servers'>, b: Pick<NacosPlace, 'servers'>): boolean {
  return a.servers.some((server) => b.servers.includes(server));
}

/** A Nacos namespace, as a connection leads to it. */
export interface Where {
  readonly connection: Pick<ConnectionHandle, 'client' | 'servers'>;
  readonly namespaceId: string;
}

/** Connections are of one Nacos when they share a server; a server may have two public namespaces. */
export function isSameNacos(one: Where, other: Where): boolean {
  if (one.namespaceId !== other.namespaceId) return false;
  const [a, b] = [one.connection, other.connection];
  if (!sharesServer({ servers: serversOf(a.servers) }, { servers: serversOf(b.servers) })) return false;
  return one.namespaceId !== '' || a.client.publicTenant === b.client.publicTenant;
}

/** In the order in which they are kept. */
export function serversOf(servers: readonly string[]): string[] {
  return [...new Set(servers.map((server) => server.toLowerCase()))].sort();
}

/** Whether it is the dataId that holds the id. */
export function isPlaceConfig({ group, dataId }: { group: string; dataId: string }): boolean {
  return group === PLACE_CONFIG.group && dataId === PLACE_CONFIG.dataId;
}
