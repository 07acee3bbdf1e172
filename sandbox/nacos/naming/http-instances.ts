/**
 * Instances over HTTP: registered, deregistered, kept alive, overlaid, looked at.
 */
import type { HttpRoute } from '../http-route.ts';
import type { HttpFamily } from './http-family.ts';
import type { HttpParameters } from './http-parameters.ts';
import type { Host, Instance } from './host.ts';
import { defaultCluster } from './host.ts';
import type { InstanceAddress, InstanceOperations } from './instance-operations.ts';
import { Refusal } from './refusal.ts';
import type { Registry } from './registry.ts';
import type { ServiceInfo, ServiceInfos } from './service-info.ts';
import { groupedName } from './service-key.ts';
import { emptyView } from './service.ts';
import type { Overlay, ServiceView } from './service.ts';

export interface InstanceRoutesOptions {
  readonly registry: Registry;
  readonly operations: InstanceOperations;
  readonly infos: ServiceInfos;
}

const beatCodes = { ok: 10_200, unknown: 20_404 } as const;

export class InstanceRoutes {
  readonly #registry: Registry;
  readonly #operations: InstanceOperations;
  readonly #infos: ServiceInfos;

  constructor({ infos, operations, registry }: InstanceRoutesOptions) {
    this.#registry = registry;
    this.#operations = operations;
    this.#infos = infos;
  }

  /** Of administrators: overlays, and instances one by one. */
  administration(family: HttpFamily): HttpRoute[] {
    const { name } = family;
    const partPath = name === 'v3' ? '/instance/partial' : '/instance';
    return [
      family.route('PUT', '/instance', (parameters) => this.#overlay(parameters)),
      family.route(name === 'v3' ? 'PUT' : 'PATCH', partPath, (parameters) => this.#overlayPart(parameters)),
      family.route('GET', '/instance', (parameters) => this.#detail(parameters)),
      family.route('PUT', '/instance/metadata/batch', (parameters) =>
        this.#overlayMetadata(parameters, (old) => ({ ...old, ...parameters.metadata })),
      ),
      family.route('DELETE', '/instance/metadata/batch', (parameters) =>
        this.#overlayMetadata(parameters, (old) => without(old, parameters.metadata)),
      ),
    ];
  }

  registration(family: HttpFamily): HttpRoute[] {
    return [
      family.route('POST', '/instance', (parameters) => this.#register(parameters)),
      family.route('DELETE', '/instance', (parameters) => this.#deregister(parameters)),
    ];
  }

  /** As a client of v1 or v2 gets them: those that are enabled, in a ServiceInfo with the full name. */
  infoList(family: HttpFamily): HttpRoute {
    return family.route('GET', '/instance/list', (parameters, { stale }) => {
      const info = this.#info(parameters, parameters.text(family.name === 'v1' ? 'clusters' : 'clusterName'), stale);
      return { ...info, name: groupedName(parameters.service) };
    });
  }

  /** As an administrator of v3 gets them: all of one cluster. */
  adminList(family: HttpFamily): HttpRoute {
    return family.route('GET', '/instance/list', (parameters, { stale }) => {
      const { clusterName, service: key } = parameters;
      const service = this.#registry.find(key);
      if (!service) throw new Refusal('not found', `service ${groupedName(key)} is not found!`);
      const { clusters, hosts } = stale ? service.staleView : service.view;
      if (!clusters.includes(clusterName)) throw new Refusal('not found', `cluster ${clusterName} is not found!`);
      const healthyOnly = parameters.isTrue('healthyOnly');
      return hosts.filter((host) => host.clusterName === clusterName && (!healthyOnly || host.healthy));
    });
  }

  /** The v3 API of applications. */
  application(family: HttpFamily): HttpRoute[] {
    const beat = family.route('POST', '/instance', (parameters) => {
      const { address, service } = parameters;
      if (this.#operations.beat(service, address.ip, address.port, undefined)) return 'ok';
      throw new Refusal('instance not found', '');
    });
    const register = family.route('POST', '/instance', (parameters) => this.#register(parameters));
    const post: HttpRoute = {
      ...register,
      handle: (request) => (request.parameters['heartBeat'] === 'true' ? beat : register).handle(request),
    };
    const deregister = family.route('DELETE', '/instance', (parameters) => this.#deregister(parameters));
    const list = family.route('GET', '/instance/list', (parameters, { stale }) => {
      return this.#info(parameters, parameters.clusterName, stale).hosts;
    });
    return [post, deregister, list];
  }

  /** Of 1.x clients. */
  beat(family: HttpFamily): HttpRoute {
    return family.route('PUT', '/instance/beat', (parameters) => {
      const { service } = parameters;
      const full = parseBeat(parameters, groupedName(service));
      const { ip, port } = full ?? { ip: parameters.text('ip'), port: parameters.number('port', 0) };
      const isKnown = this.#operations.beat(service, ip, port, full);
      const host = this.#registry.find(service)?.publications.get(`${ip}:${port}#true`)?.hosts[0];
      const clientBeatInterval = host?.['instanceHeartBeatInterval'] ?? 5_000;
      return { clientBeatInterval, code: isKnown ? beatCodes.ok : beatCodes.unknown, lightBeatEnabled: true };
    });
  }

  /** As the console of 2.3 lists them. */
  catalogueList(family: HttpFamily): HttpRoute {
    return family.route('GET', '/catalog/instances', (parameters) => {
      const { clusterName, service: key } = parameters;
      const hosts = this.#operations.view(key).hosts.filter((host) => host.clusterName === clusterName);
      const { pageNo, pageSize } = parameters.page();
      return { list: hosts.slice(Math.max(0, pageNo - 1) * pageSize, pageNo * pageSize), count: hosts.length };
    });
  }

  #register(parameters: HttpParameters): string {
    const { service } = parameters;
    this.#operations.register(service, parameters.instance(service));
    return 'ok';
  }

  #deregister(parameters: HttpParameters): string {
    const { address, isEphemeral, service } = parameters;
    this.#operations.deregister(service, address.ip, address.port, isEphemeral);
    return 'ok';
  }

  #overlay(parameters: HttpParameters): string {
    const { service } = parameters;
    this.#operations.overlay(service, parameters.instance(service));
    return 'ok';
  }

  /** v3 sets weight and enabled to their defaults when they are not given; v1 leaves them, v2 wants the weight. */
  #overlayPart(parameters: HttpParameters): string {
    const { address, family, metadata, service, weight } = parameters;
    if (family === 'v2') parameters.required('weight');
    const isGiven = (name: string): boolean => family === 'v3' || parameters.text(name) !== '';
    const part: Partial<Overlay> = {
      ...(parameters.text('metadata') !== '' && { metadata }),
      ...(isGiven('weight') && { weight }),
      ...(isGiven('enabled') && { enabled: parameters.isTrue('enabled', true) }),
    };
    this.#operations.overlayPart(service, address, part);
    return 'ok';
  }

  #detail(parameters: HttpParameters): unknown {
    const { address, family, service } = parameters;
    const host = this.#operations.find(service, address);
    if (family === 'v3') return host;
    const { clusterName, healthy, instanceId, ip, metadata, port, weight } = host;
    const name = { [family === 'v1' ? 'service' : 'serviceName']: groupedName(service) };
    return { ...name, ip, port, clusterName, weight, healthy, instanceId, metadata };
  }

  #overlayMetadata(
    parameters: HttpParameters,
    change: (metadata: Overlay['metadata']) => Overlay['metadata'],
  ): { updated: string[] } {
    parameters.required('metadata');
    const addresses = parseAddresses(parameters.text('instances'));
    const hosts = this.#operations.overlayMetadata(parameters.service, addresses, change);
    return { updated: hosts.map(describeHost) };
  }

  #info(parameters: HttpParameters, clusters: string, stale: boolean): ServiceInfo {
    const key = parameters.service;
    const service = this.#registry.find(key);
    const view: ServiceView = (stale ? service?.staleView : service?.view) ?? emptyView;
    const healthyOnly = parameters.family !== 'v3' && parameters.isTrue('healthyOnly');
    return this.#infos.of(key, view, service?.settings, { clusters, healthyOnly });
  }
}

function parseBeat(parameters: HttpParameters, serviceName: string): Instance | undefined {
  const text = parameters.text('beat');
  if (text === '') return undefined;
  const beat = JSON.parse(text) as Partial<Omit<Instance, 'clusterName'>> & { readonly cluster?: string };
  const clusterName = beat.cluster || parameters.clusterName;
  const { ip = '', metadata = {}, port = 0, weight = 1 } = beat;
  const instanceId = `${ip}#${port}#${clusterName}#${serviceName}`;
  const state = { healthy: true, enabled: true, ephemeral: true } as const;
  return { instanceId, ip, port, weight, ...state, clusterName, serviceName, metadata };
}

/** What is no list of instances means all of them. */
function parseAddresses(text: string): InstanceAddress[] {
  try {
    const parsed: unknown = JSON.parse(text);
    if (!Array.isArray(parsed)) return [];
    return (parsed as Partial<InstanceAddress>[]).map(({ clusterName, ip = '', port = 0 }) => {
      return { ip, port, clusterName: clusterName || defaultCluster };
    });
  } catch {
    return [];
  }
}

function describeHost({ clusterName, ephemeral, ip, port }: Host): string {
  return `${ip}:${port}:unknown:${clusterName}:${ephemeral ? 'ephemeral' : 'persist'}`;
}

function without(metadata: Overlay['metadata'], taken: Overlay['metadata']): Overlay['metadata'] {
  return Object.fromEntries(Object.entries(metadata).filter(([key]) => !(key in taken)));
}
