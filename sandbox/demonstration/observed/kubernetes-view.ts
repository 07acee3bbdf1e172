/** What the sandbox sees of Kubernetes: lists and watches of the kinds that it shows, and nothing is ever polled. */
import { API_GROUP } from '../../../operator/api/names.ts';
import {
  NACOS_CONFIG,
  NACOS_CONFIG_SYNC,
  NACOS_CONNECTION,
  NACOS_SERVICE,
  type NacosConfig,
  type NacosConfigSync,
  type NacosConnection,
  type NacosService,
} from '../../../operator/api/resources.ts';
import type { Clock } from '../../../operator/clock.ts';
import { configMapsOf } from '../../../operator/config-sync/intent.ts';
import { CONFIG_MAP, type ConfigMap } from '../../../operator/config-sync/mirror/data-object.ts';
import { Reflector } from '../../../operator/kube/reflector.ts';
import type { KubeObject, ResourceRef } from '../../../operator/kube/resource.ts';
import { Store } from '../../../operator/kube/store.ts';
import { silentLogger } from '../../../operator/logger.ts';
import {
  ENDPOINT_SLICE,
  SERVICE_NAME_LABEL,
  type EndpointSlice,
} from '../../../operator/service-sync/endpoint-slices.ts';
import { SERVICE, type Service } from '../../../operator/service-sync/service-export.ts';
import type { KubernetesSide } from '../kubernetes-side.ts';

const BY_CONFIG_MAP = 'configMap';
const BY_SERVICE = 'service';

export class KubernetesView {
  readonly configs = new Store<NacosConfig>({ indexes: { [BY_CONFIG_MAP]: configMapsOf } });
  readonly configSyncs = new Store<NacosConfigSync>();
  readonly connections = new Store<NacosConnection>();
  readonly exports = new Store<NacosService>();
  readonly services = new Store<Service>();
  readonly slices = new Store<EndpointSlice>({ indexes: { [BY_SERVICE]: servicesOf } });
  readonly configMaps = new Store<ConfigMap>();
  readonly #reflectors: readonly Reflector<never>[];

  /** `namespaces` is empty for all. */
  constructor({ client, metrics }: KubernetesSide, namespaces: readonly string[], clock: Clock) {
    const options = { client, metrics, namespaces, clock, log: silentLogger };
    const reflect = <T extends KubeObject>(resource: ResourceRef, store: Store<T>) =>
      new Reflector<T>({ ...options, resource, store }) as unknown as Reflector<never>;
    this.#reflectors = [
      reflect(NACOS_CONNECTION, this.connections),
      reflect(NACOS_CONFIG, this.configs),
      reflect(NACOS_CONFIG_SYNC, this.configSyncs),
      reflect(NACOS_SERVICE, this.exports),
      reflect(SERVICE, this.services),
      reflect(ENDPOINT_SLICE, this.slices),
      reflect(CONFIG_MAP, this.configMaps),
    ];
  }

  /** Resolves when everything was listed. */
  async start(signal: AbortSignal): Promise<void> {
    for (const reflector of this.#reflectors) reflector.start();
    await Promise.all(this.#reflectors.map((reflector) => reflector.synced(signal)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.stop()));
  }

  /** `key` is `namespace/name`, as for the others. */
  configsOfConfigMap(key: string): readonly NacosConfig[] {
    return this.configs.byIndex(BY_CONFIG_MAP, key);
  }

  slicesOfService(key: string): readonly EndpointSlice[] {
    return this.slices.byIndex(BY_SERVICE, key);
  }

  /** Objects of ours that have conditions. */
  resources(): readonly (NacosConfig | NacosConfigSync | NacosConnection | NacosService)[] {
    const { configs, configSyncs, connections, exports } = this;
    return [...connections.list(), ...configs.list(), ...configSyncs.list(), ...exports.list()];
  }
}

export function isOurs({ apiVersion = '' }: KubeObject): boolean {
  return apiVersion.startsWith(`${API_GROUP}/`);
}

/** The key of the Service that an EndpointSlice belongs to. */
export function servicesOf({ metadata }: EndpointSlice): string[] {
  const name = metadata.labels?.[SERVICE_NAME_LABEL];
  return name === undefined ? [] : [`${metadata.namespace}/${name}`];
}
