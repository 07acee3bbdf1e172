/**
 * Runs one Kubernetes and some Nacos servers for a person, until Ctrl-C or SIGTERM. All data is in one temporary folder
 * that goes when they stop: nothing is kept.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKubernetes } from './kubernetes.ts';
import { nodeObject, startKwok } from './kwok.ts';
import { startNacos } from './nacos.ts';
import type { NacosServer, NacosVersion } from './nacos.ts';
import { binary, findPart } from './parts.ts';

interface Running {
  readonly summary: string;
  stop(): Promise<void>;
}

export async function up(nacosVersions: readonly NacosVersion[]): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-testbed-'));
  const interrupted = firstSignal();
  const starting = [upKubernetes(dir), ...nacosVersions.map((version) => upNacos(version, dir))];
  // A stop in the middle of a start waits for the start: a server that is half up does not heed a signal.
  const outcomes = await Promise.allSettled(starting);
  const running = outcomes.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value);
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  try {
    if (failed) throw failed.reason;
    console.log(`\n${running.map(({ summary }) => summary).join('\n\n')}\n\nCtrl-C stops everything.`);
    await interrupted;
    console.log('stopping');
  } finally {
    await Promise.all(running.map((server) => server.stop()));
    await rm(dir, { recursive: true, force: true });
  }
}

async function upKubernetes(dir: string): Promise<Running> {
  const began = performance.now();
  const kubernetes = await startKubernetes({ dir: join(dir, 'kubernetes'), log: console.error });
  const kwok = await startKwok(kubernetes);
  await kubernetes.kubectl(['apply', '-f', '-'], JSON.stringify(nodeObject('node-1')));
  const { version } = findPart('kube-apiserver');
  console.log(`kubernetes ${version} serves after ${secondsSince(began)} s`);
  return {
    summary: `Kubernetes ${version}, one node "node-1", no scheduler: give pods spec.nodeName
  export KUBECONFIG=${kubernetes.kubeconfig}
  helm: ${binary('helm')}`,
    stop: async () => {
      await kwok.stop();
      await kubernetes.stop();
    },
  };
}

async function upNacos(version: NacosVersion, dir: string): Promise<Running> {
  const began = performance.now();
  const nacos = await startNacos(version, { home: join(dir, `nacos-${version}`), log: console.error });
  console.log(`nacos ${version} serves after ${secondsSince(began)} s`);
  return { summary: describe(nacos), stop: () => nacos.stop() };
}

function describe(nacos: NacosServer): string {
  return `Nacos ${findPart(`nacos-${nacos.version}`).version}
  address ${nacos.host}:${nacos.port} (gRPC ${nacos.grpcPort})
  user ${nacos.username}, password ${nacos.password}
  logs ${join(nacos.home, 'logs')}`;
}

/** Resolves on the first Ctrl-C or SIGTERM; a second one ends this process, and with it every server, at once. */
async function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    // Signal handlers alone do not keep a process alive.
    const alive = setInterval(() => {}, 60_000);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        clearInterval(alive);
        process.once(signal, () => process.exit(130));
        resolve();
      });
    }
  });
}

function secondsSince(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(1);
}
