/**
 * A sandbox: Kubernetes and Nacos, the operator between them in this process, the examples applied, and both sides
 * watched. It is set up step by step, so that each step can be told of, and waited for, by itself.
 *
 * Guarantee: `close` ends whatever was begun, in reverse, and a side that is not ours is left as it was found.
 */
import { randomBytes } from 'node:crypto';
import type { Clock } from '../../operator/clock.ts';
import { NAMESPACE } from '../../operator/cluster-identity.ts';
import { silentLogger, type LogEntry } from '../../operator/logger.ts';
import { ResourceClient } from '../../operator/kube/resource-client.ts';
import type { KubeObject } from '../../operator/kube/resource.ts';
import type { ConfigKey } from '../../operator/nacos/index.ts';
import type { SandboxOptions } from '../sandbox-options.ts';
import type { FaultScript } from '../fault-script.ts';
import { cleanUp } from './clean-up.ts';
import { installDefinitions } from './custom-resources.ts';
import { publishedKeys, readExamples } from './examples.ts';
import { assertPortIsFree } from './free-port.ts';
import { openKubernetes, type KubernetesSide } from './kubernetes-side.ts';
import { ManifestClient, SANDBOX_MANAGER } from './manifest-client.ts';
import { openNacos, type NacosSide } from './nacos-side.ts';
import { ChangeSignal } from './observed/change-signal.ts';
import { KubernetesView } from './observed/kubernetes-view.ts';
import { NacosView } from './observed/nacos-view.ts';
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
  readonly view: KubernetesView;
  readonly seenInNacos: NacosView;
  readonly signal: AbortSignal;
  /** As they are applied. */
  readonly examples: readonly Manifest[];
  readonly #parts: SandboxParts;
  readonly #definitions: readonly Manifest[];
  readonly #manifests: ManifestClient;
  readonly #changes: ChangeSignal;
  /** Names of the definitions that the cluster did not have. */
  readonly #made: string[] = [];
  #hasNamespace = false;
  /** The dataIds of the examples that Nacos did not have. */
  #newKeys: readonly ConfigKey[] = [];
  #operator: OperatorInProcess | undefined;
  #world: ObservedWorld | undefined;

  /** @throws INVALID_OPTION for a folder, a port or a file that cannot be used; KUBE_*, NACOS_* */
  static async open(parts: SandboxParts): Promise<Sandbox> {
    const { options, version, clock, nacosFaults } = parts;
    await assertPortIsFree('--metrics-port', options.metricsPort);
    await assertPortIsFree('--health-port', options.healthPort);
    const folder = await SandboxFolder.open(options.dir);
    const [kubernetes, nacos] = await Promise.allSettled([
      openKubernetes(options, folder, version, clock),
      openNacos(options, version, clock, nacosFaults),
    ]);
    try {
      if (kubernetes.status === 'rejected') throw kubernetes.reason;
      if (nacos.status === 'rejected') throw nacos.reason;
      const { servers, credentials } = nacos.value;
      const [definitions, examples] = await Promise.all([readManifests('crds'), readExamples(servers, credentials)]);
      return new Sandbox(parts, folder, kubernetes.value, nacos.value, definitions, examples);
    } catch (error) {
      for (const side of [kubernetes, nacos]) if (side.status === 'fulfilled') await side.value.stop();
      await folder.close();
      throw error;
    }
  }

  private constructor(
    parts: SandboxParts,
    folder: SandboxFolder,
    kubernetes: KubernetesSide,
    nacos: NacosSide,
    definitions: readonly Manifest[],
    examples: readonly Manifest[],
  ) {
    const { options, clock, signal } = parts;
    this.#parts = parts;
    this.folder = folder;
    this.kubernetes = kubernetes;
    this.nacos = nacos;
    this.signal = signal;
    this.examples = examples;
    this.#definitions = definitions;
    const suffix = randomBytes(3).toString('hex');
    this.namespace = kubernetes.isEmbedded ? options.namespace : `${options.namespace}-${suffix}`;
    this.#manifests = new ManifestClient(kubernetes.client);
    this.#changes = new ChangeSignal(clock);
    this.seenInNacos = new NacosView(nacos.client, this.#changes);
    const { client: kube, metrics } = kubernetes;
    this.view = new KubernetesView({ kube, namespaces: this.#namespaces, clock, metrics, log: silentLogger });
  }

  get nacosNamespace(): string {
    return this.#parts.options.nacosNamespace;
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

  get rows(): readonly Row[] {
    return this.#world?.rows ?? [];
  }

  /** Resolves with a note about what was left as it is. */
  async installDefinitions(): Promise<string | undefined> {
    const { clock } = this.#parts;
    const differing = await installDefinitions(this.#manifests, this.#definitions, this.#made, clock, this.signal);
    if (differing.length === 0) return undefined;
    return `left as they are, although they differ from those of this version: ${differing.join(', ')}`;
  }

  async makeNamespace(): Promise<string> {
    const namespaces = new ResourceClient<KubeObject>(this.kubernetes.client, NAMESPACE);
    await namespaces.create({ metadata: { name: this.namespace } }, { fieldManager: SANDBOX_MANAGER });
    this.#hasNamespace = true;
    return this.namespace;
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

  /** Begins to watch both sides. */
  async watch(): Promise<void> {
    const { options, clock, onRow } = this.#parts;
    const namespaces = new ResourceClient<KubeObject>(this.kubernetes.client, NAMESPACE);
    const [system] = await Promise.all([namespaces.get('kube-system'), this.view.start(this.signal)]);
    this.#world = new ObservedWorld({
      view: this.view,
      nacos: this.nacos.client,
      servers: this.nacos.servers,
      nacosNamespace: options.nacosNamespace,
      clusterId: system?.metadata.uid ?? '',
      namespace: this.namespace,
      clock,
      changes: this.#changes,
      onRow,
    });
    this.#world.start();
  }

  async applyExamples(): Promise<string> {
    const keys = publishedKeys(this.examples, this.nacosNamespace);
    const { config } = this.nacos.client;
    const present = await Promise.all(keys.map((key) => config.query(key, this.signal)));
    this.#newKeys = keys.filter((_, index) => present[index] === undefined);
    for (const example of this.examples) await this.#manifests.apply(example, this.namespace);
    return `${this.examples.length} objects`;
  }

  /**
   * Resolves as soon as `missing` says that nothing is missing; it is asked whenever either side has changed.
   *
   * @throws TIMEOUT with what was missing at last; ABORTED
   */
  until(missing: () => string | undefined, limitMs = this.#limitMs): Promise<void> {
    return this.#changes.until(missing, limitMs, this.signal);
  }

  /** Idempotent. */
  async close(): Promise<void> {
    try {
      await this.#cleanUp();
    } finally {
      await this.#end();
    }
  }

  async #cleanUp(): Promise<void> {
    await cleanUp({
      kubernetes: this.kubernetes,
      nacos: this.nacos,
      namespace: this.#hasNamespace ? this.namespace : undefined,
      keys: this.#newKeys,
      manifests: this.#manifests,
      definitions: this.#definitions,
      made: this.#made,
      clock: this.#parts.clock,
    });
  }

  async #end(): Promise<void> {
    this.#world?.stop();
    this.seenInNacos.stop();
    await this.view.stop();
    await this.#operator?.stop();
    await this.nacos.stop();
    await this.kubernetes.stop();
    await this.folder.close();
  }

  get #namespaces(): readonly string[] {
    return this.kubernetes.isEmbedded ? [] : [this.namespace];
  }

  get #limitMs(): number {
    const { limitMs } = this.#parts;
    return limitMs ?? (this.kubernetes.isEmbedded && this.nacos.isEmbedded ? embeddedLimitMs : realLimitMs);
  }
}
