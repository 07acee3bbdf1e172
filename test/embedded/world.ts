/**
 * The operator between the embedded servers: the same backends for scenarios as a world of real servers has, without
 * anything beside Node.js.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../operator/clock.ts';
import { silentLogger } from '../../operator/log.ts';
import { readManifests } from '../../operator/sandbox/demonstration/package-files.ts';
import { startEmbeddedKubernetes } from '../../operator/sandbox/kubernetes/embedded-kubernetes.ts';
import type { EmbeddedKubernetes } from '../../operator/sandbox/kubernetes/embedded-kubernetes.ts';
import { startEmbeddedNacos } from '../../operator/sandbox/nacos/embedded-nacos.ts';
import type { EmbeddedNacos } from '../../operator/sandbox/nacos/embedded-nacos.ts';
import { OperatorProcess } from '../operator-process.ts';
import type { Backends, KubeObject } from '../scenarios/backends.ts';
import { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import { HttpNacos, type NacosEndpoint } from '../scenarios/nacos-backend.ts';
import { NacosAdmin } from '../testbed/nacos-admin.ts';
import { freePorts } from '../testbed/ports.ts';
import { startApplication } from './application.ts';

export type Generation = '3.1' | '2.3';

export interface EmbeddedWorld {
  readonly kubernetes: EmbeddedKubernetes;
  readonly nacos: EmbeddedNacos;
  readonly backends: Backends;
  readonly operator: OperatorProcess;
  readonly closedPort: number;
  /** Where Nacos is and how to log in. */
  readonly endpoint: NacosEndpoint;
  stop(): Promise<void>;
}

export async function startEmbeddedWorld(generation: Generation): Promise<EmbeddedWorld> {
  const started = new AsyncDisposableStack();
  try {
    return await start(generation, started);
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

/** Everything that was started is on the stack, the last first. */
async function start(generation: Generation, started: AsyncDisposableStack): Promise<EmbeddedWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-embedded-'));
  started.defer(() => rm(dir, { recursive: true, force: true }));
  const kubernetes = await startEmbeddedKubernetes({ clock: systemClock, log: silentLogger });
  started.defer(() => kubernetes.stop());
  const auth = { username: 'nacos', password: `marker-${randomBytes(12).toString('hex')}` };
  const nacos = await startEmbeddedNacos({ generation, auth, clock: systemClock, log: silentLogger });
  started.defer(() => nacos.stop());

  const kubeconfig = join(dir, 'kubeconfig');
  await writeFile(kubeconfig, kubernetes.kubeconfig, { mode: 0o600 });
  const rest = new RestKubernetes(kubeconfig);
  started.defer(() => rest.close());
  for (const object of await readManifests('crds')) await rest.apply(object as KubeObject);

  const { host, port, grpcPort } = nacos;
  const endpoint = { version: generation, host, port, grpcPort, ...auth };
  const admin = new NacosAdmin({ version: generation, baseUrl: `http://${host}:${port}/nacos`, ...auth });
  const nacosEndpoint = { ...endpoint, admin };
  const http = new HttpNacos(nacosEndpoint, async () => startApplication(endpoint));
  started.defer(() => http.close());

  const passwordFile = join(dir, 'password');
  await writeFile(passwordFile, auth.password, { mode: 0o600 });
  const operator = new OperatorProcess({
    args: [
      'run',
      `--kubeconfig=${kubeconfig}`,
      `--nacos=${host}:${port}`,
      `--nacos-username=${auth.username}`,
      `--nacos-password-file=${passwordFile}`,
      '--lease-namespace=default',
      '--bind-address=127.0.0.1',
      '--metrics-port=0',
      '--health-port=0',
      '--log-level=debug',
    ],
    env: {},
    logFile: join(dir, 'operator.log'),
  });
  started.defer(async () => void (await operator.end('SIGTERM')));
  await operator.start();
  const [closedPort = 1] = await freePorts(1);
  const backends = { kubernetes: rest, nacos: http };
  return { kubernetes, nacos, backends, operator, closedPort, endpoint: nacosEndpoint, stop: () => started.disposeAsync() };
}
