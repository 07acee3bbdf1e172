/**
 * What `diff` and `items` ask a cluster: our resources with their status, what they refer to, and whether the API server
 * would take what is to be applied. Nothing is written.
 */
import { Registry } from 'prom-client';
import { METRICS_PREFIX } from '../api/names.ts';
import {
  NACOS_CONFIG,
  NACOS_CONFIG_INVENTORY,
  NACOS_CONFIG_SYNC,
  NACOS_CONNECTION,
  NACOS_SERVICE,
  type NacosConfig,
  type NacosConfigInventory,
  type NacosConfigSync,
  type NacosConnection,
} from '../api/resources.ts';
import { systemClock } from '../clock.ts';
import { NAMESPACE } from '../cluster-identity.ts';
import { listShards } from '../config-sync/bulk/inventory/shard-client.ts';
import type { ContentSource } from '../config-sync/intent.ts';
import { dataObjectRefs, type ConfigMap, type Secret } from '../config-sync/mirror/data-object.ts';
import { ConfigMapPlace } from '../config-sync/places/config-map-place.ts';
import type { ContentPlace } from '../config-sync/places/content-place.ts';
import { SecretPlace } from '../config-sync/places/secret-place.ts';
import { BridgeError, isBridgeError } from '../errors.ts';
import { KubeClient } from '../kube/client.ts';
import { createKubeMetrics } from '../kube/metrics.ts';
import { ResourceClient } from '../kube/resource-client.ts';
import { apiVersionOf, type KubeObject, type ObjectMeta } from '../kube/resource.ts';
import { silentLogger } from '../logger.ts';
import type { ManifestObject } from './manifest.ts';

const CALL_TIMEOUT_MS = 10_000;
const CONCURRENT_CALLS = 16;
/** As which `kubectl apply --server-side` writes. */
const APPLY_MANAGER = 'kubectl';
const appliedKinds = [
  NACOS_CONFIG,
  NACOS_CONFIG_SYNC,
  NACOS_CONNECTION,
  NACOS_SERVICE,
  ...Object.values(dataObjectRefs),
];

export class ClusterReader {
  readonly secrets: ResourceClient<Secret>;
  readonly #client: KubeClient;
  readonly #configs: ResourceClient<NacosConfig>;
  readonly #connections: ResourceClient<NacosConnection>;
  readonly #configMaps: ResourceClient<ConfigMap>;

  /** @throws BridgeError INVALID_OPTION when the kubeconfig cannot be used */
  constructor(kubeconfig: string | undefined, version: string) {
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

  /** That of the kubeconfig, or of the pod. */
  get defaultNamespace(): string {
    return this.#client.defaultNamespace;
  }

  /** What the operator calls this cluster when no option says else. */
  async clusterId(): Promise<string> {
    const namespace = await new ResourceClient<KubeObject>(this.#client, NAMESPACE).get('kube-system');
    if (namespace?.metadata.uid) return namespace.metadata.uid;
    throw new BridgeError('KUBE_NOT_FOUND', 'the namespace kube-system, whose uid is the cluster id, does not exist');
  }

  /** Of a namespace; undefined where there is none. */
  async labelsOf(namespace: string): Promise<Readonly<Record<string, string>> | undefined> {
    const found = await new ResourceClient<KubeObject>(this.#client, NAMESPACE).get(namespace);
    return found && (found.metadata.labels ?? {});
  }

  /** Undefined where the CRDs are not installed, too. */
  config(namespace: string, name: string): Promise<NacosConfig | undefined> {
    return undefinedWithoutType(this.#configs.get(name, namespace));
  }

  connection(namespace: string, name: string): Promise<NacosConnection | undefined> {
    return undefinedWithoutType(this.#connections.get(name, namespace));
  }

  sync(namespace: string, name: string): Promise<NacosConfigSync | undefined> {
    return undefinedWithoutType(
      new ResourceClient<NacosConfigSync>(this.#client, NACOS_CONFIG_SYNC).get(name, namespace),
    );
  }

  async syncNames(namespace: string): Promise<string[]> {
    const { items } = await new ResourceClient(this.#client, NACOS_CONFIG_SYNC).list({ namespace, metadataOnly: true });
    return items.map(({ metadata }) => metadata.name);
  }

  /** The shards of its inventory, as they are. */
  inventoryOf(sync: NacosConfigSync): Promise<NacosConfigInventory[]> {
    return listShards(new ResourceClient<NacosConfigInventory>(this.#client, NACOS_CONFIG_INVENTORY), sync);
  }

  /** What applying this object would change; undefined where there is none, or it may not be read. */
  async stored(object: ManifestObject): Promise<KubeObject | undefined> {
    const { name, namespace } = object.metadata;
    return unlessHidden(
      undefinedWithoutType(this.#clientOf(object)?.get(name, namespace) ?? Promise.resolve(undefined)),
    );
  }

  /**
   * Why the API server would not take this object: it is asked to judge and to keep nothing. Undefined where it would, and
   * where it does not say, since we may not ask. Secrets are not sent: an answer may cite what it does not understand.
   */
  async refusalOf(object: ManifestObject): Promise<string | undefined> {
    if (object.kind === 'Secret') return undefined;
    // What an object was when somebody wrote it down, such as its resourceVersion, is no part of what is asked for.
    const { annotations, labels, name, namespace } = object.metadata as ObjectMeta;
    const asked = { ...object, metadata: { name, namespace, labels, annotations } };
    const options = { fieldManager: APPLY_MANAGER, force: true, dryRun: true };
    try {
      await this.#clientOf(object)?.apply(asked, options);
      return undefined;
    } catch (error) {
      if (isBridgeError(error, 'KUBE_INVALID') || isDenied(error)) return error.message;
      // Its namespace or its type may be about to be made.
      if (isBridgeError(error, 'KUBE_FORBIDDEN', 'KUBE_NOT_FOUND')) return undefined;
      throw error;
    }
  }

  #clientOf({ apiVersion, kind }: ManifestObject): ResourceClient<KubeObject> | undefined {
    const ref = appliedKinds.find((one) => one.kind === kind && apiVersionOf(one) === apiVersion);
    return ref && new ResourceClient<KubeObject>(this.#client, ref);
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

async function unlessHidden<T>(read: Promise<T | undefined>): Promise<T | undefined> {
  return read.catch((error: unknown) => (isBridgeError(error, 'KUBE_FORBIDDEN') ? undefined : Promise.reject(error)));
}

/** By an admission webhook, not for want of a right. */
function isDenied(error: unknown): error is BridgeError {
  return isBridgeError(error, 'KUBE_FORBIDDEN') && error.message.includes('denied the request');
}
