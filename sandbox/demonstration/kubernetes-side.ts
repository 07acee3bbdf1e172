/** The Kubernetes of a sandbox: the embedded API server, or the cluster of a kubeconfig. */
import { Registry } from 'prom-client';
import type { Clock } from '../../operator/clock.ts';
import { KubeClient } from '../../operator/kube/client.ts';
import { createKubeMetrics, type KubeMetrics } from '../../operator/kube/metrics.ts';
import { ResourceClient } from '../../operator/kube/resource-client.ts';
import type { KubeObject, ResourceRef } from '../../operator/kube/resource.ts';
import { silentLogger } from '../../operator/logger.ts';
import { parse, stringify } from 'yaml';
import type { SandboxOptions } from '../sandbox-options.ts';
import { assertPortIsFree } from './free-port.ts';
import type { SandboxFolder } from './sandbox-folder.ts';

export interface KubernetesSide {
  readonly isEmbedded: boolean;
  readonly kubeconfigFile: string;
  readonly client: KubeClient;
  readonly metrics: KubeMetrics;
  stop(): Promise<void>;
}

const callTimeoutMs = 10_000;
const maxConnections = 8;

/** @throws INVALID_OPTION for a port that is taken or a kubeconfig that cannot be read */
export async function openKubernetes(
  { kubeconfig, kubernetesPort, namespace }: SandboxOptions,
  folder: SandboxFolder,
  version: string,
  clock: Clock,
): Promise<KubernetesSide> {
  if (kubeconfig !== undefined) return { ...connect(kubeconfig, version, clock), isEmbedded: false };
  await assertPortIsFree('--kubernetes-port', kubernetesPort);
  const { startEmbeddedKubernetes } = await import('../kubernetes/embedded-kubernetes.ts');
  const server = await startEmbeddedKubernetes({
    port: kubernetesPort,
    contextName: 'sandbox',
    clock,
    log: silentLogger,
  });
  await folder.writeKubeconfig(inNamespace(server.kubeconfig, namespace));
  const side = connect(folder.kubeconfigFile, version, clock);
  return {
    ...side,
    isEmbedded: true,
    stop: async () => {
      await side.stop();
      await server.stop();
    },
  };
}

const NODE: ResourceRef = { group: '', version: 'v1', plural: 'nodes', kind: 'Node', namespaced: false };

/** Whether pods can come up: the embedded cluster plays its kubelet, and a real one has nodes. */
export async function runsPods({ isEmbedded, client }: KubernetesSide): Promise<boolean> {
  if (isEmbedded) return true;
  type Node = KubeObject & { status?: { conditions?: { type: string; status: string }[] } };
  const { items } = await new ResourceClient<Node>(client, NODE).list();
  return items.some(({ status }) =>
    status?.conditions?.some((condition) => condition.type === 'Ready' && condition.status === 'True'),
  );
}

function connect(kubeconfigFile: string, version: string, clock: Clock): Omit<KubernetesSide, 'isEmbedded'> {
  const metrics = createKubeMetrics(new Registry(), 'sandbox_');
  const client = KubeClient.load({
    kubeconfig: kubeconfigFile,
    userAgent: `nacos-bridge-sandbox/${version}`,
    requestTimeoutMs: callTimeoutMs,
    maxConnections,
    metrics,
    clock,
    log: silentLogger,
  });
  return { kubeconfigFile, client, metrics, stop: () => client.close() };
}

/** The namespace that commands without `-n` are about. */
function inNamespace(kubeconfig: string, namespace: string): string {
  interface Kubeconfig {
    contexts: { context: { namespace?: string } }[];
  }
  const config = parse(kubeconfig) as Kubeconfig;
  const contexts = config.contexts.map((each) => ({ ...each, context: { ...each.context, namespace } }));
  return stringify({ ...config, contexts });
}
