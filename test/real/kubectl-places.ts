/**
 * The clusters that kubectl is tried with: a real control plane with a node played by kwok, and the embedded one.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedKubernetes } from '../../sandbox/kubernetes/embedded-kubernetes.ts';
import { startKubernetes } from '../testbed/kubernetes.ts';
import { nodeObject, startKwok } from '../testbed/kwok.ts';
import { nodeName } from './world.ts';

export interface RunningPlace {
  readonly title: 'real' | 'embedded';
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

export async function startRealPlace(): Promise<RunningPlace> {
  const kubernetes = await startKubernetes();
  const kwok = await startKwok(kubernetes);
  await kubernetes.kubectl(['apply', '-f', '-'], JSON.stringify(nodeObject(nodeName)));
  return {
    title: 'real',
    kubeconfig: kubernetes.kubeconfig,
    stop: async () => {
      await kwok.stop();
      await kubernetes.stop();
    },
  };
}

export async function startEmbeddedPlace(): Promise<RunningPlace> {
  const dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-embedded-'));
  const kubernetes = await startEmbeddedKubernetes();
  const kubeconfig = join(dir, 'kubeconfig');
  await writeFile(kubeconfig, kubernetes.kubeconfig, { mode: 0o600 });
  return {
    title: 'embedded',
    kubeconfig,
    stop: async () => {
      await kubernetes.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
