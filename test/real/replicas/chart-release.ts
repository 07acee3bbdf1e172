/** The release of the chart in a world of replicas, installed, upgraded and uninstalled by helm. */
import { execFile } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { KubernetesServer } from '../../testbed/kubernetes.ts';
import type { NacosServer } from '../../testbed/nacos.ts';
import { binary } from '../../testbed/parts.ts';
import { kubectl } from '../release.ts';

const chart = join(import.meta.dirname, '../../../charts/nacos-bridge');
const login = 'nacos-login';

export class ChartRelease {
  readonly name = 'nacos-bridge';
  readonly namespace = 'nacos-bridge-system';
  readonly #kubernetes: KubernetesServer;
  readonly #dir: string;
  #chart = chart;
  #versions = 0;

  /** `dir` is for helm's own files and for copies of the chart. */
  constructor(kubernetes: KubernetesServer, dir: string) {
    this.#kubernetes = kubernetes;
    this.#dir = dir;
  }

  async createNamespace([node]: readonly NacosServer[]): Promise<void> {
    const literals = [`--from-literal=username=${node?.username}`, `--from-literal=password=${node?.password}`];
    await kubectl(this.#kubernetes, ['create', 'namespace', this.namespace]);
    await kubectl(this.#kubernetes, ['create', 'secret', 'generic', login, '-n', this.namespace, ...literals]);
  }

  async install(nodes: readonly NacosServer[], values: readonly string[]): Promise<void> {
    const servers = nodes.map(({ host, port }) => `${host}:${port}`).join(',');
    await this.#helm('install', [`nacos.servers={${servers}}`, `nacos.existingSecret=${login}`, ...values]);
  }

  /** Sets values beside those that are set. */
  async upgrade(values: readonly string[]): Promise<void> {
    await this.#helm('upgrade', values, ['--reuse-values']);
  }

  /** To a chart of another version and app version, and so of another image: as from one release to the next. */
  async upgradeVersion(): Promise<void> {
    this.#versions += 1;
    const next = join(this.#dir, `chart-${this.#versions}`);
    await cp(chart, next, { recursive: true });
    const file = join(next, 'Chart.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replaceAll(/^(version|appVersion): .*$/gm, `$1: 9.0.${this.#versions}`));
    this.#chart = next;
    await this.#helm('upgrade', [], ['--reuse-values']);
  }

  async #helm(verb: string, values: readonly string[], options: readonly string[] = []): Promise<void> {
    const common = ['--namespace', this.namespace, '--kubeconfig', this.#kubernetes.kubeconfig];
    const args = [verb, this.name, this.#chart, ...common, ...options, ...values.flatMap((value) => ['--set', value])];
    // Nothing of the user's own helm settings is read or changed.
    const homes = ['HELM_CACHE_HOME', 'HELM_CONFIG_HOME', 'HELM_DATA_HOME'].map((home) => [
      home,
      join(this.#dir, home),
    ]);
    const env = { ...process.env, ...(Object.fromEntries(homes) as Record<string, string>) };
    await promisify(execFile)(binary('helm'), args, { env });
  }
}
