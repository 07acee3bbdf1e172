/**
 * Services over HTTP: created, described, changed, deleted, listed, and the settings of their clusters.
 */
import type { HttpRoute } from '../http-route.ts';
import type { HttpFamily } from './http-family.ts';
import type { HttpParameters } from './http-parameters.ts';
import { addressClientId } from './naming-client.ts';
import { Refusal } from './refusal.ts';
import type { Registry } from './registry.ts';
import { groupedName } from './service-key.ts';
import type { ServiceKey } from './service-key.ts';
import { defaultSettings } from './service.ts';
import type { ClusterSettings, Service } from './service.ts';

const selector = { type: 'none', contextType: 'NONE' } as const;
const selectorTypes = ['label', 'none'] as const;
const defaultClusterSettings: ClusterSettings = {
  checkPort: 80,
  usesInstancePort: true,
  healthChecker: { type: 'TCP' },
  metadata: {},
};
const checkers = {
  TCP: {},
  HTTP: { path: '', headers: '', expectedResponseCode: 200 },
  MYSQL: { user: null, pwd: null, cmd: null },
  NONE: {},
} as const;

export class ServiceRoutes {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  administration(family: HttpFamily): HttpRoute[] {
    return [
      family.route('POST', '/service', (parameters) => this.#create(parameters)),
      family.route('PUT', '/service', (parameters) => this.#update(parameters)),
      family.route('DELETE', '/service', (parameters) => this.#delete(parameters)),
      family.route('GET', '/service', (parameters) => this.#detail(parameters)),
    ];
  }

  /** Nothing is checked by the embedded server, whatever a cluster's checker says. */
  clusters(family: HttpFamily): HttpRoute[] {
    return [
      family.route('PUT', '/cluster', (parameters) => this.#updateCluster(parameters)),
      family.route('PUT', '/health/instance', (parameters) => this.#setHealth(parameters)),
      family.route('GET', '/health/checkers', () => checkers),
    ];
  }

  /** The only one of v2. */
  health(family: HttpFamily, path: string): HttpRoute {
    return family.route('PUT', path, (parameters) => this.#setHealth(parameters));
  }

  selectorTypes(family: HttpFamily): HttpRoute {
    return family.route('GET', '/service/selector/types', () => selectorTypes);
  }

  /** v1 and v2: the names of one group. */
  names(family: HttpFamily): HttpRoute {
    const field = family.name === 'v1' ? 'doms' : 'services';
    return family.route('GET', '/service/list', (parameters) => {
      const { group, namespaceId } = parameters;
      if (family.name === 'v1') for (const name of ['pageNo', 'pageSize']) parameters.required(name);
      const { pageNo, pageSize } = parameters.page();
      const names = [...this.#registry.servicesOf(namespaceId)]
        .filter(({ key }) => key.group === group)
        .map(({ key }) => key.name);
      const start = Math.max(0, pageNo - 1) * pageSize;
      return { count: names.length, [field]: pageNo < 1 ? [] : names.slice(start, start + pageSize) };
    });
  }

  #create(parameters: HttpParameters): string {
    const { metadata, service: key } = parameters;
    requireSelector(parameters.text('selector'));
    if (this.#registry.find(key)) {
      throw new Refusal('service already exist', `specified service ${groupedName(key)} already exists!`);
    }
    const service = this.#registry.obtain(key, parameters.isTrue('ephemeral'));
    const protectThreshold = parameters.number('protectThreshold', 0);
    service.settings = { ...defaultSettings, protectThreshold, metadata };
    return 'ok';
  }

  /** What is not given is set to its default. */
  #update(parameters: HttpParameters): string {
    const { metadata, service: key } = parameters;
    if (parameters.family === 'v1') parameters.required('protectThreshold');
    requireSelector(parameters.text('selector'));
    const service = this.#find(key, `service ${groupedName(key)} not found!`);
    const protectThreshold = parameters.number('protectThreshold', 0);
    const { clusters } = service.settings ?? defaultSettings;
    service.settings = { protectThreshold, metadata, clusters };
    return 'ok';
  }

  #delete({ service: key }: HttpParameters): string {
    const service = this.#find(key, `service ${groupedName(key)} not found!`);
    if (service.refresh().hosts.length > 0) {
      const rule = `is not empty, can't be delete. Please unregister instance first`;
      throw new Refusal('service delete failure', `Service ${groupedName(key)} ${rule}`);
    }
    this.#registry.remove(service);
    return 'ok';
  }

  #detail({ family, service: key }: HttpParameters): unknown {
    const missing = `service not found, namespace: ${key.namespaceId}, serviceName: ${groupedName(key)}`;
    const service = this.#find(key, missing);
    const { clusters, metadata, protectThreshold } = service.settings ?? defaultSettings;
    const shown = service.view.clusters.map((name) => ({ name, ...(clusters.get(name) ?? defaultClusterSettings) }));
    const { group: groupName, name, namespaceId } = key;
    if (family === 'v1') {
      const cells = shown.map((cluster) => {
        return { name: cluster.name, healthChecker: cluster.healthChecker, metadata: cluster.metadata };
      });
      return { namespaceId, groupName, name, protectThreshold, metadata, selector, clusters: cells };
    }
    const clusterMap = Object.fromEntries(
      shown.map(({ checkPort, healthChecker, metadata: own, name: clusterName, usesInstancePort }) => {
        const ports = { healthyCheckPort: checkPort, useInstancePortForCheck: usesInstancePort };
        const cell = { clusterName, healthChecker, ...(family === 'v3' && ports), metadata: own, hosts: null };
        return [clusterName, cell];
      }),
    );
    const { ephemeral } = service;
    const namespace = { [family === 'v3' ? 'namespaceId' : 'namespace']: namespaceId };
    return { ...namespace, serviceName: name, groupName, clusterMap, metadata, protectThreshold, selector, ephemeral };
  }

  #updateCluster(parameters: HttpParameters): string {
    const { metadata, service: key } = parameters;
    const clusterName = parameters.required('clusterName');
    const service = this.#registry.find(key);
    if (!service) {
      const missing = `service not found groupName: ${key.group},serviceName: ${key.name}`;
      throw new Refusal('server error', missing);
    }
    const settings = service.settings ?? defaultSettings;
    const cluster: ClusterSettings = {
      checkPort: Number(parameters.required('checkPort', 'Integer')),
      usesInstancePort: parameters.required('useInstancePort4Check', 'Boolean') === 'true',
      healthChecker: JSON.parse(parameters.required('healthChecker')) as ClusterSettings['healthChecker'],
      metadata,
    };
    service.settings = { ...settings, clusters: new Map([...settings.clusters, [clusterName, cluster]]) };
    return 'ok';
  }

  /**
   * Real servers of both generations refuse it for every instance that they know, in these words: the persistent instance is
   * registered again as an ephemeral one. What changes the health is a registration.
   */
  #setHealth(parameters: HttpParameters): string {
    const { address, service: key } = parameters;
    parameters.required(parameters.text('valid') === '' ? 'healthy' : 'valid', 'Boolean');
    const service = this.#registry.find(key);
    const checker = service?.settings?.clusters.get(address.clusterName)?.healthChecker['type'];
    if (!service || checker !== 'NONE') {
      const rule = `health check is still working, service: ${groupedName(key)}, cluster: ${address.clusterName}`;
      throw new Refusal('server error', rule);
    }
    const isKnown = service.publications.has(addressClientId(address.ip, address.port, false));
    if (isKnown) this.#registry.requireKind(service, true);
    return 'ok';
  }

  #find(key: ServiceKey, missing: string): Service {
    const service = this.#registry.find(key);
    if (service) return service;
    throw new Refusal('service not exist', missing);
  }
}

/** The embedded server selects nothing; it knows which selectors there are. */
function requireSelector(text: string): void {
  if (text === '') return;
  const { type } = JSON.parse(decodeURIComponent(text)) as { type?: string };
  if (selectorTypes.some((known) => known === type)) return;
  throw new Refusal('selector error', 'not match any type of selector!');
}
