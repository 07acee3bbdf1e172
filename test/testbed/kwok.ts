/**
 * Plays nodes and kubelets for a control plane that has neither: a pod with `spec.nodeName` becomes Ready with an address
 * within a second or two, and EndpointSlices follow. There is no scheduler, so pods name their node, or a test binds them.
 * Pod addresses are of 198.18.0.0/15, which is reserved for measurements: nothing answers there.
 */
import { join } from 'node:path';
import type { KubernetesServer } from './kubernetes.ts';
import { binary } from './parts.ts';
import { freePorts } from './ports.ts';
import { ServerProcess, waitUntil } from './process.ts';

export interface Kwok {
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Call before the cluster is stopped. */
  stop(): Promise<void>;
}

const stagesFile = join(import.meta.dirname, 'parts', 'kwok', 'stages.yaml');

/** Plays all nodes, or the named one: a pod must not have two kubelets. */
export async function startKwok(kubernetes: KubernetesServer, node?: string): Promise<Kwok> {
  const [port = 0] = await freePorts(1);
  const process = new ServerProcess({
    name: 'kwok',
    command: binary('kwok'),
    args: [
      `--kubeconfig=${kubernetes.kwokKubeconfig}`,
      node === undefined ? '--manage-all-nodes=true' : `--manage-single-node=${node}`,
      '--cidr=198.18.0.0/15',
      `--config=${stagesFile}`,
      `--server-address=127.0.0.1:${port}`,
    ],
    logFile: join(kubernetes.dir, 'kwok.log'),
    onDeath: (report) => globalThis.process.stderr.write(`${report}\n`),
  });
  await waitUntil('start of kwok', [process], async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok);
  return {
    kill: (signal) => process.end(signal),
    stop: () => process.end(),
  };
}

/** A Node that kwok makes Ready as soon as it exists. */
export function nodeObject(name: string, labels: Readonly<Record<string, string>> = {}): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', ...labels } },
    spec: {},
  };
}
