/**
 * A client as the naming part knows it: a connection, or an address over HTTP. Everything that is registered belongs to
 * one, and goes with it.
 *
 *   connection   `MS_IP_PORT`     one publication for each service; ends with the connection
 *   ephemeral    `IP:PORT#true`   one instance over HTTP, alive as long as it sends heartbeats
 *   persistent   `IP:PORT#false`  one instance, until it is deregistered
 */
import type { RpcConnection } from '../rpc.ts';
import type { Service } from './service.ts';

export interface NamingClient {
  readonly id: string;
  readonly kind: 'connection' | 'ephemeral' | 'persistent';
  readonly connection?: RpcConnection;
  /** What it has publications of. */
  readonly services: Set<Service>;
  lastUpdatedMs: number;
}

export function addressClientId(ip: string, port: number, ephemeral: boolean): string {
  return `${ip}:${port}#${ephemeral}`;
}
