/**
 * Where configs are benchmarked: an API server, a Nacos server, and the operator between them, which runs only while it is
 * its turn. Either the embedded servers, each in a process of its own, or the real ones of the testbed.
 */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configWritesOf, kubernetesWrites } from '../acceptance/operations.ts';
import type { OperationCounts } from '../acceptance/operations.ts';
import { OperatorProcess } from '../operator-process.ts';
import { startWorld } from '../real/world.ts';
import { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import { NacosAdmin } from '../testbed/nacos-admin.ts';
import { BareNacos } from './bare-nacos.ts';
import { connectBare } from './bench-world.ts';
import type { KubernetesPart, NacosPart } from './embedded-part.ts';
import { podImage } from './pod-image.ts';

export const backEnds = ['embedded', '3.1', '2.3'] as const;
export type BackEnd = (typeof backEnds)[number];

/** By operation, such as `patch nacosconfigs/status`. */
export interface Writes {
  /** To the API server, without Leases. */
  readonly kubernetes: OperationCounts;
  readonly nacos: OperationCounts;
}

export interface ConfigStage {
  readonly kubernetes: RestKubernetes;
  /** Logged in. */
  readonly admin: NacosAdmin;
  /** Not running at first. */
  readonly operator: OperatorProcess;
  connectBare(): Promise<BareNacos>;
  /** What is written while `work` goes on; to Nacos it must begin with a start of the operator. */
  writesDuring(work: () => Promise<void>): Promise<Writes>;
  stop(): Promise<void>;
}

/** `program` is what the operator's process runs. */
export function startConfigStage(backEnd: BackEnd, program: string): Promise<ConfigStage> {
  return backEnd === 'embedded' ? startEmbeddedStage(program) : startRealStage(backEnd, program);
}

async function startEmbeddedStage(program: string): Promise<ConfigStage> {
  const started = new AsyncDisposableStack();
  try {
    const dir = await mkdtemp(join(tmpdir(), 'nacos-bridge-bench-'));
    started.defer(() => rm(dir, { recursive: true, force: true }));
    const [kubernetesPart, nacosPart] = [startPart('kubernetes'), startPart('nacos')];
    for (const part of [kubernetesPart, nacosPart]) started.defer(() => void (part.connected && part.disconnect()));
    const [{ kubeconfig }, { host, port, grpcPort }] = await Promise.all([
      answer<KubernetesPart>(kubernetesPart),
      answer<NacosPart>(nacosPart),
    ]);
    const kubeconfigFile = join(dir, 'kubeconfig');
    await writeFile(kubeconfigFile, kubeconfig, { mode: 0o600 });
    const kubernetes = new RestKubernetes(kubeconfigFile);
    started.defer(() => kubernetes.close());
    const places = ['--lease-namespace=default', '--bind-address=127.0.0.1', '--metrics-port=0', '--health-port=0'];
    const operator = new OperatorProcess({
      args: ['run', `--kubeconfig=${kubeconfigFile}`, `--nacos=${host}:${port}`, ...places],
      // As the chart has it for its limit of 512Mi.
      env: { NODE_OPTIONS: '--max-old-space-size=384' },
      logFile: join(dir, 'operator.log'),
    });
    operator.program = program;
    operator.image = await podImage();
    started.defer(async () => void (await operator.end('SIGTERM').catch(() => {})));
    const asked = async (): Promise<Writes> => ({
      kubernetes: kubernetesWrites(await ask(kubernetesPart)),
      nacos: configWritesOf(await ask(nacosPart)),
    });
    const login = { username: 'nacos', password: undefined };
    const admin = new NacosAdmin({ version: '3.1', baseUrl: `http://${host}:${port}/nacos`, ...login });
    await admin.login();
    return {
      kubernetes,
      admin,
      operator,
      connectBare: () => BareNacos.connect({ host, grpcPort, accessToken: '' }),
      async writesDuring(work) {
        await asked();
        await work();
        return asked();
      },
      stop: () => started.disposeAsync(),
    };
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
}

async function startRealStage(version: '3.1' | '2.3', program: string): Promise<ConfigStage> {
  const world = await startWorld(version);
  const kubernetes = new RestKubernetes(world.kubernetes.kubeconfig);
  await world.operator.end('SIGTERM');
  world.operator.program = program;
  world.operator.image = await podImage(world);
  await world.nacos.admin.login();
  return {
    kubernetes,
    admin: world.nacos.admin,
    operator: world.operator,
    connectBare: () => connectBare(world),
    async writesDuring(work) {
      await world.apiOperations.reset();
      await work();
      return {
        kubernetes: kubernetesWrites(await world.apiOperations.counts()),
        nacos: await published(world.operator),
      };
    },
    async stop() {
      await kubernetes.close();
      await world.stop();
    },
  };
}

/** By the operator's own count: to read the history of ten thousand dataIds takes longer than all the rest. */
async function published(operator: OperatorProcess): Promise<OperationCounts> {
  const counts = ['config_publish', 'config_remove'].map(async (operation) => {
    return [operation, await operator.metric('nacos_bridge_nacos_requests_total', `operation="${operation}"`)] as const;
  });
  return Object.fromEntries((await Promise.all(counts)).filter(([, count]) => count > 0));
}

function startPart(what: 'kubernetes' | 'nacos'): ChildProcess {
  return fork(join(import.meta.dirname, 'embedded-part.ts'), [what], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

function ask(part: ChildProcess): Promise<OperationCounts> {
  part.send('counts');
  return answer<OperationCounts>(part);
}

function answer<Message>(part: ChildProcess): Promise<Message> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`an embedded server ended with ${String(code)}`));
    part.once('exit', ended);
    part.once('message', (message) => {
      part.off('exit', ended);
      resolve(message as Message);
    });
  });
}
