/**
 * One pod of the small kubelet: a process with the pod's arguments, environment, Secrets and the token of its
 * ServiceAccount; restarted when it ends, probed over HTTP, and stopped by SIGTERM, the grace period, SIGKILL.
 *
 * The pod's status is written until the API server has taken it, and says what is so then; the process goes on, and is
 * restarted, whether there is an API server or not.
 */
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { KubeClient } from '../../operator/kube/client.ts';
import type { KubeObject } from '../../operator/kube/resource.ts';
import { messageOf } from '../../operator/errors.ts';
import { insist } from './kubelet-insist.ts';
import { mountPod } from './kubelet-mount.ts';
import { podStatus } from './kubelet-status.ts';
import type { KubernetesServer } from './kubernetes.ts';
import { ServerProcess } from './process.ts';

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
  readonly periodSeconds?: number;
  readonly timeoutSeconds?: number;
  readonly failureThreshold?: number;
}

interface EnvVar {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly fieldRef?: { readonly fieldPath: string };
    readonly secretKeyRef?: { readonly name: string; readonly key: string };
  };
}

export interface Pod extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  readonly spec: {
    readonly nodeName?: string;
    readonly serviceAccountName?: string;
    readonly terminationGracePeriodSeconds?: number;
    readonly volumes?: readonly {
      readonly name: string;
      readonly secret?: { readonly secretName: string; readonly items?: readonly { key: string; path: string }[] };
    }[];
    readonly containers: readonly {
      readonly name: string;
      readonly args?: readonly string[];
      readonly env?: readonly EnvVar[];
      readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
      readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[];
      readonly livenessProbe?: Probe;
      readonly readinessProbe?: Probe;
    }[];
  };
}

interface DeletionMeta {
  readonly deletionGracePeriodSeconds?: number;
}

export interface PodProgram {
  readonly command: string;
  /** Before the pod's arguments. */
  readonly args: readonly string[];
  /** Beside the pod's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** The pod's arguments as they are to be on this machine. */
  readonly rewrite: (argument: string) => string;
  /** Where this pod finds the API server, as a URL. @default where the server listens */
  readonly apiServer?: string;
}

export interface KubeletPodOptions {
  /** Of the loopback range: the pod's own, so that pods may use the same ports. */
  readonly address: string;
  readonly kubernetes: KubernetesServer;
  readonly client: KubeClient;
  readonly program: (pod: Pod) => Promise<PodProgram>;
  /** Where the log stays when the pod is gone. @default nowhere */
  readonly logDir?: string | undefined;
}

type StartProcess = () => ServerProcess;

const restartPauseMs = 1_000;
const defaultGraceSeconds = 30;

export class KubeletPod {
  readonly name: string;
  readonly address: string;
  readonly #pod: Pod;
  readonly #options: KubeletPodOptions;
  readonly #startedAt = new Date().toISOString();
  #folder = '';
  #process: ServerProcess | undefined;
  #isReady = false;
  #restarts = 0;
  #phase: 'running' | 'terminating' | 'ended' = 'running';
  #probing: NodeJS.Timeout | undefined;
  #reporting: Promise<unknown> = Promise.resolve();

  constructor(pod: Pod, options: KubeletPodOptions) {
    this.name = pod.metadata.name;
    this.address = options.address;
    this.#pod = pod;
    this.#options = options;
  }

  /** Whether it was asked to go. */
  get isLeaving(): boolean {
    return this.#phase !== 'running';
  }

  get isRunning(): boolean {
    return !this.isLeaving && this.#process?.isRunning === true;
  }

  /** Whether its readiness probe passed last, and it was not asked to go. */
  get isReady(): boolean {
    return this.#isReady && this.isRunning;
  }

  /** How often its process was started anew. */
  get restarts(): number {
    return this.#restarts;
  }

  get logFile(): string {
    return join(this.#options.logDir ?? this.#folder, `${this.name}.log`);
  }

  /** `kill -9` and the like, as a node's out-of-memory killer would: the kubelet starts it anew. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') this.#process?.signal(signal);
    else await this.#process?.end(signal);
  }

  start(): void {
    void this.#live();
  }

  /** The pod as the API server has it now: what others wrote into its readiness does not stay. */
  observe(pod: Pod): void {
    const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready');
    if (ready && (ready.status === 'True') !== this.#isReady) this.#report();
  }

  /** The pod was asked to go. */
  terminate(pod: Pod): void {
    if (this.#phase !== 'running') return;
    this.#phase = 'terminating';
    void this.#terminate(pod);
  }

  /** Ends the process at once and tells nobody. */
  async abandon(): Promise<void> {
    this.#phase = 'ended';
    clearTimeout(this.#probing);
    await this.#process?.end('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #live(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), `nacos-bridge-pod-`));
    const startProcess = await this.#prepared();
    while (startProcess && this.#phase === 'running') {
      this.#process = startProcess();
      this.#isReady = false;
      this.#report();
      this.#probe(this.#process);
      await this.#process.exited;
      clearTimeout(this.#probing);
      this.#isReady = false;
      if (this.#phase !== 'running') return;
      this.#restarts += 1;
      this.#report();
      await pause(restartPauseMs);
    }
  }

  /** Waits for what the pod needs, such as a Secret, as a kubelet does; the log says what is missing. */
  async #prepared(): Promise<StartProcess | undefined> {
    while (this.#phase === 'running') {
      try {
        return await this.#prepare();
      } catch (error) {
        await appendFile(this.logFile, `the kubelet cannot start the pod yet: ${messageOf(error)}\n`);
      }
      await pause(restartPauseMs);
    }
    return undefined;
  }

  async #prepare(): Promise<StartProcess> {
    const { kubernetes, client, program, address } = this.#options;
    const [container] = this.#pod.spec.containers;
    const { command, args, env, rewrite, apiServer: server = kubernetes.server } = await program(this.#pod);
    const mounts = await mountPod(this.#pod, { kubernetes, client, folder: this.#folder, address, server });
    const own = (container?.args ?? []).map((argument) => rewrite(mounts.localise(argument)));
    return () =>
      new ServerProcess({
        name: `pod ${this.name}`,
        command,
        args: [...args, ...own],
        env: { ...mounts.env, ...env },
        logFile: this.logFile,
      });
  }

  /** One round of probes after the other for as long as the process runs; a round that changes readiness is reported. */
  #probe(process: ServerProcess, failingSinceMs?: number): void {
    const { readinessProbe } = this.#pod.spec.containers[0] ?? {};
    // As often as the readiness probe says, but never slower than a test has patience for.
    const periodMs = Math.min((readinessProbe?.periodSeconds ?? 10) * 1000, 1000);
    this.#probing = setTimeout(() => void this.#probeOnce(process, failingSinceMs), periodMs);
  }

  async #probeOnce(process: ServerProcess, failingSinceMs?: number): Promise<void> {
    const { readinessProbe, livenessProbe } = this.#pod.spec.containers[0] ?? {};
    const [isReady, isLive] = await Promise.all([this.#answers(readinessProbe), this.#answers(livenessProbe)]);
    if (this.#phase !== 'running' || !process.isRunning) return;
    if (isReady !== this.#isReady) {
      this.#isReady = isReady;
      this.#report();
    }
    const nowMs = performance.now();
    const sinceMs = isLive ? undefined : (failingSinceMs ?? nowMs);
    const allowedMs = (livenessProbe?.failureThreshold ?? 3) * (livenessProbe?.periodSeconds ?? 10) * 1000;
    if (sinceMs !== undefined && nowMs - sinceMs >= allowedMs) await process.end('SIGKILL');
    else this.#probe(process, sinceMs);
  }

  async #answers(probe: Probe | undefined): Promise<boolean> {
    if (!probe?.httpGet) return true;
    const { path, port } = probe.httpGet;
    const named = this.#pod.spec.containers[0]?.ports?.find(({ name }) => name === port)?.containerPort ?? port;
    const signal = AbortSignal.timeout((probe.timeoutSeconds ?? 1) * 1000);
    try {
      return (await fetch(`http://${this.address}:${named}${path}`, { signal })).ok;
    } catch {
      return false;
    }
  }

  async #terminate({ metadata, spec }: Pod): Promise<void> {
    clearTimeout(this.#probing);
    this.#isReady = false;
    this.#report();
    const { deletionGracePeriodSeconds, namespace, name, uid } = metadata as typeof metadata & DeletionMeta;
    const seconds = deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds;
    await this.#process?.end(seconds === 0 ? 'SIGKILL' : 'SIGTERM', (seconds ?? defaultGraceSeconds) * 1000);
    await this.#reporting;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    await this.#insist(() => this.#options.client.request({ method: 'DELETE', path, body }));
    this.#phase = 'ended';
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Writes the pod's status, one write after the other, each as it is when it is sent. */
  #report(): void {
    const { name, namespace } = this.#pod.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
    const contentType = 'application/strategic-merge-patch+json';
    const send = async (): Promise<unknown> => {
      const status = podStatus(this.#pod, {
        address: this.address,
        startedAt: this.#startedAt,
        isReady: this.#isReady,
        isRunning: this.#process?.isRunning === true,
        restarts: this.#restarts,
      });
      return this.#options.client.request({ method: 'PATCH', path, body: { status }, contentType });
    };
    this.#reporting = this.#reporting.then(() => this.#insist(send));
  }

  #insist<T>(request: () => Promise<T>): Promise<T | undefined> {
    return insist(request, () => this.#phase === 'ended');
  }
}
