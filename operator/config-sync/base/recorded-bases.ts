/**
 * The bases that the statuses of NacosConfigs tell of, as evidence of whether a Nacos namespace is still the one that they
 * are of: a lost id, and statuses from versions that recorded no place, are judged by what the namespace holds.
 */
import type { NacosConfig } from '../../api/resources.ts';
import type { ConnectionHandle } from '../../connections/connection-directory.ts';
import { findCondition } from '../../kube/conditions.ts';
import { type ConfigKey, type NacosClient, normaliseNamespaceId } from '../../nacos/index.ts';
import { serversOf, sharesServer, UNTOLD_MD5, type Base, type NacosPlace } from './nacos-place.ts';

/** So many are asked for: a namespace that holds other things does not hold ten of ours. */
const ASKED_FOR = 10;

/** What both sides last had in common, as the status tells. */
export function storedBase({ status }: NacosConfig): Base | undefined {
  const { conditions, syncedMd5, syncedPlace } = status ?? {};
  const md5 = syncedMd5 ?? (syncedPlace && UNTOLD_MD5);
  if (md5 === undefined) return undefined;
  const owned = findCondition(conditions, 'Owned')?.status ?? 'Unknown';
  const { id, namespaceId = '', servers } = syncedPlace ?? {};
  const place = servers && { id, namespaceId, servers };
  return { md5, place, isOurs: owned === 'Unknown' ? undefined : owned === 'True' };
}

interface RecordedBase {
  readonly address: ConfigKey;
  readonly md5: string;
  readonly place: NacosPlace | undefined;
}

/** `connectionOf` is undefined while the connection of a NacosConfig cannot be used. */
export interface RecordedBases {
  readonly configs: () => readonly NacosConfig[];
  readonly connectionOf: (resource: NacosConfig) => ConnectionHandle | undefined;
}

/** A Nacos namespace, and which of two public ones is meant. */
export type Where = Omit<NacosPlace, 'id'> & Pick<NacosClient, 'publicTenant'>;

/** The id that the namespace had at these servers, as most bases say, and these; undefined when none says. */
export function formerId(bases: RecordedBases, at: Where): [string, RecordedBase[]] | undefined {
  const ofHere = basesIn(bases, at).filter(({ place }) => place?.id !== undefined && sharesServer(place, at));
  const byId = Map.groupBy(ofHere, ({ place }) => place?.id ?? '');
  return [...byId].sort(([, a], [, b]) => b.length - a.length)[0];
}

/** Those without a place of NacosConfigs whose connection leads here. */
export function unboundBases(bases: RecordedBases, at: Where): RecordedBase[] {
  return basesIn(bases, at).filter(({ place }) => place === undefined);
}

/**
 * Whether the first ten are what the namespace holds. None is no evidence. Those that were apart already when their status
 * was written are not among them.
 */
export async function areHeld(client: NacosClient, bases: readonly RecordedBase[]): Promise<boolean> {
  const asked = bases.slice(0, ASKED_FOR);
  const held = await Promise.all(asked.map(({ address }) => client.config.read(address)));
  return asked.length > 0 && asked.every(({ md5 }, index) => held[index]?.md5 === md5);
}

function basesIn({ configs, connectionOf }: RecordedBases, at: Where): RecordedBase[] {
  return configs().flatMap((resource): RecordedBase[] => {
    const { md5, place } = storedBase(resource) ?? {};
    if (md5 === undefined || resource.status?.nacosMd5 !== md5) return [];
    if (findCondition(resource.status?.conditions, 'Synced')?.status === 'False') return [];
    const connection = connectionOf(resource);
    if (connection === undefined || !sharesServer({ servers: serversOf(connection.servers) }, at)) return [];
    const { dataId, group, namespaceId = connection.namespaceId } = resource.spec;
    const address = { namespaceId: normaliseNamespaceId(namespaceId), group, dataId: dataId ?? resource.metadata.name };
    if (address.namespaceId !== at.namespaceId) return [];
    if (at.namespaceId === '' && connection.client.publicTenant !== at.publicTenant) return [];
    return [{ address, md5, place }];
  });
}
