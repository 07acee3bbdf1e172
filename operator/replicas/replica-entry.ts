/**
 * What a replica says of itself in Nacos: the metadata of one instance of a service that all replicas register with.
 *
 * Strangers may register there too, other clusters with replicas of their own, and later versions with more to say: what
 * is not an entry of our cluster is no entry. An instance has 1024 characters of metadata, so of very many names only
 * those are given that fit; those that are not named publish on, which is safe.
 */
import { METADATA_KEYS } from '../api/names.ts';
import type { Host, Instance } from '../nacos/index.ts';
import type { ReplicaEntry } from './relief.ts';

/** Where all replicas of all clusters meet, in the Nacos namespace of a connection. */
export const REPLICA_SERVICE = { group: 'nacos-bridge-system', serviceName: 'nacos-bridge' } as const;

/** A replica as the others see it: its entry, and the servers that its publishing connections are at. */
export interface ReplicaHost {
  readonly entry: ReplicaEntry;
  /** `host:port`, sorted. */
  readonly servers: readonly string[];
}

const KEYS = {
  identity: 'identity',
  kubernetes: 'kubernetes',
  epoch: 'epoch',
  relieves: 'relieves',
  servers: 'servers',
} as const;
const METADATA_LIMIT = 1024;
/** Of the limit, for the addresses of servers: without all of them replicas find together later. */
const SERVERS_LIMIT = 200;

const identityRule = /^[\w.-]{1,253}$/;
const epochRule = /^\w{0,64}$/;
const reliefRule = /^[\w.-]{1,253}\/\w{0,64}$/;

/** `address` is for people: nobody calls it. */
export function instanceOf(
  { entry, servers }: ReplicaHost,
  clusterId: string,
  address: { ip: string; port: number },
): Instance {
  const { identity, kubernetes, epoch, relieves } = entry;
  const fixed = present({
    [METADATA_KEYS.cluster]: clusterId,
    [KEYS.identity]: identity,
    [KEYS.kubernetes]: kubernetes,
    [KEYS.epoch]: epoch,
    [KEYS.servers]: fitting(servers, SERVERS_LIMIT),
  });
  const left = METADATA_LIMIT - sizeOf(fixed) - KEYS.relieves.length;
  return {
    ...address,
    weight: 1,
    healthy: true,
    enabled: true,
    clusterName: 'DEFAULT',
    metadata: { ...fixed, ...present({ [KEYS.relieves]: fitting(relieves, left) }) },
  };
}

/** Undefined for a host that is no replica of this cluster. */
export function replicaHostOf({ metadata }: Pick<Host, 'metadata'>, clusterId: string): ReplicaHost | undefined {
  if (metadata[METADATA_KEYS.cluster] !== clusterId) return undefined;
  const { identity = '', kubernetes, epoch = '', relieves = '', servers = '' } = metadata;
  if (kubernetes !== 'Synced' && kubernetes !== 'Lost') return undefined;
  if (!identityRule.test(identity) || !epochRule.test(epoch)) return undefined;
  const names = itemsOf(relieves);
  if (!names.every((name) => reliefRule.test(name))) return undefined;
  return { entry: { identity, kubernetes, epoch, relieves: names }, servers: itemsOf(servers) };
}

function present(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== ''));
}

function itemsOf(text: string): string[] {
  return text === '' ? [] : text.split(',');
}

/** The first of the items, as many as fit. */
function fitting(items: readonly string[], limit: number): string {
  const kept = items.filter((_, index) => items.slice(0, index + 1).join(',').length <= limit);
  return kept.join(',');
}

function sizeOf(metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
}
