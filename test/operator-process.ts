/**
 * The operator of this checkout as a process, started as the installed Deployment says: its arguments, with only what a
 * pod would get from its node (name, files, ports) put in place, and the ServiceAccount's token as its one credential.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ServerProcess, waitUntil } from './testbed/process.ts';
import type { Exit } from './testbed/process.ts';

/** What runs: the sources, or what `TEST_OPERATOR` names, such as a build of them. */
export const mainFile = process.env['TEST_OPERATOR'] ?? join(import.meta.dirname, '../operator/main.ts');

export interface OperatorOptions {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** One for all starts, so that a check at the end sees everything that was ever logged. */
  readonly logFile: string;
}

/** What is added to the options by how the operator is run. */
export interface OperatorImage {
  /** Before the program, such as `--max-semi-space-size=8`. */
  readonly nodeFlags: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** After all other arguments, so that they win. */
  readonly args: readonly string[];
  /** In the place of a kubeconfig. */
  readonly pod?: PodMounts;
}

/** What a node gives a pod. Needs Linux, and the right to make a namespace of mounts. */
export interface PodMounts {
  /** Holds the `token`, `ca.crt` and `namespace` of the ServiceAccount. */
  readonly serviceAccountDir: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Only the process sees the folder where pods have it; the program follows. */
const inPod = 'mount -t tmpfs tmpfs /var/run && mkdir -p "$0" && mount --bind "$1" "$0" && shift && exec "$@"';
const serviceAccountPath = '/var/run/secrets/kubernetes.io/serviceaccount';

export function podCommand(dir: string, command: readonly string[]): string[] {
  return ['unshare', '--map-root-user', '--mount', 'sh', '-c', inPod, serviceAccountPath, dir, ...command];
}

export class OperatorProcess {
  /** What the next start runs. */
  program = mainFile;
  image: OperatorImage = { nodeFlags: [], env: {}, args: [] };
  readonly #options: OperatorOptions;
  #process: ServerProcess | undefined;
  #logStart = 0;
  /** Of the present start, as far as they were asked for. */
  readonly #ports = new Map<string, number>();

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  /** Another replica, not started: as this one in everything but its identity and its log. */
  twin(identity: string): OperatorProcess {
    const { env, logFile } = this.#options;
    const others = this.#options.args.filter((arg) => !arg.startsWith('--identity='));
    const args = [...others, `--identity=${identity}`];
    const twin = new OperatorProcess({ args, env, logFile: `${logFile}-${identity}` });
    return Object.assign(twin, { program: this.program, image: this.image });
  }

  /** Starts it and returns at once. */
  async launch(): Promise<void> {
    this.#logStart = (await this.log()).length;
    this.#ports.clear();
    const { nodeFlags, env, pod } = this.image;
    const own = this.#options.args.filter((arg) => !pod || !arg.startsWith('--kubeconfig='));
    const program = [process.execPath, ...nodeFlags, this.program, ...own, ...this.image.args];
    const [command = '', ...args] = pod ? podCommand(pod.serviceAccountDir, program) : program;
    this.#process = new ServerProcess({
      name: 'operator',
      command,
      args,
      env: { ...env, ...this.#options.env, ...pod?.env },
      logFile: this.#options.logFile,
    });
  }

  /** Starts it and waits until it is ready. */
  async start(): Promise<void> {
    await this.launch();
    await this.ready();
  }

  async ready(): Promise<void> {
    if (!this.#process) throw new Error('the operator was never started');
    await waitUntil('readiness of the operator', [this.#process], () => this.isReady());
  }

  async isReady(): Promise<boolean> {
    const port = await this.#port('health');
    return port !== undefined && (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  }

  /** Sends a signal, waits for the end, and returns how it ended. */
  async end(signal: NodeJS.Signals): Promise<Exit> {
    if (!this.#process) throw new Error('the operator was never started');
    await this.#process.end(signal);
    return this.#process.exited;
  }

  /** Freezes it (SIGSTOP) or lets it go on (SIGCONT). */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#process?.signal(signal);
  }

  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${await this.#port('metrics')}/metrics`)).text();
  }

  /** The sum of a metric over all its labels that contain `labels`, such as `operation="login"`; 0 when it is not there. */
  async metric(name: string, labels = ''): Promise<number> {
    const lines = (await this.metrics()).split('\n').filter((line) => line.startsWith(name) && line.includes(labels));
    const own = lines.filter((line) => line[name.length] === '{' || line[name.length] === ' ');
    return own.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  }

  /** Everything that was logged, by all starts. */
  async log(): Promise<string> {
    return readFile(this.#options.logFile, 'utf8').catch(() => '');
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  async #port(server: string): Promise<number | undefined> {
    const known = this.#ports.get(server);
    if (known !== undefined) return known;
    const lines = (await this.log()).slice(this.#logStart).split('\n');
    const line = lines.find((text) => text.includes('"listening"') && text.includes(`"${server}"`));
    if (line === undefined) return undefined;
    const { port } = JSON.parse(line) as { port: number };
    this.#ports.set(server, port);
    return port;
  }
}
