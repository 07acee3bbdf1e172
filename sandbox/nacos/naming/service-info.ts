/**
 * What a client is told of a service: `ServiceInfo`, with the clusters that it asked for and without what is not enabled.
 */
import type { Json } from '../rpc.ts';
import type { Host } from './host.ts';
import type { ServiceKey } from './service-key.ts';

export interface Selection {
  /** Names separated by commas; '' is all. */
  readonly clusters: string;
  readonly healthyOnly?: boolean;
}

export interface ServiceInfo extends Json {
  readonly name: string;
  readonly hosts: readonly Host[];
}

/** How long clients may go without asking again. */
const cacheMs = 10_000;

export function serviceInfo(
  { group, name }: ServiceKey,
  hosts: readonly Host[],
  { clusters, healthyOnly = false }: Selection,
  nowMs: number,
): ServiceInfo {
  const wanted = clusters.trim() === '' ? undefined : new Set(clusters.split(','));
  return {
    name,
    groupName: group,
    clusters,
    cacheMillis: cacheMs,
    hosts: hosts.filter(({ clusterName, enabled, healthy }) => {
      return enabled && (healthy || !healthyOnly) && (!wanted || wanted.has(clusterName));
    }),
    lastRefTime: nowMs,
    checksum: '',
    allIPs: false,
    reachProtectionThreshold: false,
    valid: true,
  };
}
