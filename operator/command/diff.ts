/**
 * `nacos-bridge diff`: what the operator would change in Nacos if these manifests were applied, as a unified diff on
 * standard output. The summary and everything that is no difference goes to standard error.
 *
 * Nothing is written, neither to Nacos nor to a cluster.
 */
import { connectionOf } from '../config-sync/intent.ts';
import { secretNameOf } from '../connections/settings.ts';
import { isBridgeError } from '../errors.ts';
import type { DiffOptions } from '../options/manifest-options.ts';
import { ClusterReader } from './cluster-reader.ts';
import { compareConfig, type Comparison, type ComparisonContext } from './compared-config.ts';
import { concurrently } from './concurrently.ts';
import { loadManifests } from './load-manifests.ts';
import type { Entry, ManifestSet } from './manifest-set.ts';
import { established, NacosConnections } from './nacos-connections.ts';
import { plannedChange, verdicts, type PlannedChange } from './planned-change.ts';
import { problemOf, problemText } from './problem.ts';
import { Progress } from './progress.ts';
import type { Streams } from './streams.ts';

const CONCURRENCY = 20;

/** @returns the exit code, as that of `kubectl diff`: 0 nothing would change, 1 something would, 2 it cannot be told */
export async function runDiff(options: DiffOptions, version: string, streams: Streams): Promise<0 | 1 | 2> {
  try {
    const { problems, set } = await loadManifests(options.files, options.namespace, streams.input);
    for (const problem of problems) streams.errors.write(`${problemText(problem)}\n`);
    if (problems.length > 0) return 2;
    return await diff(set, options, version, streams);
  } catch (error) {
    if (!isBridgeError(error)) throw error;
    streams.errors.write(`nacos-bridge: ${error.message}\n`);
    return 2;
  }
}

async function diff(set: ManifestSet, options: DiffOptions, version: string, streams: Streams): Promise<0 | 1 | 2> {
  await using opened = new AsyncDisposableStack();
  const connections = new NacosConnections(options, version);
  opened.defer(() => connections.close());
  const { kubeconfig } = options;
  const cluster = kubeconfig === undefined ? undefined : new ClusterReader(kubeconfig, version);
  opened.defer(async () => cluster?.close());
  const context: ComparisonContext = {
    set,
    cluster,
    clusterId: options.clusterId ?? (await cluster?.clusterId()),
    connectionOf: (entry) => connectionFor(entry, set, connections, cluster),
    timeoutMs: options.nacosRequestTimeoutMs,
  };
  for (const { manifest } of set.all('NacosConfigSync')) {
    streams.errors.write(
      `${problemText(problemOf(manifest, '', 'is not compared: the cluster knows what it selects'))}\n`,
    );
  }
  const entries = set.all('NacosConfig');
  const progress = new Progress(streams.errors, 'compared', entries.length);
  const results = await concurrently(entries, CONCURRENCY, async (entry) => {
    const result = await compared(entry, context);
    progress.advance();
    return result;
  });
  progress.end();
  for (const result of results) report(result, streams);
  streams.errors.write(`${summary(results)}\n`);
  if (results.some(({ failure }) => failure !== undefined)) return 2;
  return results.some(({ change }) => change && isDifference(change)) ? 1 : 0;
}

interface Result {
  readonly entry: Entry<'NacosConfig'>;
  readonly change?: PlannedChange;
  /** Why it could not be compared. */
  readonly failure?: string;
}

async function compared(entry: Entry<'NacosConfig'>, context: ComparisonContext): Promise<Result> {
  try {
    return { entry, change: changeOf(await compareConfig(entry, context), titleOf(entry)) };
  } catch (error) {
    if (!isBridgeError(error)) throw error;
    return { entry, failure: error.message };
  }
}

function changeOf(comparison: Comparison, title: string): PlannedChange {
  if (comparison.kind === 'decided') return plannedChange(comparison.decision, comparison.item, title);
  return { verdict: 'left alone', message: `Nothing is published: ${comparison.message}`, patch: '' };
}

/** A conflict is one: what is declared is not what Nacos holds, and applying the manifests would not make it so. */
function isDifference({ verdict }: PlannedChange): boolean {
  return verdict === 'created' || verdict === 'updated' || verdict === 'conflicting';
}

function report({ change, entry, failure }: Result, { errors, output }: Streams): void {
  if (failure !== undefined) errors.write(`${problemText(problemOf(entry.manifest, '', failure))}\n`);
  if (change === undefined || change.verdict === 'unchanged') return;
  const line = `# ${titleOf(entry)}: ${change.verdict}${change.message === '' ? '' : `: ${change.message}`}\n`;
  (isDifference(change) ? output : errors).write(line + change.patch);
}

function titleOf({ object: { metadata } }: Entry<'NacosConfig'>): string {
  return `NacosConfig ${metadata.namespace}/${metadata.name}`;
}

function summary(results: readonly Result[]): string {
  const count = (verdict: string) => results.filter(({ change }) => change?.verdict === verdict).length;
  const failures = results.filter(({ failure }) => failure !== undefined).length;
  const counts = verdicts.map((verdict) => `${count(verdict)} ${verdict}`);
  return [...counts, ...(failures > 0 ? [`${failures} not compared`] : [])].join(', ');
}

async function connectionFor(
  { object }: Entry<'NacosConfig'>,
  set: ManifestSet,
  connections: NacosConnections,
  cluster: ClusterReader | undefined,
): ReturnType<ComparisonContext['connectionOf']> {
  const { namespace = '' } = object.metadata;
  const { connectionRef } = object.spec;
  const find = async () => {
    if (connectionRef === undefined) return connections.default();
    const { name } = connectionRef;
    const declared = set.find('NacosConnection', namespace, name)?.object;
    const resource = declared ?? (await cluster?.connection(namespace, name));
    const secretName = resource && !connections.isOverridden ? secretNameOf(resource) : undefined;
    const secret = secretName === undefined ? undefined : set.find('Secret', namespace, secretName)?.object;
    const inCluster =
      secretName === undefined || secret ? undefined : await cluster?.secrets.get(secretName, namespace);
    return connections.named(connectionOf(object), resource, secret ?? inCluster);
  };
  const connection = await find();
  await established(connection);
  return connection;
}
