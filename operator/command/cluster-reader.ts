/** What `diff` reads of a cluster: our resources with their status, and what they refer to. Nothing is written. */
import { Registry } from 'prom-client';
import { METRICS_PREFIX } from '../api/names.ts';
import { NACOS_CONFIG, NACOS_CONNECTION, type NacosConfig, type NacosConnection } from '../api/resources.ts';
import { systemClock } from '../clock.ts';
import { NAMESPACE } from '../cluster-identity.ts';
import type { ContentSource } from '../config-sync/intent.ts';
import { dataObjectRefs, type ConfigMap, type Secret } from '../config-sync/mirror/data-object.ts';
import { ConfigMapPlace } from '../config-sync/places/config-map-place.ts';
import type { ContentPlace } from '../config-sync/places/content-place.ts';
import { SecretPlace } from '../config-sync/places/secret-place.ts';
import { BridgeError, isBridgeError } from '../errors.ts';
import { KubeClient } from '../kube/client.ts';
import { createKubeMetrics } from '../kube/metrics.ts';
import { ResourceClient } from '../kube/resource-client.ts';
import type { KubeObject } from '../kube/resource.ts';
import { silentLogger } from '../logger.ts';

const CALL_TIMEOUT_MS = 10_000;
const CONCURRENT_CALLS = 16;

export class ClusterReader {
  readonly secrets: ResourceClient<Secret>;
  readonly #client: KubeClient;
  readonly #configs: ResourceClient<NacosConfig>;
  readonly #connections: ResourceClient<NacosConnection>;
  readonly #configMaps: ResourceClient<ConfigMap>;

  /** @throws BridgeError INVALID_OPTION when the kubeconfig cannot be used */
  constructor(kubeconfig: string, version: string) {
    this.#client = KubeClient.load({
      kubeconfig,
      userAgent: `nacos-bridge/${version}`,
      requestTimeoutMs: CALL_TIMEOUT_MS,
      maxConnections: CONCURRENT_CALLS,
      metrics: createKubeMetrics(new Registry(), METRICS_PREFIX),
      clock: systemClock,
      log: silentLogger,
    });
    this.#configs = new ResourceClient(this.#client, NACOS_CONFIG);
    this.#connections = new ResourceClient(this.#client, NACOS_CONNECTION);
    this.#configMaps = new ResourceClient(this.#client, dataObjectRefs.ConfigMap);
    this.secrets = new ResourceClient(this.#client, dataObjectRefs.Secret);
  }

  /** What the operator calls this cluster when no option says else. */
  async clusterId(): Promise<string> {
    const namespace = await new ResourceClient<KubeObject>(this.#client, NAMESPACE).get('kube-system');
    if (namespace?.metadata.uid) return namespace.metadata.uid;
    throw new BridgeError('KUBE_NOT_FOUND', 'the namespace kube-system, whose uid is the cluster id, does not exist');
  }

  /** Undefined where the CRDs are not installed, too. */
  config(namespace: string, name: string): Promise<NacosConfig | undefined> {
    return undefinedWithoutType(this.#configs.get(name, namespace));
  }

  connection(namespace: string, name: string): Promise<NacosConnection | undefined> {
    return undefinedWithoutType(this.#connections.get(name, namespace));
  }

  placeOf(namespace: string, source: Exclude<ContentSource, { kind: 'inline' }>): ContentPlace {
    if (source.kind === 'secret') return new SecretPlace(this.secrets, namespace, source);
    return new ConfigMapPlace(this.#configMaps, namespace, source.name, source.key);
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

async function undefinedWithoutType<T>(read: Promise<T | undefined>): Promise<T | undefined> {
  return read.catch((error: unknown) => (isBridgeError(error, 'KUBE_NOT_FOUND') ? undefined : Promise.reject(error)));
}
