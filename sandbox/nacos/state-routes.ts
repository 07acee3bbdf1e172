/**
 * What the server tells of itself over HTTP without a login: version, health, and the connections to it.
 */
import { traits } from './generation.ts';
import type { Generation } from './generation.ts';
import { result } from './http-replies.ts';
import type { HttpRoute } from './http-route.ts';
import type { ServedConnection } from './rpc-connection.ts';

export interface StateRoutesOptions {
  readonly generation: Generation;
  readonly isAuthEnabled: boolean;
  readonly address: () => { readonly ip: string; readonly port: number };
  readonly connections: () => readonly ServedConnection[];
  readonly now: () => number;
}

export function stateRoutes(options: StateRoutesOptions): HttpRoute[] {
  return options.generation === '3.1' ? v3Routes(options) : v1Routes(options);
}

function v3Routes(options: StateRoutesOptions): HttpRoute[] {
  const base = '/v3/admin/core';
  const state = () => ({
    version: traits['3.1'].version,
    startup_mode: 'standalone',
    function_mode: null,
    server_port: String(options.address().port),
    auth_enabled: String(options.isAuthEnabled),
    auth_system_type: 'nacos',
    auth_admin_request: 'false',
    config_retention_days: '30',
    maxContent: String(10 * 1024 * 1024),
  });
  return [
    { method: 'GET', path: `${base}/state`, open: true, handle: () => result(state()) },
    { method: 'GET', path: `${base}/state/readiness`, open: true, handle: () => result('ok') },
    { method: 'GET', path: `${base}/state/liveness`, open: true, handle: () => result('ok') },
    { method: 'GET', path: `${base}/cluster/node/self`, handle: () => result(memberOf(options)) },
    { method: 'GET', path: `${base}/cluster/node/list`, handle: () => result([memberOf(options)]) },
    { method: 'GET', path: `${base}/loader/current`, handle: () => result(connectionsOf(options)) },
    {
      method: 'GET',
      path: '/',
      open: true,
      handle: () => ({ body: 'Nacos Console default port is 8080, and the path is /.' }),
    },
  ];
}

function v1Routes(options: StateRoutesOptions): HttpRoute[] {
  const state = { standalone_mode: 'standalone', version: traits['2.3'].version };
  return [
    { method: 'GET', path: '/v1/console/server/state', open: true, handle: () => ({ body: state }) },
    { method: 'GET', path: '/v1/console/health/readiness', open: true, handle: () => ({ body: 'OK' }) },
    { method: 'GET', path: '/v1/console/health/liveness', open: true, handle: () => ({ body: 'OK' }) },
    { method: 'GET', path: '/v1/core/cluster/nodes', handle: () => nodes(options) },
    { method: 'GET', path: '/v2/core/loader/current', handle: () => ({ body: connectionsOf(options) }) },
  ];
}

function nodes(options: StateRoutesOptions) {
  return { body: { code: 200, message: null, data: [memberOf(options)] } };
}

function memberOf({ address, generation, now }: StateRoutesOptions) {
  const { ip, port } = address();
  const extendInfo = { lastRefreshTime: now(), raftPort: String(port - 1000), version: traits[generation].version };
  return { ip, port, state: 'UP', extendInfo, address: `${ip}:${port}`, failAccessCnt: 0 };
}

function connectionsOf({ connections, now }: StateRoutesOptions) {
  const entries = connections().map(({ clientIp, clientVersion, createdMs, id, idleMs, labels }) => {
    const what = {
      connectionId: id,
      clientIp,
      connectType: 'GRPC',
      version: clientVersion,
      appName: labels['AppName'],
    };
    const metaInfo = { ...what, labels, createTime: new Date(createdMs).toISOString(), lastActiveTime: now() - idleMs };
    return [id, { metaInfo }] as const;
  });
  return Object.fromEntries(entries);
}
