/**
 * A sandbox: Kubernetes and Nacos, the operator between them in this process, the examples applied, and both sides
 * watched. It is set up step by step, so that each step can be told of, and waited for, by itself.
 *
 * Guarantee: `close` ends whatever was begun, in reverse, and a side that is not ours is left as it was found.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../operator/clock.ts';
import type { LogEntry } from '../../operator/logger.ts';
import type { KubeObject, ResourceRef } from '../../operator/kube/resource.ts';
import type { SandboxOptions } from '../sandbox-options.ts';
import type { FaultScript } from '../fault-script.ts';
import { readExamples } from './examples.ts';
import { assertPortIsFree } from './free-port.ts';
import { Installation } from './installation.ts';
import { openKubernetes, SANDBOX_MANAGER, type KubernetesSide } from './kubernetes-side.ts';
import { openNacos, type NacosSide } from './nacos-side.ts';
import { ObservedWorld } from './observed/observed-world.ts';
import type { Row } from './observed/row.ts';
import { OperatorInProcess } from './operator-in-process.ts';
import { readManifests, type Manifest } from '../../operator/admission/package-files.ts';
import { SandboxFolder } from './sandbox-folder.ts';

export interface SandboxParts {
  readonly options: SandboxOptions;
  readonly version: string;
  readonly clock: Clock;
  /** Aborted when the sandbox is to end. */
  readonly signal: AbortSignal;
  readonly onRow: (row: Row) => void;
  /** Told of what the operator logs as an error. */
  readonly onError: (entry: LogEntry) => void;
  /** What the embedded Nacos does wrong. @default nothing */
  readonly nacosFaults?: FaultScript;
  /** How long a change may take. @default 5_000 on embedded servers, else 20_000 */
  readonly limitMs?: number;
}

const embeddedLimitMs = 5000;
const realLimitMs = 20_000;

export class Sandbox {
  readonly folder: SandboxFolder;
  readonly kubernetes: KubernetesSide;
  readonly nacos: NacosSide;
  readonly namespace: string;
  readonly nacosNamespace: string;
  readonly installation: Installation;
  readonly observed: ObservedWorld;
  readonly signal: AbortSignal;
  /** As they are applied. */
  readonly examples: readonly Manifest[];
  readonly #parts: SandboxParts;
  readonly #limitMs: number;
  #operator: OperatorInProcess | undefined;

  /** @throws INVALID_OPTION for a folder, a port or a file that cannot be used; KUBE_*, NACOS_* */
  static async open(parts: SandboxParts): Promise<Sandbox> {
    const { options, version, clock, nacosFaults } = parts;
    await assertPortIsFree('--metrics-port', options.metricsPort);
    await assertPortIsFree('--health-port', options.healthPort);
    const opened = new AsyncDisposableStack();
    try {
      const folder = await SandboxFolder.open(options.dir);
      opened.defer(() => folder.close());
      const kubernetes = await openKubernetes(options, folder, version, clock);
      opened.defer(() => kubernetes.stop());
      const nacos = await openNacos(options, version, clock, nacosFaults);
      opened.defer(() => nacos.stop());
      const definitions = await readManifests('crds');
      const examples = await readExamples(nacos.servers, nacos.credentials);
      return new Sandbox(parts, { folder, kubernetes, nacos, examples }, definitions);
    } catch (error) {
      await opened.disposeAsync();
      throw error;
    }
  }

  private constructor(
    parts: SandboxParts,
    { folder, kubernetes, nacos, examples }: Pick<Sandbox, 'folder' | 'kubernetes' | 'nacos' | 'examples'>,
    definitions: readonly Manifest[],
  ) {
    const { options, clock, signal, onRow } = parts;
    const suffix = kubernetes.isEmbedded ? '' : `-${randomBytes(3).toString('hex')}`;
    const namespace = `${options.namespace}${suffix}`;
    const { nacosNamespace } = options;
    this.#parts = parts;
    this.#limitMs = parts.limitMs ?? (kubernetes.isEmbedded && nacos.isEmbedded ? embeddedLimitMs : realLimitMs);
    this.folder = folder;
    this.kubernetes = kubernetes;
    this.nacos = nacos;
    this.namespace = namespace;
    this.nacosNamespace = nacosNamespace;
    this.signal = signal;
    this.examples = examples;
    const made = { kubernetes, nacos, namespace, nacosNamespace, definitions, examples };
    this.installation = new Installation({ ...made, clock, signal });
    this.observed = new ObservedWorld({ kubernetes, nacos, namespace, nacosNamespace, clock, onRow });
  }

  /** There is one from `startOperator` on. */
  get operator(): OperatorInProcess {
    if (!this.#operator) throw new Error('the operator was not started');
    return this.#operator;
  }

  /** What the operator warned of lately. */
  get complaints(): readonly LogEntry[] {
    return this.#operator?.complaints ?? [];
  }

  /** Resolves when it is ready. */
  async startOperator(): Promise<void> {
    const { options: sandbox, version, clock, onError } = this.#parts;
    this.#operator = new OperatorInProcess({
      sandbox,
      kubeconfigFile: this.kubernetes.kubeconfigFile,
      nacosServers: this.nacos.servers,
      ownNamespace: this.kubernetes.isEmbedded ? undefined : this.namespace,
      logFile: this.folder.logFile,
      version,
      clock,
      onError,
    });
    await this.#operator.ready(this.signal);
  }

  /** Changes an object of the examples, as a person would. */
  patch(resource: ResourceRef, name: string, patch: object): Promise<KubeObject> {
    const options = { fieldManager: SANDBOX_MANAGER };
    return this.kubernetes.resource(resource).mergePatch(name, this.namespace, patch, options);
  }

  /** As of ObservedWorld, with the limits of this sandbox. */
  until(missing: () => string | undefined, limitMs = this.#limitMs): Promise<void> {
    return this.observed.until(missing, limitMs, this.signal);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    try {
      await this.installation.remove();
    } finally {
      await this.observed.stop();
      await this.#operator?.stop();
      await this.nacos.stop();
      await this.kubernetes.stop();
      await this.folder.close();
    }
  }
}
