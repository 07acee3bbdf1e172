/**
 * NacosConnections that the API server must refuse, and a full spec that it must store.
 */
import type { Refused } from './sample.ts';

export const server = { host: 'nacos.middleware.svc' };

export const refusedConnections: readonly Refused[] = [
  { title: 'no servers', spec: {}, field: 'spec.servers', message: 'Required value' },
  { title: 'an empty list of servers', spec: { servers: [] }, field: 'spec.servers', message: 'at least 1 item' },
  {
    title: '33 servers',
    spec: { servers: Array.from({ length: 33 }, (_, index) => ({ host: `nacos-${index}` })) },
    field: 'spec.servers',
    message: 'at most 32 items',
  },
  {
    title: 'the same server twice, by the default port',
    spec: { servers: [server, { ...server, port: 8848 }] },
    field: 'spec.servers[1]',
    message: 'Duplicate value',
  },
  {
    title: 'a URL as host',
    spec: { servers: [{ host: 'http://nacos' }] },
    field: 'spec.servers[0].host',
    message: 'should match',
  },
  {
    title: 'a host with a port',
    spec: { servers: [{ host: 'nacos:8848' }] },
    field: 'spec.servers[0].host',
    message: 'the port goes into `port`',
  },
  {
    title: 'port 0',
    spec: { servers: [{ ...server, port: 0 }] },
    field: 'spec.servers[0].port',
    message: 'greater than or equal to 1',
  },
  {
    title: 'a port that leaves no room for the gRPC port',
    spec: { servers: [{ ...server, port: 65000 }] },
    field: 'spec.servers[0].grpcPort',
    message: 'must be set when `port` is greater than 64535',
  },
  {
    title: 'an unknown scheme',
    spec: { servers: [{ ...server, scheme: 'grpc' }] },
    field: 'spec.servers[0].scheme',
    message: 'Unsupported value',
  },
  {
    title: 'a context path without a slash',
    spec: { servers: [{ ...server, contextPath: 'nacos' }] },
    field: 'spec.servers[0].contextPath',
    message: 'should match',
  },
  { title: 'nothing allowed', spec: { servers: [server], allow: {} }, field: 'spec.allow', message: 'at least 1' },
  {
    title: 'an empty list of groups',
    spec: { servers: [server], allow: { groups: [] } },
    field: 'spec.allow.groups',
    message: 'at least 1 item',
  },
  {
    title: 'a placeholder in a pattern that there is not',
    spec: { servers: [server], allow: { dataIds: ['{name}.yaml'] } },
    field: 'spec.allow.dataIds[0]',
    message: 'should match',
  },
  {
    title: 'a password in the resource',
    spec: { servers: [server], auth: { password: { value: 'open' } } },
    field: 'spec.auth.password.value',
    message: 'unknown field',
  },
  {
    title: 'auth without a Secret',
    spec: { servers: [server], auth: {} },
    field: 'spec.auth.password',
    message: 'Required value',
  },
  {
    title: 'a request timeout under a second',
    spec: { servers: [server], requestTimeoutMs: 999 },
    field: 'spec.requestTimeoutMs',
    message: 'greater than or equal to 1000',
  },
  {
    title: 'no concurrency at all',
    spec: { servers: [server], updateConcurrency: 0 },
    field: 'spec.updateConcurrency',
    message: 'greater than or equal to 1',
  },
];

export const fullConnection = {
  servers: [
    { scheme: 'http', host: 'nacos-0.nacos.middleware.svc', port: 8848, contextPath: '/nacos', grpcPort: 9848 },
    { scheme: 'https', host: 'fd00::1', port: 443, contextPath: '/' },
  ],
  namespaceId: 'dev',
  publicNamespace: 'Literal',
  auth: { password: { secretRef: { name: 'login' } } },
  allow: {
    groups: ['{namespace}.*', 'DEFAULT_GROUP'],
    namespaceIds: ['dev', 'public'],
    dataIds: ['*.yaml'],
    services: ['providers:*:{namespace}', '*'],
  },
  requestTimeoutMs: 5000,
  updateConcurrency: 1,
};
