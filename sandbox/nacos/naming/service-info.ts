/**
 * What a client is told of a service: `ServiceInfo`, with the clusters that it asked for, without what is not enabled, and
 * with the protection against the loss of all instances.
 */
import type { Generation } from '../generation.ts';
import type { Json } from '../rpc.ts';
import { createHost } from './host.ts';
import type { Host } from './host.ts';
import type { ServiceKey } from './service-key.ts';
import type { ServiceSettings, ServiceView } from './service.ts';

interface Selection {
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

export class ServiceInfos {
  readonly #generation: Generation;
  readonly #now: () => number;

  constructor(generation: Generation, now: () => number) {
    this.#generation = generation;
    this.#now = now;
  }

  of(key: ServiceKey, view: ServiceView, settings: ServiceSettings | undefined, selection: Selection): ServiceInfo {
    const { clusters, healthyOnly = false } = selection;
    const wanted = clusters.trim() === '' ? undefined : new Set(clusters.split(','));
    const enabled = view.hosts.filter((host) => host.enabled && (!wanted || wanted.has(host.clusterName)));
    const healthyCount = enabled.reduce((sum, { healthy }) => sum + Number(healthy), 0);
    const selected = healthyOnly ? enabled.filter(({ healthy }) => healthy) : enabled;
    // No host at all makes 0/0, which reaches no threshold.
    const isProtected = settings !== undefined && healthyCount / selected.length <= settings.protectThreshold;
    return {
      name: key.name,
      groupName: key.group,
      clusters,
      cacheMillis: cacheMs,
      hosts: isProtected ? selected.map((host) => this.#asHealthy(host)) : selected,
      lastRefTime: this.#now(),
      checksum: '',
      [this.#generation === '3.1' ? 'allIps' : 'allIPs']: false,
      reachProtectionThreshold: isProtected,
      valid: true,
    };
  }

  #asHealthy(host: Host): Host {
    return host.healthy ? host : createHost({ ...host, healthy: true }, this.#generation);
  }
}
