/**
 * The embedded servers in a process of their own, for the benchmark of their stalls: tells the parent where they are, and
 * answers each message with how the event loop fared since the last one.
 *
 * Usage, by embedded-stalls.ts only.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { readManifests } from '../../operator/admission/package-files.ts';
import { startEmbeddedKubernetes } from '../../sandbox/kubernetes/embedded-kubernetes.ts';
import type { KubeObject } from '../../sandbox/kubernetes/object.ts';
import { startEmbeddedNacos } from '../../sandbox/nacos/embedded-nacos.ts';

export interface EmbeddedAddress {
  readonly url: string;
  readonly token: string;
  readonly host: string;
  readonly grpcPort: number;
}

/** Since the last one. */
export interface StallReport {
  /** The longest time between two turns of the event loop. */
  readonly longestMs: number;
  readonly residentMb: number;
}

const kubernetes = await startEmbeddedKubernetes();
const nacos = await startEmbeddedNacos();
const definitions = kubernetes.cluster.types.findKind('apiextensions.k8s.io/v1', 'CustomResourceDefinition')!;
for (const manifest of await readManifests('crds')) {
  kubernetes.cluster.create(definitions, manifest as KubeObject, { manager: 'bench' });
}
const { url, token } = kubernetes;
const { host, grpcPort } = nacos;
process.send?.({ url, token, host, grpcPort } satisfies EmbeddedAddress);

const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();
process.on('message', () => {
  const residentMb = Math.round(process.memoryUsage().rss / 1e6);
  process.send?.({ longestMs: delays.max / 1e6, residentMb } satisfies StallReport);
  delays.reset();
});
process.on('disconnect', () => process.exit());
