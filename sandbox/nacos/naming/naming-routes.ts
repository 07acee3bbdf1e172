/**
 * The HTTP APIs for services. Applications of 1.x, the SDK for Node among them, register by v1, keep their instances alive
 * by heartbeats, and list; the SDK for Go registers persistent instances by it. Administrators list services with their
 * instances, by v3 on 3.1 and by the catalogue of v1 on 2.3, and ask who publishes what.
 */
import type { Generation } from '../generation.ts';
import { pageOf, required, result } from '../http-routes.ts';
import type { HttpRequest, HttpRoutes, Page } from '../http-routes.ts';
import { checkParameters } from '../parameter-rules.ts';
import { leftOut, Refusal } from '../refusal.ts';
import { parseObject } from '../rpc.ts';
import type { Json } from '../rpc.ts';
import { checkLegal, defaultCluster, hostOf } from './host.ts';
import type { Host } from './host.ts';
import type { Janitor } from './janitor.ts';
import { addressClientId } from './registry.ts';
import type { Registry } from './registry.ts';
import { serviceInfo } from './service-info.ts';
import type { ServiceInfo } from './service-info.ts';
import { groupedName, parseGroupedName } from './service-key.ts';
import type { ServiceKey } from './service-key.ts';
import type { Service } from './service.ts';

export interface NamingRoutesOptions {
  readonly generation: Generation;
  readonly registry: Registry;
  readonly janitor: Janitor;
  readonly now: () => number;
}

const beatCodes = { ok: 10_200, unknown: 20_404 } as const;

export function namingRoutes({ generation, janitor, now, registry }: NamingRoutesOptions): HttpRoutes {
  const ofApplications: HttpRoutes = {
    'POST /v1/ns/instance'(request) {
      register(keyOf(request), givenHost(request));
      return { body: 'ok' };
    },
    'DELETE /v1/ns/instance'(request) {
      const { ephemeral, ip, port } = givenHost(request);
      registry.withdraw(keyOf(request), addressClientId(ip, port, ephemeral));
      return { body: 'ok' };
    },
    /** With the instance in the parameter `beat`, which registers it anew, or with its address alone. */
    'PUT /v1/ns/instance/beat'(request) {
      const key = keyOf(request);
      const beat = parseObject(request.parameters['beat'] ?? '');
      const host = beat ? hostOf({ ...beat, clusterName: beat['cluster'] }, key, true) : givenHost(request);
      const service = registry.find(key);
      const isKnown = service !== undefined && janitor.beat(service, addressClientId(host.ip, host.port, true));
      if (!isKnown && beat) register(key, host);
      const code = isKnown || beat ? beatCodes.ok : beatCodes.unknown;
      return { body: { clientBeatInterval: host.instanceHeartBeatInterval, code, lightBeatEnabled: true } };
    },
    'GET /v1/ns/instance/list'(request) {
      const info = infoOf(request, request.parameters['clusters'] ?? '');
      return { body: { ...info, name: groupedName(keyOf(request)) } };
    },
    'GET /v1/ns/service/list'(request) {
      const { groupName = defaultGroup } = request.parameters;
      const services = servicesOf(request).filter(({ key }) => key.group === groupName);
      return { body: { count: services.length, doms: pageOf(services, request, ({ key }) => key.name).pageItems } };
    },
    'GET /v1/ns/operator/metrics': () => ({ body: { status: 'UP' } }),
  };
  if (generation === '2.3') {
    return {
      ...ofApplications,
      'GET /v1/ns/catalog/services'(request) {
        const page = listed(request, asInCatalogue);
        const isDetailed = request.parameters['withInstances'] === 'true';
        return { body: isDetailed ? page.pageItems : { count: page.totalCount, serviceList: page.pageItems } };
      },
      'GET /v2/ns/client/service/publisher/list': (request) => result(publishersOf(request)),
      'PUT /v1/ns/instance'(request) {
        override(request);
        return { body: 'ok' };
      },
      'DELETE /v1/ns/service'(request) {
        remove(request);
        return { body: 'ok' };
      },
    };
  }
  return {
    ...ofApplications,
    'GET /v3/client/ns/instance/list': (request) =>
      result(infoOf(request, request.parameters['clusterName'] ?? defaultCluster).hosts),
    'GET /v3/admin/ns/service/list': (request) => result(listed(request, (host) => host)),
    'GET /v3/admin/ns/client/service/publisher/list': (request) => result(publishersOf(request)),
    'PUT /v3/admin/ns/instance'(request) {
      override(request);
      return result('ok');
    },
    'DELETE /v3/admin/ns/service'(request) {
      remove(request);
      return result('ok');
    },
  };

  /** @throws Refusal */
  function register(key: ServiceKey, host: Host): void {
    checkLegal(host);
    const { ephemeral, ip, port } = host;
    const kind = ephemeral ? 'ephemeral' : 'persistent';
    registry.publish(registry.obtain(key, ephemeral), addressClientId(ip, port, ephemeral), kind, [host]);
  }

  /** @throws Refusal */
  function override(request: HttpRequest): void {
    const host = givenHost(request);
    const { enabled, metadata, weight } = host;
    if (!registry.override(keyOf(request), host, { enabled, metadata, weight })) {
      throw new Refusal('server error', `service not found, ${required(request, 'serviceName')}`);
    }
  }

  /** Of a service without instances. @throws Refusal */
  function remove(request: HttpRequest): void {
    const service = registry.find(keyOf(request));
    if (service === undefined) return;
    if (service.publications.size > 0) throw new Refusal('server error', 'the service is not empty');
    registry.remove(service);
  }

  function infoOf(request: HttpRequest, clusters: string): ServiceInfo {
    const key = keyOf(request);
    const healthyOnly = request.parameters['healthyOnly'] === 'true';
    return serviceInfo(key, registry.find(key)?.hosts(request.stale) ?? [], { clusters, healthyOnly }, now());
  }

  /** Which clients publish the instances of an address, or all of the service. */
  function publishersOf(request: HttpRequest) {
    const { ip, port } = request.parameters;
    const publications = [...(registry.find(keyOf(request))?.publications ?? [])];
    return publications.flatMap(([clientId, hosts]) => {
      const asked = hosts.filter((host) => (!ip || host.ip === ip) && (!port || String(host.port) === port));
      return asked.map((host) => ({ clientId, ip: host.ip, port: host.port, clusterName: host.clusterName }));
    });
  }

  function servicesOf({ parameters }: HttpRequest): Service[] {
    return registry.servicesOf(parameters['namespaceId'] || publicNamespace);
  }

  /** By parts of the names, with numbers or with instances. */
  function listed(request: HttpRequest, shape: (host: Host) => unknown): Page<unknown> {
    const { groupNameParam = '', serviceNameParam = '', withInstances } = request.parameters;
    const services = servicesOf(request).filter(({ key }) => {
      return key.group.includes(groupNameParam) && key.name.includes(serviceNameParam);
    });
    return pageOf(services, request, (service) =>
      withInstances === 'true' ? withInstancesOf(service, shape) : numbersOf(service),
    );
  }
}

const publicNamespace = 'public';
const defaultGroup = 'DEFAULT_GROUP';

/** `group@@name` as well as a bare name. @throws Refusal */
function keyOf(request: HttpRequest): ServiceKey {
  const { groupName, namespaceId } = request.parameters;
  const serviceName = required(request, 'serviceName');
  const names = serviceName.includes('@@')
    ? parseGroupedName(serviceName)
    : { group: groupName || defaultGroup, name: serviceName };
  checkParameters({ namespaceId, group: names.group, serviceName: names.name });
  return { namespaceId: namespaceId || publicNamespace, ...names };
}

/** The instance that the request describes. @throws Refusal */
function givenHost(request: HttpRequest): Host {
  const { cluster, clusterName, enable, enabled = enable, ephemeral, healthy, weight = '1' } = request.parameters;
  const given = {
    ip: required(request, 'ip'),
    port: Number(required(request, 'port')),
    weight: Number(weight),
    healthy: healthy !== 'false',
    enabled: enabled !== 'false',
    clusterName: clusterName || cluster || defaultCluster,
    metadata: metadataOf(request),
  };
  return hostOf(given, keyOf(request), ephemeral !== 'false');
}

/** @throws Refusal */
function metadataOf({ parameters }: HttpRequest): Json {
  const text = parameters['metadata'] || '{}';
  const metadata = parseObject(text);
  if (!metadata) throw leftOut('metadata that are no JSON object');
  return metadata;
}

function numbersOf(service: Service) {
  const hosts = service.hosts();
  return {
    name: service.key.name,
    groupName: service.key.group,
    clusterCount: new Set(hosts.map(({ clusterName }) => clusterName)).size,
    ipCount: hosts.length,
    healthyInstanceCount: hosts.filter(({ healthy }) => healthy).length,
  };
}

function withInstancesOf(service: Service, shape: (host: Host) => unknown) {
  const byCluster = Object.entries(Object.groupBy(service.hosts(), ({ clusterName }) => clusterName));
  const clusters = byCluster.map(([name, hosts = []]) => [name, { clusterName: name, hosts: hosts.map(shape) }]);
  const { group: groupName, name: serviceName } = service.key;
  return { serviceName, groupName, clusterMap: Object.fromEntries(clusters) as unknown };
}

function asInCatalogue({ enabled, healthy: valid, ip, metadata, port, weight }: Host) {
  return { valid, metadata, port, ip, weight, enabled };
}
