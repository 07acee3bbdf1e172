/**
 * An application of Nacos that registers instances, where no official SDK is at hand: the naming client of this project,
 * on a connection of its own.
 */
import type { NacosApplication, NacosEndpoint } from '../scenarios/nacos-backend.ts';
import { startAuthorClient } from '../scenarios/author-client.ts';

const usual = { weight: 1, healthy: true, enabled: true, clusterName: 'DEFAULT', metadata: {} };

export function startApplication(endpoint: Omit<NacosEndpoint, 'admin'>): NacosApplication {
  const client = startAuthorClient(endpoint);
  const key = (group: string, serviceName: string) => ({ namespaceId: '', group, serviceName });
  return {
    register: (group, serviceName, ip, instancePort) =>
      client.naming.publish(key(group, serviceName), [{ ...usual, ip, port: instancePort }]),
    deregister: (group, serviceName) => client.naming.withdraw(key(group, serviceName)),
    stop: () => client.stop(),
  };
}
