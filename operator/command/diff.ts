/**
 * `nacos-bridge diff`: what the operator would change in Nacos if these manifests were applied, as a unified diff on
 * standard output. The summary and everything that is no difference goes to standard error.
 *
 * Nothing is written, neither to Nacos nor to a cluster. A cluster that is asked judges the manifests, too: what it would
 * refuse is a problem like any other.
 */
import { connectionOf } from '../config-sync/intent.ts';
import { secretNameOf } from '../connections/settings.ts';
import { isBridgeError } from '../errors.ts';
import type { DiffOptions } from '../options/manifest-options.ts';
import { ClusterReader } from './cluster-reader.ts';
import { compareConfig, type Comparison, type ComparisonContext } from './compared-config.ts';
import { concurrently } from './concurrently.ts';
import { diffJson, diffTitleOf, tellDiff, type DiffReport, type DiffResult } from './diff-report.ts';
import { loadManifests } from './load-manifests.ts';
import type { Entry, ManifestSet } from './manifest-set.ts';
import { established, NacosConnections } from './nacos-connections.ts';
import { isDifference, plannedChange, type PlannedChange } from './planned-change.ts';
import type { Manifest } from './manifest.ts';
import { problemOf, type Problem } from './problem.ts';
import { Progress } from './progress.ts';
import type { Streams } from './streams.ts';

const CONCURRENCY = 20;

/** @returns the exit code, as that of `kubectl diff`: 0 nothing would change, 1 something would, 2 it cannot be told */
export async function runDiff(options: DiffOptions, version: string, streams: Streams): Promise<0 | 1 | 2> {
  try {
    return await diff(options, version, streams);
  } catch (error) {
    if (!isBridgeError(error)) throw error;
    streams.errors.write(`nacos-bridge: ${error.message}\n`);
    return 2;
  }
}

async function diff(options: DiffOptions, version: string, streams: Streams): Promise<0 | 1 | 2> {
  await using opened = new AsyncDisposableStack();
  const { kubeconfig, output, strict } = options;
  const cluster = kubeconfig === undefined ? undefined : new ClusterReader(kubeconfig, version);
  opened.defer(async () => cluster?.close());
  const { problems, set, ...loaded } = await loadManifests(options, streams.input, cluster);
  const warnings = [...loaded.warnings, ...set.all('NacosConfigSync').map(({ manifest }) => notCompared(manifest))];
  const connections = new NacosConnections(options, version);
  opened.defer(() => connections.close());
  const context = async (): Promise<ComparisonContext> => ({
    set,
    cluster,
    clusterId: options.clusterId ?? (await cluster?.clusterId()),
    connectionOf: (entry) => connectionFor(entry, set, connections, cluster),
    timeoutMs: options.nacosRequestTimeoutMs,
  });
  const results = problems.length === 0 ? await compareAll(set, await context(), streams) : [];
  const report: DiffReport = { problems, warnings, results };
  if (output === 'json') streams.output.write(`${JSON.stringify(diffJson(report), undefined, 2)}\n`);
  else tellDiff(report, streams);
  const isUnclear = problems.length > 0 || (strict && warnings.length > 0);
  if (isUnclear || results.some(({ failure }) => failure !== undefined)) return 2;
  return results.some(({ change }) => change && isDifference(change)) ? 1 : 0;
}

function notCompared(manifest: Manifest): Problem {
  return problemOf(manifest, '', 'is not compared: the cluster knows what it selects');
}

async function compareAll(set: ManifestSet, context: ComparisonContext, { errors }: Streams): Promise<DiffResult[]> {
  const entries = set.all('NacosConfig');
  const progress = new Progress(errors, 'compared', entries.length);
  const results = await concurrently(entries, CONCURRENCY, async (entry) => {
    const result = await compared(entry, context);
    progress.advance();
    return result;
  });
  progress.end();
  return results;
}

async function compared(entry: Entry<'NacosConfig'>, context: ComparisonContext): Promise<DiffResult> {
  try {
    return { entry, change: await changeOf(await compareConfig(entry, context), diffTitleOf(entry)) };
  } catch (error) {
    if (!isBridgeError(error)) throw error;
    return { entry, failure: error.message };
  }
}

async function changeOf(comparison: Comparison, title: string): Promise<PlannedChange> {
  if (comparison.kind === 'decided') return plannedChange(comparison.decision, comparison.item, title);
  return { verdict: 'left alone', message: `Nothing is published: ${comparison.message}`, patch: '' };
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
    if (connectionRef === undefined) {
      return connections.default(connections.selectsByLabels ? await cluster?.labelsOf(namespace) : undefined);
    }
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
