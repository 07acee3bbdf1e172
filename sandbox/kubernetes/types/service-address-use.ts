/**
 * Keeps the pool of cluster IPs and node ports equal to what the Services of a cluster have.
 */
import type { Cluster } from '../cluster.ts';
import { addressesOf } from './rules/service.ts';
import type { ServiceAddresses } from './rules/service-addresses.ts';

/** Returns what ends it. */
export function trackServiceAddresses(cluster: Cluster, addresses: ServiceAddresses): () => void {
  const services = cluster.types.find('', 'v1', 'services');
  if (services) for (const service of cluster.list(services)) addresses.use(addressesOf(service));
  return cluster.onChange(({ type, resource, object, previous }) => {
    if (resource !== services) return;
    if (previous) addresses.release(addressesOf(previous));
    if (type !== 'DELETED') addresses.use(addressesOf(object));
  });
}
