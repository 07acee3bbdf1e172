/**
 * An application of Nacos that registers instances, where no official SDK is at hand: the naming client of this project,
 * on a connection of its own.
 */
import { Registry } from 'prom-client';
import { systemClock } from '../../operator/clock.ts';
import { silentLogger } from '../../operator/log.ts';
import { NacosClient } from '../../operator/nacos/client.ts';
import { createNacosMetrics } from '../../operator/nacos/metrics.ts';
import { parseServerAddresses } from '../../operator/nacos/server-address.ts';
import type { NacosApplication, NacosEndpoint } from '../scenarios/nacos-backend.ts';

const usual = { weight: 1, healthy: true, enabled: true, clusterName: 'DEFAULT', metadata: {} };

export function startApplication(endpoint: Omit<NacosEndpoint, 'admin'>): NacosApplication {
  const { host, port, grpcPort, username, password } = endpoint;
  const client = new NacosClient({
    servers: parseServerAddresses(`${host}:${port}`).map((address) => ({ ...address, grpcPort })),
    credentials: { username, password },
    requestTimeoutMs: 10_000,
    clientName: 'Application:v1',
    appName: 'application',
    log: silentLogger,
    clock: systemClock,
    metrics: createNacosMetrics(new Registry(), ''),
  });
  client.start();
  const key = (group: string, serviceName: string) => ({ namespaceId: '', group, serviceName });
  return {
    register: (group, serviceName, ip, instancePort) =>
      client.naming.publish(key(group, serviceName), [{ ...usual, ip, port: instancePort }]),
    deregister: (group, serviceName) => client.naming.withdraw(key(group, serviceName)),
    stop: () => client.stop(),
  };
}
