/**
 * Which HTTP calls each generation has: 3.1 the v3 APIs and of v1 what the SDKs of 1.x need, 2.3 all of v1 and v2. What 3.1
 * has switched off answers 410.
 */
import type { Generation } from '../generation.ts';
import type { HttpRoute } from '../http-route.ts';
import { CatalogueRoutes } from './http-catalogue.ts';
import { ClientRoutes } from './http-clients.ts';
import { HttpFamily } from './http-family.ts';
import { InstanceRoutes } from './http-instances.ts';
import type { InstanceRoutesOptions } from './http-instances.ts';
import { OperationRoutes } from './http-operations.ts';
import { ServiceRoutes } from './http-services.ts';
import type { Subscriptions } from './subscriptions.ts';

export interface NamingRoutesOptions extends InstanceRoutesOptions {
  readonly generation: Generation;
  readonly subscriptions: Subscriptions;
}

export function namingRoutes(options: NamingRoutesOptions): HttpRoute[] {
  const { generation, registry, subscriptions } = options;
  const instances = new InstanceRoutes(options);
  const services = new ServiceRoutes(registry);
  const catalogue = new CatalogueRoutes(registry, subscriptions);
  const clients = new ClientRoutes(registry, subscriptions);
  const operations = new OperationRoutes(registry, subscriptions);
  const v1 = new HttpFamily('v1', generation);
  const v2 = new HttpFamily('v2', generation);
  const ofSdks = [
    ...instances.registration(v1),
    instances.infoList(v1),
    instances.beat(v1),
    services.names(v1),
    operations.metrics(v1, '/operator/metrics'),
  ];
  if (generation === '3.1') {
    const v3 = new HttpFamily('v3', generation);
    return [
      ...ofSdks,
      ...instances.application(new HttpFamily('v3', generation, '/v3/client/ns')),
      ...instances.registration(v3),
      ...instances.administration(v3),
      instances.adminList(v3),
      ...services.administration(v3),
      ...services.clusters(v3),
      services.selectorTypes(v3),
      catalogue.list(v3),
      catalogue.subscribers(v3),
      ...clients.of(v3),
      operations.metrics(v3, '/ops/metrics'),
      ...operations.switches(v3, '/ops/switches'),
      ...goneIn31.map(([method, path, instead]) => v1.gone(method, path, instead)),
      ...goneIn31.slice(0, sharedWithV2).map(([method, path, instead]) => v2.gone(method, path, instead)),
      ...clientPaths.map((path) => v2.gone('GET', path, `/v3/admin/ns${path}`)),
      v2.gone('GET', '/instance/list', '/v3/admin/ns/instance/list'),
      v2.gone('GET', '/service/list', '/v3/admin/ns/service/list'),
    ];
  }
  return [
    ...ofSdks,
    ...instances.administration(v1),
    instances.catalogueList(v1),
    ...services.administration(v1),
    ...services.clusters(v1),
    services.health(v1, '/health'),
    catalogue.subscribers(v1),
    catalogue.search(v1),
    catalogue.services(v1),
    catalogue.service(v1),
    ...operations.switches(v1, '/operator/switches'),
    ...instances.registration(v2),
    ...instances.administration(v2),
    instances.infoList(v2),
    ...services.administration(v2),
    services.names(v2),
    services.health(v2, '/health'),
    services.health(v2, '/health/instance'),
    ...clients.of(v2),
    operations.metrics(v2, '/operator/metrics'),
    ...operations.switches(v2, '/operator/switches'),
  ];
}

/** Method, path below `/v1/ns`, and what is to be used instead; v2 has the first ones too. */
const goneIn31: readonly (readonly [HttpRoute['method'], string, string])[] = [
  ['GET', '/instance', '/v3/admin/ns/instance'],
  ['PUT', '/instance', '/v3/admin/ns/instance'],
  ['PATCH', '/instance', '/v3/admin/ns/instance/partial'],
  ['POST', '/service', '/v3/admin/ns/service'],
  ['PUT', '/service', '/v3/admin/ns/service'],
  ['DELETE', '/service', '/v3/admin/ns/service'],
  ['GET', '/service', '/v3/admin/ns/service'],
  ['PUT', '/health/instance', '/v3/admin/health/instance'],
  ['GET', '/operator/switches', '/v3/admin/ns/ops/switches'],
  ['GET', '/service/subscribers', '/v3/admin/ns/service/subscribers'],
  ['PUT', '/cluster', '/v3/console/ns/service/cluster'],
  ['GET', '/health/checkers', '/v3/admin/health/checkers'],
  ['GET', '/catalog/services', '/v3/console/ns/service/list'],
  ['GET', '/catalog/service', '/v3/console/ns/service'],
  ['GET', '/catalog/instances', '/v3/console/ns/instance/list'],
];
const sharedWithV2 = 9;
const clientPaths = [
  '/client/list',
  '/client',
  '/client/publish/list',
  '/client/subscribe/list',
  '/client/service/publisher/list',
  '/client/service/subscriber/list',
];
