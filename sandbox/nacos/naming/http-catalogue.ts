/**
 * The services of a namespace as administrators list them: by parts of their names, in pages, with numbers or with all
 * their instances; and who subscribes to them.
 */
import type { HttpRoute } from '../http-route.ts';
import type { HttpFamily } from './http-family.ts';
import type { HttpParameters } from './http-parameters.ts';
import type { Host } from './host.ts';
import { Refusal } from './refusal.ts';
import type { Registry } from './registry.ts';
import { groupedName } from './service-key.ts';
import { defaultSettings } from './service.ts';
import type { Service } from './service.ts';
import type { Subscription, Subscriptions } from './subscriptions.ts';

interface Page<Item> {
  readonly totalCount: number;
  readonly pageNumber: number;
  readonly pagesAvailable: number;
  readonly pageItems: readonly Item[];
}

export class CatalogueRoutes {
  readonly #registry: Registry;
  readonly #subscriptions: Subscriptions;

  constructor(registry: Registry, subscriptions: Subscriptions) {
    this.#registry = registry;
    this.#subscriptions = subscriptions;
  }

  list(family: HttpFamily): HttpRoute {
    return family.route('GET', '/service/list', (parameters) => {
      const services = this.#search(parameters, 'ignoreEmptyService');
      const shape = parameters.isTrue('withInstances') ? serviceWithInstances : serviceView;
      return pageOf(services, parameters, shape);
    });
  }

  /** The same of the console of 2.3, which has no frame around the page. */
  services(family: HttpFamily): HttpRoute {
    return family.route('GET', '/catalog/services', (parameters) => {
      const services = this.#search(parameters, 'hasIpCount');
      if (parameters.isTrue('withInstances')) return pageOf(services, parameters, serviceWithAddresses).pageItems;
      const { pageItems, totalCount } = pageOf(services, parameters, serviceView);
      return { count: totalCount, serviceList: pageItems };
    });
  }

  service(family: HttpFamily): HttpRoute {
    return family.route('GET', '/catalog/service', ({ service: key }) => {
      const service = this.#registry.find(key);
      const serviceName = groupedName(key);
      if (!service) throw new Refusal('not found', `service ${serviceName} is not found!`);
      const { clusters, metadata, protectThreshold } = service.settings ?? defaultSettings;
      const selector = { type: 'none', contextType: 'NONE' };
      const cells = service.view.clusters.map((name) => {
        const settings = clusters.get(name);
        const { checkPort = 80, healthChecker = { type: 'TCP' }, usesInstancePort = true } = settings ?? {};
        const ports = { defaultPort: 80, defaultCheckPort: checkPort, useIPPort4Check: usesInstancePort };
        return { serviceName, name, healthChecker, ...ports, metadata: settings?.metadata ?? {} };
      });
      const shown = { name: key.name, groupName: key.group, protectThreshold, selector, metadata };
      return { service: shown, clusters: cells };
    });
  }

  search(family: HttpFamily): HttpRoute {
    return family.route('GET', '/service/names', (parameters) => {
      const { namespaceId } = parameters;
      const names = [...this.#registry.servicesOf(namespaceId)].map(({ key }) => groupedName(key));
      const found = names.filter((name) => name.includes(parameters.text('expr')));
      return { 'META-INF/services': { [namespaceId]: found }, count: found.length };
    });
  }

  subscribers(family: HttpFamily): HttpRoute {
    return family.route('GET', '/service/subscribers', (parameters) => {
      const { group, name, namespaceId } = parameters.service;
      const found = [...this.#subscriptions].filter(({ key }) => {
        return key.namespaceId === namespaceId && key.group.includes(group) && key.name.includes(name);
      });
      if (family.name === 'v3') return pageOf(found, parameters, subscriberInfo);
      const { pageItems, totalCount } = pageOf(found, parameters, subscriberOfV1);
      return { subscribers: pageItems, count: totalCount };
    });
  }

  #search(parameters: HttpParameters, ignoresEmpty: string): Service[] {
    const group = parameters.text('groupNameParam');
    const name = parameters.text('serviceNameParam');
    const isWanted = ({ key }: Service): boolean => key.group.includes(group) && key.name.includes(name);
    const found = [...this.#registry.servicesOf(parameters.namespaceId)].filter(isWanted);
    return parameters.isTrue(ignoresEmpty) ? found.filter(({ view }) => view.hosts.length > 0) : found;
  }
}

function pageOf<From, Item>(all: readonly From[], parameters: HttpParameters, shape: (item: From) => Item): Page<Item> {
  const { pageNo: pageNumber, pageSize } = parameters.page();
  const start = Math.max(0, pageNumber - 1) * pageSize;
  return {
    totalCount: all.length,
    pageNumber,
    pagesAvailable: Math.ceil(all.length / pageSize),
    pageItems: all.slice(start, start + pageSize).map(shape),
  };
}

function serviceView({ key, settings, view }: Service): unknown {
  const { clusters, hosts } = view;
  const healthyInstanceCount = hosts.reduce((sum, { healthy }) => sum + Number(healthy), 0);
  const isProtected = healthyInstanceCount / hosts.length <= (settings ?? defaultSettings).protectThreshold;
  const counts = { clusterCount: clusters.length, ipCount: hosts.length, healthyInstanceCount };
  return { name: key.name, groupName: key.group, ...counts, triggerFlag: String(isProtected) };
}

const emptyCluster = { clusterName: null, healthChecker: null, metadata: null } as const;

function serviceWithInstances({ key, settings, view }: Service): unknown {
  const clusterMap = clusterMapOf(view.hosts, (hosts) => {
    const { clusterName, healthChecker, metadata } = emptyCluster;
    const ports = { healthyCheckPort: 80, useInstancePortForCheck: true };
    return { clusterName, healthChecker, ...ports, metadata, hosts };
  });
  const names = { namespaceId: null, serviceName: key.name, groupName: key.group };
  const { metadata } = settings ?? defaultSettings;
  return { ...names, clusterMap, metadata, protectThreshold: 0, selector: null, ephemeral: null };
}

function serviceWithAddresses({ key, settings, view }: Service): unknown {
  const clusterMap = clusterMapOf(view.hosts, (hosts) => {
    const cells = hosts.map(({ enabled, healthy: valid, ip, metadata, port, weight }) => {
      return { valid, metadata, port, ip, weight, enabled };
    });
    return { ...emptyCluster, hosts: cells };
  });
  const names = { namespace: null, serviceName: key.name, groupName: key.group };
  const { metadata } = settings ?? defaultSettings;
  return { ...names, clusterMap, metadata, protectThreshold: 0, selector: null, ephemeral: null };
}

function clusterMapOf(hosts: readonly Host[], shape: (hosts: readonly Host[]) => unknown): Record<string, unknown> {
  const byCluster = Object.entries(Object.groupBy(hosts, ({ clusterName }) => clusterName));
  return Object.fromEntries(byCluster.map(([cluster, members = []]) => [cluster, shape(members)]));
}

function subscriberInfo({ connection, key }: Subscription): unknown {
  const { group: groupName, name: serviceName, namespaceId } = key;
  const { clientIp: ip, clientVersion: agent, labels } = connection;
  const names = { namespaceId, groupName, serviceName };
  return { ...names, ip, port: 0, agent, appName: labels['AppName'] ?? 'unknown', address: `${ip}:0` };
}

function subscriberOfV1({ clusters: cluster, connection, key }: Subscription): unknown {
  const { clientIp: ip, clientVersion: agent } = connection;
  const who = { addrStr: ip, agent, app: 'unknown', ip, port: 0 };
  return { ...who, namespaceId: key.namespaceId, serviceName: groupedName(key), cluster };
}
