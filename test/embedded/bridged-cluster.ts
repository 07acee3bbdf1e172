/**
 * An embedded Kubernetes, and an operator process of its own between it and a Nacos, which may be embedded or real. Several
 * of them share one Nacos as the clusters of a company do.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../operator/clock.ts';
import { silentLogger } from '../../operator/logger.ts';
import { readManifests } from '../../operator/admission/package-files.ts';
import { startEmbeddedKubernetes } from '../../sandbox/kubernetes/embedded-kubernetes.ts';
import type { EmbeddedKubernetes } from '../../sandbox/kubernetes/embedded-kubernetes.ts';
import { OperatorProcess } from '../operator-process.ts';
import type { KubeObject } from '../scenarios/backends.ts';
import { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import type { NacosEndpoint } from '../scenarios/nacos-backend.ts';
import { cronJobDefinition, rolloutDefinition } from '../scenarios/optional-kinds.ts';
import { freePorts } from '../testbed/ports.ts';

export interface BridgedCluster {
  readonly kubernetes: EmbeddedKubernetes;
  readonly rest: RestKubernetes;
  /** Logs everything, and is ready. */
  readonly operator: OperatorProcess;
  stop(): Promise<void>;
}

/** `logsIn`: whether the operator has a user for its default connection; `args` are further options. */
export async function startBridgedCluster(
  endpoint: NacosEndpoint,
  { args = [], logsIn = true }: { args?: readonly string[]; logsIn?: boolean } = {},
): Promise<BridgedCluster> {
  const started = new AsyncDisposableStack();
  try {
    return await start(endpoint, logsIn, args, started);
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

/** Everything that was started is on the stack, the last first. */
async function start(
  endpoint: NacosEndpoint,
  logsIn: boolean,
  args: readonly string[],
  started: AsyncDisposableStack,
): Promise<BridgedCluster> {
  const dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-embedded-'));
  started.defer(() => rm(dir, { recursive: true, force: true }));
  // It may go away and come back, and nobody else must take the port meanwhile.
  const [port] = await freePorts(1);
  const kubernetes = await startEmbeddedKubernetes({ port, clock: systemClock, log: silentLogger });
  started.defer(() => kubernetes.stop());
  const kubeconfig = join(dir, 'kubeconfig');
  await writeFile(kubeconfig, kubernetes.kubeconfig, { mode: 0o600 });
  const rest = new RestKubernetes(kubeconfig);
  started.defer(() => rest.close());
  const definitions = [...(await readManifests('crds')), cronJobDefinition, rolloutDefinition];
  for (const object of definitions) await rest.apply(object as KubeObject);

  const { host, username, password } = endpoint;
  const passwordFile = join(dir, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  const operator = new OperatorProcess({
    args: [
      'run',
      `--kubeconfig=${kubeconfig}`,
      `--nacos=${host}:${endpoint.port}`,
      ...(logsIn ? [`--nacos-username=${username}`, `--nacos-password-file=${passwordFile}`] : []),
      '--lease-namespace=default',
      '--bind-address=127.0.0.1',
      '--metrics-port=0',
      '--health-port=0',
      '--log-level=debug',
      ...args,
    ],
    env: {},
    logFile: join(dir, 'operator.log'),
  });
  started.defer(async () => void (await operator.end('SIGTERM')));
  await operator.start();
  return { kubernetes, rest, operator, stop: () => started.disposeAsync() };
}
