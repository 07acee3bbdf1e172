/** A Nacos client for authors: the one of this project, apart from the operator's own. */
import { Registry } from 'prom-client';
import { systemClock } from '../../operator/clock.ts';
import { silentLogger } from '../../operator/logger.ts';
import { NacosClient } from '../../operator/nacos/client.ts';
import { createNacosMetrics } from '../../operator/connections/nacos-metrics.ts';
import { parseServerAddresses } from '../../operator/nacos/transport/server-address.ts';

export interface AuthorEndpoint {
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number;
  /** Both or none, where nobody has to log in. */
  readonly username?: string;
  readonly password?: string;
}

export function startAuthorClient({ host, port, grpcPort, username, password }: AuthorEndpoint): NacosClient {
  const client = new NacosClient({
    servers: parseServerAddresses(`${host}:${port}`).map((address) => ({ ...address, grpcPort })),
    credentials: username === undefined || password === undefined ? undefined : { username, password },
    requestTimeoutMs: 10_000,
    clientName: 'Author:v1',
    appName: 'author',
    log: silentLogger,
    clock: systemClock,
    metrics: createNacosMetrics(new Registry(), ''),
  });
  client.start();
  return client;
}
