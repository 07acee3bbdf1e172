/**
 * Everything that runs in one line of the real tests: a Kubernetes cluster with a node, a Nacos server, the chart installed,
 * and the operator with the chart's rights. Nothing is shared with another world, so tests may kill any part of theirs.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Backends, KubeObject } from '../scenarios/backends.ts';
import { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import { HttpNacos } from '../scenarios/nacos-backend.ts';
import { startKubernetes } from '../testbed/kubernetes.ts';
import type { KubernetesServer } from '../testbed/kubernetes.ts';
import { nodeObject, startKwok } from '../testbed/kwok.ts';
import { startNacos } from '../testbed/nacos.ts';
import type { NacosServer, NacosVersion } from '../testbed/nacos.ts';
import { NacosSdk } from '../testbed/nacos-sdk.ts';
import { freePorts } from '../testbed/ports.ts';
import { LeakWatch } from './leak-watch.ts';
import type { OperatorProcess } from '../operator-process.ts';
import { installRelease } from './release.ts';

/** Pods are bound to it: there is no scheduler. */
export const nodeName = 'node-1';

export interface World {
  readonly dir: string;
  readonly kubernetes: KubernetesServer;
  readonly nacos: NacosServer;
  readonly backends: Backends & { readonly kubernetes: RestKubernetes };
  readonly operator: OperatorProcess;
  /** The user name under which the API server knows the operator. */
  readonly operatorUsername: string;
  /** Nothing listens there. */
  readonly closedPort: number;
  /** Looks for the Nacos password in everything that is written to the API server and must not hold it. */
  readonly leakWatch: LeakWatch;
  /** Times, in milliseconds since the epoch, at which the API server was being restarted. */
  readonly apiserverOutages: Outage[];
  stop(): Promise<void>;
}

export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

export async function startWorld(version: NacosVersion): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), `nacos-bridge-real-${version}-`));
  // A word that occurs nowhere by itself, so that finding it is a leak.
  const password = `marker-${randomBytes(12).toString('hex')}`;
  const starts = await Promise.allSettled([
    startKubernetes({ audit: true }),
    startNacos(version, { password }),
    freePorts(1),
  ] as const);
  const [kubernetes, nacos, closedPorts] = starts;
  let stopKwok = async (): Promise<void> => {};
  const stopServers = async (): Promise<void> => {
    await stopKwok();
    if (kubernetes.status === 'fulfilled') await kubernetes.value.stop();
    if (nacos.status === 'fulfilled') await nacos.value.stop();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    if (kubernetes.status === 'rejected') throw kubernetes.reason;
    if (nacos.status === 'rejected') throw nacos.reason;
    if (closedPorts.status === 'rejected') throw closedPorts.reason;
    const { operator, username } = await installRelease(kubernetes.value, nacos.value, dir);
    const rest = new RestKubernetes(kubernetes.value.kubeconfig);
    const kwok = await startKwok(kubernetes.value);
    stopKwok = () => kwok.stop();
    await rest.apply(nodeObject(nodeName) as KubeObject);
    const http = new HttpNacos(nacos.value, () => NacosSdk.start(nacos.value));
    const leakWatch = new LeakWatch(rest, [password]);
    leakWatch.start();
    await operator.start();
    return {
      dir,
      kubernetes: kubernetes.value,
      nacos: nacos.value,
      backends: { kubernetes: rest, nacos: http },
      operator,
      operatorUsername: username,
      closedPort: closedPorts.value[0] ?? 1,
      leakWatch,
      apiserverOutages: [],
      stop: async () => {
        leakWatch.stop();
        await operator.end('SIGTERM');
        await http.close();
        await rest.close();
        await stopServers();
      },
    };
  } catch (error) {
    await stopServers();
    throw error;
  }
}
