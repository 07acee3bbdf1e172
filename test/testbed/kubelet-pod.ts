/**
 * One pod of the small kubelet: a process with the pod's arguments, environment, Secrets and the token of its
 * ServiceAccount; restarted when it ends, probed over HTTP, and stopped by SIGTERM, the grace period, SIGKILL.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeClient } from '../../operator/kube/client.ts';
import type { ResourceClient } from '../../operator/kube/resource-client.ts';
import type { KubeObject } from '../../operator/kube/resource.ts';
import { isBridgeError } from '../../operator/errors.ts';
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
}

export interface KubeletPodOptions {
  /** Of the loopback range: the pod's own, so that pods may use the same ports. */
  readonly address: string;
  readonly kubernetes: KubernetesServer;
  readonly client: KubeClient;
  readonly pods: ResourceClient<Pod>;
  readonly program: (pod: Pod, folder: string) => Promise<PodProgram>;
}

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

  constructor(pod: Pod, options: KubeletPodOptions) {
    this.name = pod.metadata.name;
    this.address = options.address;
    this.#pod = pod;
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#phase === 'running' && this.#process?.isRunning === true;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get logFile(): string {
    return join(this.#folder, 'output.log');
  }

  /** `kill -9` and the like, as a node's out-of-memory killer would: the kubelet starts it anew. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') this.#process?.signal(signal);
    else await this.#process?.end(signal);
  }

  start(): void {
    void this.#live();
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
    while (this.#phase === 'running') {
      this.#process = await this.#startProcess();
      this.#isReady = false;
      await this.#report();
      this.#probe();
      await this.#process.exited;
      clearTimeout(this.#probing);
      this.#isReady = false;
      if (this.#phase !== 'running') return;
      this.#restarts += 1;
      await this.#report();
      await new Promise((resolve) => setTimeout(resolve, restartPauseMs));
    }
  }

  async #startProcess(): Promise<ServerProcess> {
    const { kubernetes, program } = this.#options;
    const { metadata, spec } = this.#pod;
    const { namespace = '', name } = metadata;
    const [container] = spec.containers;
    if (!container) throw new Error(`pod ${name} must have a container`);
    const env = await this.#environment(container.env ?? []);
    const mounts = await this.#mount();
    const { command, args, env: more, rewrite } = await program(this.#pod, this.#folder);
    const kubeconfig = await kubernetes.kubeconfigFor(namespace, spec.serviceAccountName ?? 'default');
    const local = (argument: string): string => {
      const filled = argument.replaceAll(/\$\((\w+)\)/g, (all, variable: string) => env[variable] ?? all);
      const mounted = mounts.reduce((text, { from, to }) => text.replaceAll(from, to), filled);
      return rewrite(mounted.replace(/^(--bind-address=)(0\.0\.0\.0|::)$/, `$1${this.address}`));
    };
    return new ServerProcess({
      name: `pod ${name}`,
      command,
      args: [...args, ...(container.args ?? []).map(local)],
      env: { KUBECONFIG: kubeconfig, ...env, ...more },
      logFile: this.logFile,
    });
  }

  async #environment(variables: readonly EnvVar[]): Promise<Record<string, string>> {
    const entries = variables.map(async ({ name, value, valueFrom }) => {
      const fields: Record<string, string | undefined> = {
        'metadata.name': this.#pod.metadata.name,
        'metadata.namespace': this.#pod.metadata.namespace,
        'status.podIP': this.address,
      };
      const secret = valueFrom?.secretKeyRef;
      const read = secret
        ? (await this.#secret(secret.name))[secret.key]
        : fields[valueFrom?.fieldRef?.fieldPath ?? ''];
      return [name, value ?? read ?? ''] as const;
    });
    return Object.fromEntries(await Promise.all(entries));
  }

  /** Secrets as files in the pod's folder. */
  async #mount(): Promise<{ from: string; to: string }[]> {
    const { volumes = [], containers } = this.#pod.spec;
    const mounted: { from: string; to: string }[] = [];
    for (const { name, mountPath } of containers[0]?.volumeMounts ?? []) {
      const secret = volumes.find((volume) => volume.name === name)?.secret;
      if (!secret) continue;
      const folder = join(this.#folder, name);
      await mkdir(folder, { recursive: true });
      const data = await this.#secret(secret.secretName);
      const items = secret.items ?? Object.keys(data).map((key) => ({ key, path: key }));
      for (const { key, path } of items) await writeFile(join(folder, path), data[key] ?? '', { mode: 0o600 });
      mounted.push({ from: mountPath, to: folder });
    }
    return mounted;
  }

  async #secret(name: string): Promise<Record<string, string>> {
    const path = `/api/v1/namespaces/${this.#pod.metadata.namespace}/secrets/${name}`;
    const { data = {} } = (await this.#options.client.request({ method: 'GET', path })) as {
      data?: Record<string, string>;
    };
    const entries = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()] as const);
    return Object.fromEntries(entries);
  }

  /** One round of probes after the other for as long as the process runs; a round that changes readiness is reported. */
  #probe(failures = 0): void {
    const [container] = this.#pod.spec.containers;
    const { readinessProbe, livenessProbe } = container ?? {};
    // As often as the readiness probe says, but never slower than a test has patience for.
    const periodMs = Math.min((readinessProbe?.periodSeconds ?? 10) * 1000, 1000);
    this.#probing = setTimeout(async () => {
      const [isReady, isLive] = await Promise.all([this.#answers(readinessProbe), this.#answers(livenessProbe)]);
      if (this.#phase !== 'running' || !this.#process?.isRunning) return;
      const failed = isLive || !this.#isReady ? 0 : failures + 1;
      if (isReady !== this.#isReady) {
        this.#isReady = isReady;
        await this.#report();
      }
      const allowedMs = (livenessProbe?.failureThreshold ?? 3) * (livenessProbe?.periodSeconds ?? 10) * 1000;
      if (failed * periodMs > allowedMs) await this.#process.end('SIGKILL');
      else this.#probe(failed);
    }, periodMs);
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
    await this.#report();
    const { deletionGracePeriodSeconds, namespace, name, uid } = metadata as typeof metadata & DeletionMeta;
    const seconds = deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds;
    await this.#process?.end(seconds === 0 ? 'SIGKILL' : 'SIGTERM', (seconds ?? defaultGraceSeconds) * 1000);
    this.#phase = 'ended';
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    await this.#ignoringGone(this.#options.client.request({ method: 'DELETE', path, body }));
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #report(): Promise<void> {
    const { name, namespace } = this.#pod.metadata;
    const status = this.#isReady ? 'True' : 'False';
    const conditions = ['Initialized', 'PodScheduled'].map((type) => ({ type, status: 'True' }));
    const ready = ['Ready', 'ContainersReady'].map((type) => ({ type, status }));
    const state = this.#process?.isRunning
      ? { running: { startedAt: this.#startedAt } }
      : { waiting: { reason: 'Restarting' } };
    const [container] = this.#pod.spec.containers;
    const containerStatus = { name: container?.name, ready: this.#isReady, restartCount: this.#restarts, state };
    const body = {
      status: {
        phase: 'Running',
        podIP: this.address,
        podIPs: [{ ip: this.address }],
        startTime: this.#startedAt,
        conditions: [...conditions, ...ready],
        containerStatuses: [{ ...containerStatus, image: 'none', imageID: '' }],
      },
    };
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
    const contentType = 'application/strategic-merge-patch+json';
    await this.#ignoringGone(this.#options.client.request({ method: 'PATCH', path, body, contentType }));
  }

  async #ignoringGone(request: Promise<unknown>): Promise<void> {
    try {
      await request;
    } catch (error) {
      if (!isBridgeError(error, 'KUBE_NOT_FOUND', 'KUBE_CONFLICT')) throw error;
    }
  }
}
