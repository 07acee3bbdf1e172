/**
 * Everything that runs in one line of the real tests: a Kubernetes cluster with a node, a Nacos server, the chart installed,
 * and the operator with the chart's rights. Nothing is shared with another world, so tests may kill any part of theirs.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LeakWatch } from '../acceptance/leak-watch.ts';
import type { BreakableServer, World } from '../acceptance/world.ts';
import type { KubeObject } from '../scenarios/backends.ts';
import { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import { rolloutDefinition } from '../scenarios/optional-kinds.ts';
import { HttpNacos } from '../scenarios/nacos-backend.ts';
import { startKubernetes } from '../testbed/kubernetes.ts';
import type { KubernetesServer } from '../testbed/kubernetes.ts';
import { nodeObject, startKwok } from '../testbed/kwok.ts';
import { startNacos } from '../testbed/nacos.ts';
import type { NacosServer, NacosVersion } from '../testbed/nacos.ts';
import { NacosSdk } from '../testbed/nacos-sdk.ts';
import { freePorts } from '../testbed/ports.ts';
import { AuditWitness } from './audit-witness.ts';
import { installRelease } from './release.ts';

/** Pods are bound to it: there is no scheduler. */
export const nodeName = 'node-1';

export interface RealWorld extends World {
  readonly dir: string;
  readonly kubernetes: KubernetesServer;
  readonly nacos: NacosServer;
  /** The user name under which the API server knows the operator. */
  readonly operatorUsername: string;
  /** Looks for the Nacos password in everything that is written to the API server and must not hold it. */
  readonly leakWatch: LeakWatch;
  /** When the API server was being restarted. */
  readonly apiserverOutages: readonly Outage[];
}

/** In milliseconds since the epoch. */
interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

export async function startWorld(version: NacosVersion): Promise<RealWorld> {
  const started = new AsyncDisposableStack();
  try {
    return await start(version, started);
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

/** Everything that was started is on the stack, the last first. */
async function start(version: NacosVersion, started: AsyncDisposableStack): Promise<RealWorld> {
  const dir = await mkdtemp(join(tmpdir(), `nacos-bridge-real-${version}-`));
  started.defer(() => rm(dir, { recursive: true, force: true }));
  // A word that occurs nowhere by itself, so that finding it is a leak.
  const password = `marker-${randomBytes(12).toString('hex')}`;
  const [starting, startingNacos] = [startKubernetes({ audit: true }), startNacos(version, { password })];
  // One that comes up although the other does not is to be stopped as well.
  for (const outcome of await Promise.allSettled([starting, startingNacos])) {
    if (outcome.status === 'fulfilled') started.defer(() => outcome.value.stop());
  }
  const [kubernetes, nacos] = await Promise.all([starting, startingNacos]);
  const { operator, username } = await installRelease(kubernetes, nacos, dir);
  const rest = new RestKubernetes(kubernetes.kubeconfig);
  started.defer(() => rest.close());
  const kwok = await startKwok(kubernetes);
  started.defer(() => kwok.stop());
  for (const object of [nodeObject(nodeName), rolloutDefinition]) await rest.apply(object as KubeObject);
  const http = new HttpNacos(nacos, () => NacosSdk.start(nacos));
  started.defer(() => http.close());
  const leakWatch = new LeakWatch(rest, [password]);
  leakWatch.start();
  started.defer(() => leakWatch.stop());
  started.defer(async () => void (await operator.end('SIGTERM')));
  await operator.start();
  const apiserverOutages: Outage[] = [];
  const [closedPort = 1] = await freePorts(1);
  return {
    dir,
    kubernetes,
    nacos,
    backends: { kubernetes: rest, nacos: http },
    operator,
    operatorUsername: username,
    closedPort,
    endpoint: nacos,
    servers: { apiServer: breakableApiServer(kubernetes, apiserverOutages), nacos: breakableNacos(nacos) },
    apiOperations: new AuditWitness(kubernetes, username),
    leakWatch,
    apiserverOutages,
    stop: () => started.disposeAsync(),
  };
}

function breakableApiServer(kubernetes: KubernetesServer, outages: Outage[]): BreakableServer {
  let fromMs = 0;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    fromMs = Date.now();
    await kubernetes.kill('apiserver', signal);
  };
  return {
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    async start() {
      await kubernetes.start('apiserver');
      outages.push({ fromMs, toMs: Date.now() });
    },
  };
}

function breakableNacos(nacos: NacosServer): BreakableServer {
  return { kill: () => nacos.kill('SIGKILL'), stop: () => nacos.kill('SIGTERM'), start: () => nacos.start() };
}
