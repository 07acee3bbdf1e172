/** Hosts as Nacos shows them, for tests. */
import type { Host } from '../../operator/nacos/naming/naming-types.ts';

/** `cluster` is the id in its metadata, of whoever has registered it; null for an application. */
export function host(ip: string, cluster: string | null = 'c1'): Host {
  return {
    ip,
    port: 80,
    weight: 1,
    healthy: true,
    enabled: true,
    clusterName: 'DEFAULT',
    metadata: cluster === null ? {} : { 'k8s.cluster': cluster },
    instanceId: '',
    ephemeral: true,
  };
}
