/**
 * An embedded Kubernetes with a NacosConfig in it, and what mirrors and rollouts need of the operator, without watches:
 * a test says itself what has been seen.
 */
import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { NACOS_CONFIG, type NacosConfig } from '../../../operator/api/resources.ts';
import { dataObjectRefs, type DataObject } from '../../../operator/config-sync/mirror/data-object.ts';
import { trimData, type DataMetadata } from '../../../operator/config-sync/mirror/data-proof.ts';
import { accessTo, objectKeysOf, type MirrorAccess } from '../../../operator/config-sync/mirror/mirror-access.ts';
import type { MirrorKind } from '../../../operator/config-sync/mirror/mirror-target.ts';
import { ObjectUsers } from '../../../operator/config-sync/mirror/object-users.ts';
import type { ServedContent } from '../../../operator/config-sync/mirror/mirrors.ts';
import { systemClock } from '../../../operator/clock.ts';
import { KubeClient } from '../../../operator/kube/client.ts';
import { createKubeMetrics } from '../../../operator/kube/metrics.ts';
import { ResourceClient } from '../../../operator/kube/resource-client.ts';
import type { KubeObject, ResourceRef } from '../../../operator/kube/resource.ts';
import { Store } from '../../../operator/kube/store.ts';
import { silentLogger } from '../../../operator/logger.ts';
import { readManifests } from '../../../operator/admission/package-files.ts';
import { startEmbeddedKubernetes } from '../../../sandbox/kubernetes/embedded-kubernetes.ts';
import type { EmbeddedKubernetes } from '../../../sandbox/kubernetes/embedded-kubernetes.ts';
import type { KubeObject as StoredObject } from '../../../sandbox/kubernetes/object.ts';
import type { FakeClock } from '../../fake-clock.ts';
import { md5Of } from '../../../operator/nacos/config/config-snapshot.ts';
import type { ConfigObservation } from '../../../operator/nacos/config/config-snapshot.ts';

export const NAMESPACE = 'default';
const CONTROLLER_INDEX = 'controller';
const manager = 'test';

export class MirrorCluster {
  readonly clients: Readonly<Record<MirrorKind, ResourceClient<DataObject>>>;
  readonly access: Readonly<Record<MirrorKind, MirrorAccess>>;
  readonly kube: KubeClient;
  readonly users: ObjectUsers;
  readonly configClient: ResourceClient<NacosConfig>;
  readonly #kubernetes: EmbeddedKubernetes;
  readonly #stores = { ConfigMap: newStore(), Secret: newStore() };
  readonly #registry: Registry;
  #names = 0;

  constructor(kubernetes: EmbeddedKubernetes) {
    this.#kubernetes = kubernetes;
    this.#registry = new Registry();
    const { url, token, caCertificate } = kubernetes;
    const credentials = async () => ({ headers: { authorization: `Bearer ${token}` }, tls: { ca: caCertificate } });
    this.kube = new KubeClient(
      { server: url, defaultNamespace: NAMESPACE, credentials },
      {
        userAgent: 'test',
        requestTimeoutMs: 20_000,
        maxConnections: 4,
        metrics: createKubeMetrics(this.#registry, 'test_'),
        clock: systemClock,
        log: silentLogger,
      },
    );
    this.users = new ObjectUsers(this.kube);
    this.configClient = new ResourceClient<NacosConfig>(this.kube, NACOS_CONFIG);
    const clientOf = (kind: MirrorKind) => new ResourceClient<DataObject>(this.kube, dataObjectRefs[kind]);
    this.clients = { ConfigMap: clientOf('ConfigMap'), Secret: clientOf('Secret') };
    this.access = {
      ConfigMap: accessTo(this.clients.ConfigMap, this.#stores.ConfigMap, CONTROLLER_INDEX),
      Secret: accessTo(this.clients.Secret, this.#stores.Secret, CONTROLLER_INDEX),
    };
  }

  /** Objects are created at the times of `clock`. */
  static async start(clock: FakeClock): Promise<MirrorCluster> {
    const cluster = new MirrorCluster(await startEmbeddedKubernetes({ clock }));
    cluster.install((await readManifests('crds')).find(({ metadata }) => metadata.name.startsWith('nacosconfigs.'))!);
    return cluster;
  }

  /** A CRD. */
  install(definition: KubeObject): void {
    const { cluster } = this.#kubernetes;
    const definitions = cluster.types.findKind('apiextensions.k8s.io/v1', 'CustomResourceDefinition')!;
    cluster.create(definitions, definition as StoredObject, { manager });
  }

  async stop(): Promise<void> {
    await this.kube.close();
    await this.#kubernetes.stop();
  }

  /** A NacosConfig that nobody had before, as the API server has it. */
  async newConfig(spec: Record<string, unknown>): Promise<NacosConfig> {
    const name = `config-${this.#names++}`;
    return this.create<NacosConfig>(NACOS_CONFIG, { metadata: { name }, spec });
  }

  async create<T extends KubeObject>(ref: ResourceRef, object: KubeObject & Record<string, unknown>): Promise<T> {
    const metadata = { ...object.metadata, namespace: NAMESPACE };
    return new ResourceClient<T>(this.kube, ref).create({ ...object, metadata } as unknown as T, {
      fieldManager: 'user',
    });
  }

  /** What a watch would have brought by now. */
  async observe(): Promise<void> {
    for (const kind of ['ConfigMap', 'Secret'] as const) {
      const { items } = await this.clients[kind].list({ namespace: NAMESPACE, metadataOnly: true });
      this.#stores[kind].replace(items.map(trimData));
    }
  }

  /** Requests so far, by method and status. */
  async requests(): Promise<Record<string, number>> {
    const metric = await this.#registry.getSingleMetric('rest_client_requests_total')!.get();
    const counts: Record<string, number> = {};
    for (const { labels, value } of metric.values) {
      const name = `${labels['method']} ${labels['code']}`;
      counts[name] = (counts[name] ?? 0) + value;
    }
    return counts;
  }

  configMap(name: string): Promise<DataObject | undefined> {
    return this.clients.ConfigMap.get(name, NAMESPACE);
  }

  /** What a person writes with `kubectl edit`. */
  edit(ref: ResourceRef, name: string, merge: unknown): Promise<KubeObject> {
    return new ResourceClient(this.kube, ref).mergePatch(name, NAMESPACE, merge, { fieldManager: 'kubectl-edit' });
  }
}

export function present(content: string): ConfigObservation & { kind: 'present' } {
  return { kind: 'present', snapshot: { content, md5: md5Of(content) } };
}

/** What Nacos serves, in memory. */
export function served(observation: ConfigObservation): ServedContent {
  return {
    observation,
    contentOf: async (md5) => {
      assert.ok(observation.kind === 'present' && observation.snapshot.md5 === md5);
      return observation.snapshot.content;
    },
  };
}

function newStore(): Store<DataMetadata> {
  return new Store<DataMetadata>({ indexes: { [CONTROLLER_INDEX]: objectKeysOf } });
}
