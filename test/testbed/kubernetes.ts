/**
 * A real Kubernetes control plane on loopback: etcd, kube-apiserver and kube-controller-manager, without nodes, kubelets
 * and scheduler (kwok.ts plays nodes). RBAC is on; the admin of the kubeconfig is in system:masters.
 *
 * Guarantees: several run side by side; nothing listens beyond loopback; what a part wrote survives its own `kill -9`
 * and restart. Caveat: etcd does not fsync, so the data would not survive a power cut.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readAuditLog } from './audit.ts';
import type { AuditEvent } from './audit.ts';
import { auditLogName, flags, programs } from './kubernetes-flags.ts';
import type { KubernetesPart, KubernetesPorts } from './kubernetes-flags.ts';
import { kubeconfigFiles, kubeconfigText, layOutFolder } from './kubernetes-folder.ts';
import { binary } from './parts.ts';
import { freePorts } from './ports.ts';
import { ServerProcess, waitUntil } from './process.ts';

export type { KubernetesPart } from './kubernetes-flags.ts';

export interface KubernetesOptions {
  /** Holds data, keys and logs; kept on stop when it is given. @default a temporary folder, removed on stop */
  readonly dir?: string;
  /** Logs the metadata of every request. @default false */
  readonly audit?: boolean;
  /** More flags of the API server, such as `--min-request-timeout=5`. @default none */
  readonly apiserverArgs?: readonly string[];
  /** Told of parts that end by themselves, with the end of their log. @default process.stderr */
  readonly log?: (line: string) => void;
}

export interface KubectlResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const apiserverGraceMs = 3000;

export async function startKubernetes(options: KubernetesOptions = {}): Promise<KubernetesServer> {
  if (!existsSync(binary('kube-apiserver'))) throw new Error('the testbed is not built; run: npm run testbed');
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'nacos-bridge-kubernetes-')));
  const [etcd = 0, etcdPeer = 0, apiserver = 0, controllerManager = 0] = await freePorts(4);
  const token = await layOutFolder(dir, `https://127.0.0.1:${apiserver}`);
  const server = new KubernetesServer(dir, token, { etcd, etcdPeer, apiserver, controllerManager }, options);
  try {
    await server.start('etcd');
    await server.start('apiserver');
    await server.start('controllerManager');
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

export class KubernetesServer {
  readonly dir: string;
  /** The admin's kubeconfig file. */
  readonly kubeconfig: string;
  /** For kwok.ts, so that its requests carry its own user name. */
  readonly kwokKubeconfig: string;
  /** https://127.0.0.1:PORT */
  readonly server: string;
  /** The admin's bearer token. */
  readonly token: string;
  readonly caFile: string;
  readonly auditLogFile: string | undefined;
  readonly #ports: KubernetesPorts;
  readonly #options: KubernetesOptions;
  readonly #processes = new Map<KubernetesPart, ServerProcess>();

  constructor(dir: string, token: string, ports: KubernetesPorts, options: KubernetesOptions) {
    this.dir = dir;
    this.token = token;
    this.kubeconfig = join(dir, kubeconfigFiles.admin);
    this.kwokKubeconfig = join(dir, kubeconfigFiles.kwok);
    this.server = `https://127.0.0.1:${ports.apiserver}`;
    this.caFile = join(dir, 'certs', 'apiserver.crt');
    this.auditLogFile = options.audit ? join(dir, auditLogName) : undefined;
    this.#ports = ports;
    this.#options = options;
  }

  /** Runs kubectl as the admin; a failure is a code, not an exception. */
  async kubectl(args: readonly string[], input?: string): Promise<KubectlResult> {
    const all = ['--kubeconfig', this.kubeconfig, '--cache-dir', join(this.dir, 'kubectl-cache'), ...args];
    return new Promise((resolve) => {
      const child = execFile('kubectl', all, { maxBuffer: 256 * 1024 * 1024 }, (error, stdout, stderr) => {
        const code = typeof error?.code === 'number' ? error.code : 1;
        resolve(error ? { code, stdout, stderr: stderr || error.message } : { code: 0, stdout, stderr });
      });
      child.stdin?.on('error', () => {});
      child.stdin?.end(input ?? '');
    });
  }

  /**
   * Writes a kubeconfig for a service account that exists, with a token that lives an hour, and returns its path: with it
   * a program has exactly the rights that RBAC gives to that account.
   */
  async kubeconfigFor(namespace: string, serviceAccount: string): Promise<string> {
    const { code, stdout, stderr } = await this.kubectl(['-n', namespace, 'create', 'token', serviceAccount]);
    if (code !== 0) throw new Error(`no token for service account ${namespace}/${serviceAccount}: ${stderr}`);
    const file = join(this.dir, `kubeconfig-${namespace}-${serviceAccount}`);
    await writeFile(file, kubeconfigText(this.dir, this.server, serviceAccount, stdout.trim()), { mode: 0o600 });
    return file;
  }

  /** Requests so far, one event each; needs `audit: true`. */
  async auditEvents(): Promise<AuditEvent[]> {
    if (!this.auditLogFile) throw new Error('start Kubernetes with audit: true to read its audit log');
    return readAuditLog(this.auditLogFile);
  }

  /** Starts one part on its port and data and waits until it serves. */
  async start(part: KubernetesPart): Promise<void> {
    if (this.#processes.get(part)?.isRunning) return;
    const name = programs[part];
    const process = new ServerProcess({
      name,
      command: binary(name),
      args: flags[part](this.#ports, this.#options),
      logFile: join(this.dir, `${name}.log`),
      cwd: this.dir,
      onDeath: this.#options.log ?? ((report) => globalThis.process.stderr.write(`${report}\n`)),
    });
    this.#processes.set(part, process);
    await waitUntil(`start of ${process.name}`, [process], () => this.#serves(part));
  }

  /**
   * Ends a part by a signal and waits until it is gone. SIGSTOP and SIGCONT freeze and thaw it and return at once.
   */
  async kill(part: KubernetesPart, signal: NodeJS.Signals): Promise<void> {
    const process = this.#processes.get(part);
    if (signal === 'SIGSTOP' || signal === 'SIGCONT') process?.signal(signal);
    // An API server that has watchers ends after a minute only; clients that survive a cut survive this one too.
    else await process?.end(signal, part === 'apiserver' ? apiserverGraceMs : undefined);
  }

  /** Ends the API server in order, unless it is down already, and starts it on the same port and data. */
  async restartApiserver(): Promise<void> {
    await this.kill('apiserver', 'SIGTERM');
    await this.start('apiserver');
  }

  async stop(): Promise<void> {
    // From the top down: nothing is left that retries against a server that is gone, and every log ends well.
    for (const part of ['controllerManager', 'apiserver', 'etcd'] as const) await this.kill(part, 'SIGTERM');
    if (this.#options.dir === undefined) await rm(this.dir, { recursive: true, force: true });
  }

  async #serves(part: KubernetesPart): Promise<boolean> {
    if (part === 'etcd') return (await fetch(`http://127.0.0.1:${this.#ports.etcd}/health`)).ok;
    const apiserver = (path: string) => this.#status(this.#ports.apiserver, 'apiserver.crt', path);
    if (part === 'apiserver') return (await apiserver('/readyz')) === 200;
    const healthy = await this.#status(this.#ports.controllerManager, 'kube-controller-manager.crt', '/healthz');
    // A pod is refused until its namespace has a service account, which the controller manager makes.
    return healthy === 200 && (await apiserver('/api/v1/namespaces/default/serviceaccounts/default')) === 200;
  }

  async #status(port: number, certificate: string, path: string): Promise<number> {
    const ca = await readFile(join(this.dir, 'certs', certificate));
    return new Promise((resolve, reject) => {
      const headers = { authorization: `Bearer ${this.token}` };
      request({ host: '127.0.0.1', port, path, ca, headers, agent: false, timeout: 5000 }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      })
        .once('timeout', function (this: { destroy(error: Error): void }) {
          this.destroy(new Error('no answer in 5 s'));
        })
        .once('error', reject)
        .end();
    });
  }
}
