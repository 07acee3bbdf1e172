/**
 * The Kubernetes of a sandbox: the embedded API server, or the cluster of a kubeconfig. Manifests of any kind are written as
 * `kubectl` does: where a kind is served is asked of the API server itself.
 */
import { Registry } from 'prom-client';
import type { Clock } from '../../operator/clock.ts';
import { BridgeError } from '../../operator/errors.ts';
import { KubeClient } from '../../operator/kube/client.ts';
import { createKubeMetrics, type KubeMetrics } from '../../operator/kube/metrics.ts';
import { ResourceClient } from '../../operator/kube/resource-client.ts';
import type { KubeObject, ResourceRef } from '../../operator/kube/resource.ts';
import { silentLogger } from '../../operator/logger.ts';
import { parse, stringify } from 'yaml';
import type { SandboxOptions } from '../sandbox-options.ts';
import { assertPortIsFree } from './free-port.ts';
import type { Manifest } from '../../operator/admission/package-files.ts';
import type { SandboxFolder } from './sandbox-folder.ts';

/** The field manager of all that the sandbox writes. */
export const SANDBOX_MANAGER = 'nacos-bridge-sandbox';

const callTimeoutMs = 10_000;
const maxConnections = 8;
const NODE: ResourceRef = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };

/** @throws INVALID_OPTION for a port that is taken or a kubeconfig that cannot be read */
export async function openKubernetes(
  { kubeconfig, kubernetesPort, namespace }: SandboxOptions,
  folder: SandboxFolder,
  version: string,
  clock: Clock,
): Promise<KubernetesSide> {
  if (kubeconfig !== undefined) return new KubernetesSide(kubeconfig, version, clock);
  await assertPortIsFree('--kubernetes-port', kubernetesPort);
  const { startEmbeddedKubernetes } = await import('../kubernetes/embedded-kubernetes.ts');
  const log = silentLogger;
  const server = await startEmbeddedKubernetes({ port: kubernetesPort, contextName: 'sandbox', clock, log });
  await folder.writeKubeconfig(inNamespace(server.kubeconfig, namespace));
  return new KubernetesSide(folder.kubeconfigFile, version, clock, () => server.stop());
}

export class KubernetesSide {
  readonly isEmbedded: boolean;
  readonly kubeconfigFile: string;
  readonly client: KubeClient;
  readonly metrics: KubeMetrics;
  readonly #stopServer: (() => Promise<void>) | undefined;
  readonly #refs = new Map<string, ResourceRef>();

  /** `stopServer` is of the embedded one. */
  constructor(kubeconfigFile: string, version: string, clock: Clock, stopServer?: () => Promise<void>) {
    this.isEmbedded = stopServer !== undefined;
    this.kubeconfigFile = kubeconfigFile;
    this.metrics = createKubeMetrics(new Registry(), 'sandbox_');
    this.client = KubeClient.load({
      kubeconfig: kubeconfigFile,
      userAgent: `nacos-bridge-sandbox/${version}`,
      requestTimeoutMs: callTimeoutMs,
      maxConnections,
      metrics: this.metrics,
      clock,
      log: silentLogger,
    });
    this.#stopServer = stopServer;
  }

  resource<T extends KubeObject = KubeObject>(ref: ResourceRef): ResourceClient<T> {
    return new ResourceClient<T>(this.client, ref);
  }

  /** @throws KUBE_NOT_FOUND when it is not served */
  async kind(apiVersion: string, kind: string): Promise<ResourceClient<Manifest>> {
    const known = this.#refs.get(`${apiVersion} ${kind}`);
    if (known) return this.resource(known);
    const path = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    type Served = { resources?: { name: string; kind: string; namespaced: boolean }[] };
    const { resources = [] } = await this.client.request<Served>({ method: 'GET', path });
    const found = resources.find((resource) => resource.kind === kind && !resource.name.includes('/'));
    if (!found) throw new BridgeError('KUBE_NOT_FOUND', `the API server does not serve ${kind} of ${apiVersion}`);
    const [group = '', version = ''] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
    const ref = { group, version, plural: found.name, kind, namespaced: found.namespaced };
    this.#refs.set(`${apiVersion} ${kind}`, ref);
    return this.resource(ref);
  }

  /** Creates it, or makes its fields as the manifest has them; in `namespace` unless it is of the whole cluster. */
  async apply(manifest: Manifest, namespace: string): Promise<void> {
    const resource = await this.kind(manifest.apiVersion, manifest.kind);
    const { metadata } = manifest;
    const placed = resource.ref.namespaced ? { ...manifest, metadata: { ...metadata, namespace } } : manifest;
    await resource.apply(placed, { fieldManager: SANDBOX_MANAGER, force: true });
  }

  /** Whether pods can come up: the embedded cluster plays its kubelet, and a real one has nodes. */
  async runsPods(): Promise<boolean> {
    if (this.isEmbedded) return true;
    type Node = KubeObject & { status?: { conditions?: { type: string; status: string }[] } };
    const { items } = await this.resource<Node>(NODE).list();
    return items.some(({ status }) => status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True'));
  }

  async stop(): Promise<void> {
    await this.client.close();
    await this.#stopServer?.();
  }
}

/** The namespace that commands without `-n` are about. */
function inNamespace(kubeconfig: string, namespace: string): string {
  const config = parse(kubeconfig) as { contexts: { context: { namespace?: string } }[] };
  const contexts = config.contexts.map((each) => ({ ...each, context: { ...each.context, namespace } }));
  return stringify({ ...config, contexts });
}
