/**
 * What a replica says of itself in Nacos: the metadata of one instance of a service that all replicas register with.
 *
 * Strangers may register there too, other clusters and installations with replicas of their own, and later versions with
 * more to say: what is not an entry of our cluster is no entry. An instance has 1024 characters of metadata, so of very many
 * names and connections only those are given that fit: those that are not named publish on, which is safe, and a mark says
 * that there are more connections.
 */
import { METADATA_KEYS } from '../api/names.ts';
import type { Host, Instance } from '../nacos/index.ts';
import { MORE_CONNECTIONS, type ReplicaEntry } from './relief.ts';
import type { Scope } from './scope.ts';

/** Where all replicas of all clusters meet, in the Nacos namespace of a connection. */
export const REPLICA_SERVICE = { group: 'nacos-bridge-system', serviceName: 'nacos-bridge' } as const;

/** A replica as the others see it. */
export interface ReplicaHost {
  readonly entry: ReplicaEntry;
  /** Greater each time that it is written, also by a process that has taken the place of another one. */
  readonly revision: number;
  readonly scope: Scope;
  /** That its publishing connections are at, `host:port`, sorted. */
  readonly servers: readonly string[];
}

const KEYS = {
  identity: 'identity',
  kubernetes: 'kubernetes',
  epoch: 'epoch',
  revision: 'revision',
  installation: 'installation',
  scope: 'scope',
  namespaces: 'namespaces',
  servers: 'servers',
  connections: 'connections',
  relieves: 'relieves',
} as const;
const METADATA_LIMIT = 1024;
/** Of the limit, for what is of use though it be incomplete. */
const SERVERS_LIMIT = 120;
const NAMESPACES_LIMIT = 100;
const CONNECTIONS_LIMIT = 160;

const identityRule = /^[\w.-]{1,253}$/;
const epochRule = /^\w{0,64}$/;
const revisionRule = /^\d{1,15}$/;
const installationRule = /^[a-z0-9.-]+\/[a-z0-9.-]+$/;
const reliefRule = /^[\w.-]{1,253}\/\w{0,64}$/;

/** `address` is for people: nobody calls it. */
export function instanceOf(
  { entry, revision, scope, servers }: ReplicaHost,
  clusterId: string,
  address: { ip: string; port: number },
): Instance {
  const { connections, epoch, identity, kubernetes, relieves } = entry;
  const fixed = present({
    [METADATA_KEYS.cluster]: clusterId,
    [KEYS.identity]: identity,
    [KEYS.kubernetes]: kubernetes,
    [KEYS.epoch]: epoch,
    [KEYS.revision]: String(revision),
    [KEYS.installation]: scope.installation,
    [KEYS.scope]: scope.digest,
    [KEYS.namespaces]: fitting(scope.namespaces, NAMESPACES_LIMIT).join(','),
    [KEYS.servers]: fitting(servers, SERVERS_LIMIT).join(','),
    [KEYS.connections]: connectionsText(connections),
  });
  const left = METADATA_LIMIT - sizeOf(fixed) - KEYS.relieves.length;
  return {
    ...address,
    weight: 1,
    healthy: true,
    enabled: true,
    clusterName: 'DEFAULT',
    metadata: { ...fixed, ...present({ [KEYS.relieves]: fitting(relieves, left).join(',') }) },
  };
}

/** Undefined for a host that is no replica of this cluster, or of a version that says too little. */
export function replicaHostOf({ metadata }: Pick<Host, 'metadata'>, clusterId: string): ReplicaHost | undefined {
  if (metadata[METADATA_KEYS.cluster] !== clusterId) return undefined;
  const { connections = '', epoch = '', identity = '', kubernetes, relieves = '', servers = '' } = metadata;
  const { installation = '', namespaces = '', revision = '', scope: digest = '' } = metadata;
  if (kubernetes !== 'Synced' && kubernetes !== 'Lost') return undefined;
  if (!identityRule.test(identity) || !epochRule.test(epoch)) return undefined;
  if (!revisionRule.test(revision) || !installationRule.test(installation)) return undefined;
  const names = itemsOf(relieves);
  if (!names.every((name) => reliefRule.test(name))) return undefined;
  return {
    entry: { identity, kubernetes, epoch, relieves: names, connections: itemsOf(connections) },
    revision: Number(revision),
    scope: { installation, digest, namespaces: itemsOf(namespaces) },
    servers: itemsOf(servers),
  };
}

function connectionsText(connections: readonly string[]): string {
  const kept = fitting(connections, CONNECTIONS_LIMIT);
  return [...kept, ...(kept.length < connections.length ? [MORE_CONNECTIONS] : [])].join(',');
}

function present(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== ''));
}

function itemsOf(text: string): string[] {
  return text === '' ? [] : text.split(',');
}

/** The first of the items, as many as fit. */
function fitting(items: readonly string[], limit: number): readonly string[] {
  return items.filter((_, index) => items.slice(0, index + 1).join(',').length <= limit);
}

function sizeOf(metadata: Readonly<Record<string, string>>): number {
  return Object.entries(metadata).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
}
