/**
 * What one NacosConfigSync costs, and how fast it is:
 *
 *   publish    N keys are there; from the sync's creation, or the bare client's watch, until the last is published
 *   change     one key is patched among them, while nothing else changes: from the answer until Nacos' database has it
 *   edits      an application publishes many dataIds of a two-way sync: from the first until the watch shows all in ConfigMaps
 *   restart    over equal items: from the start of the process until all are known to be in sync
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperatorProcess } from '../operator-process.ts';
import type { KubeObject } from '../scenarios/backends.ts';
import type { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import type { BareNacos } from './bare-nacos.ts';
import { BarePublisher } from './bare-publisher.ts';
import { apiVersion, forEach } from './bench-world.ts';
import { bulkContent, createSync, itemsOf, type BulkObjects, type Item } from './bulk-objects.ts';
import type { ConfigStage, Writes } from './config-stage.ts';

const limitMs = 900_000;
const pollMs = 50;
/** Statuses and inventories are gathered for less. */
const quietMs = 3_000;
const betweenSamplesMs = 50;

export interface PublishFigures {
  readonly perSecond: number;
  /** To the API server, for each item. */
  readonly requestsEach: number;
}

/** The bare client goes on; it is to be closed. */
export async function barePublish(
  { kubernetes }: Pick<ConfigStage, 'kubernetes'>,
  nacos: BareNacos,
  objects: BulkObjects,
): Promise<{ perSecond: number; publisher: BarePublisher }> {
  const { length } = itemsOf(objects);
  const failure = Promise.withResolvers<never>();
  const beganMs = performance.now();
  const publisher = new BarePublisher(kubernetes, nacos, objects.namespace, failure.reject);
  await Promise.race([publisher.published(length), failure.promise]);
  return { perSecond: (length / (performance.now() - beganMs)) * 1000, publisher };
}

/** The operator is running. */
export async function publish(
  { kubernetes, operator }: Pick<ConfigStage, 'kubernetes' | 'operator'>,
  objects: BulkObjects,
): Promise<PublishFigures> {
  const { length } = itemsOf(objects);
  const [published, requests] = [await publishes(operator), await apiRequests(operator)];
  const beganMs = performance.now();
  await createSync(kubernetes, objects.namespace, 'Kubernetes');
  await until('all are published', async () => (await publishes(operator)) - published >= length);
  const perSecond = (length / (performance.now() - beganMs)) * 1000;
  await inSync(kubernetes, objects);
  await sleep(quietMs);
  return { perSecond, requestsEach: ((await apiRequests(operator)) - requests) / length };
}

/** Somebody publishes. All keys have the content of `mark`. */
export async function changes(
  { admin, kubernetes }: Pick<ConfigStage, 'admin' | 'kubernetes'>,
  objects: BulkObjects,
  { mark, samples }: { mark: string; samples: number },
): Promise<number[]> {
  const items = itemsOf(objects);
  const latenciesMs: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    // Far from the one before.
    const item = items[(sample * 37) % items.length];
    if (item === undefined) throw new Error('there are no items');
    const content = bulkContent(item, `${mark}, change ${sample}`);
    await patch(kubernetes, objects.namespace, item, content);
    const beganMs = performance.now();
    // The client protocol tells it later, whoever publishes.
    await until('a change', async () => (await admin.getConfig('', item.group, item.dataId))?.content === content, 1);
    latenciesMs.push(performance.now() - beganMs);
    await sleep(betweenSamplesMs);
  }
  return latenciesMs;
}

/** The operator is running. Returns in how many milliseconds all edits of an application are in the ConfigMaps. */
export async function edits(
  { kubernetes }: Pick<ConfigStage, 'kubernetes'>,
  application: BareNacos,
  objects: BulkObjects,
): Promise<number> {
  await createSync(kubernetes, objects.namespace, 'Both');
  await inSync(kubernetes, objects);
  await sleep(quietMs);
  const items = itemsOf(objects);
  const missing = new Map(items.map((item) => [`${item.name} ${item.dataId}`, bulkContent(item, 'edited')]));
  const all = Promise.withResolvers<void>();
  const abort = new AbortController();
  const look = (line: string): void => {
    const { object } = JSON.parse(line) as { object: KubeObject };
    for (const [key, content] of Object.entries((object['data'] ?? {}) as Record<string, string>)) {
      const id = `${object.metadata.name} ${key}`;
      if (missing.get(id) === content) missing.delete(id);
    }
    if (missing.size === 0) all.resolve();
  };
  const path = `/api/v1/namespaces/${objects.namespace}/configmaps?watch=true`;
  const watch = kubernetes.readLines(path, abort.signal, look).catch(() => {});
  try {
    const beganMs = performance.now();
    await forEach(items, (item) => application.publish(item, bulkContent(item, 'edited')));
    await inTime('the edits', all.promise);
    return performance.now() - beganMs;
  } finally {
    abort.abort();
    await watch;
  }
}

export interface RestartFigures {
  readonly seconds: number;
  /** Reads of the API server that are no lists or watches of a cache are among them. */
  readonly gets: number;
  readonly writes: Writes;
}

/** The operator is running, and does so afterwards. */
export async function restart(stage: ConfigStage, objects: BulkObjects): Promise<RestartFigures> {
  const { operator } = stage;
  const { length } = itemsOf(objects);
  await sleep(quietMs);
  await operator.end('SIGTERM');
  let seconds = 0;
  const writes = await stage.writesDuring(async () => {
    const beganMs = performance.now();
    await operator.start();
    await until('all are in sync', async () => {
      return (await operator.metric('nacos_bridge_sync_items', 'state="synced"')) >= length;
    });
    seconds = (performance.now() - beganMs) / 1000;
    await sleep(quietMs);
  });
  return { seconds, gets: await operator.metric('rest_client_requests_total', 'method="GET"'), writes };
}

/** In bytes, as etcd keeps them: what the inventory of the namespace takes, and of nothing else there is more. */
export async function inventoryBytes(kubernetes: RestKubernetes, { namespace }: BulkObjects): Promise<number> {
  const shards = await kubernetes.list(apiVersion, 'NacosConfigInventory', namespace);
  return shards.reduce((sum, shard) => sum + Buffer.byteLength(JSON.stringify(shard)), 0);
}

async function inSync(kubernetes: RestKubernetes, objects: BulkObjects): Promise<void> {
  const { length } = itemsOf(objects);
  const ref = { apiVersion, kind: 'NacosConfigSync', namespace: objects.namespace, name: 'bulk' };
  await until('all are in sync', async () => {
    const status = (await kubernetes.get(ref))?.['status'] as { items?: { synced: number } } | undefined;
    return status?.items?.synced === length;
  });
}

async function patch(
  kubernetes: RestKubernetes,
  namespace: string,
  { dataId, name }: Item,
  content: string,
): Promise<void> {
  await kubernetes.patch({ apiVersion: 'v1', kind: 'ConfigMap', namespace, name }, { data: { [dataId]: content } });
}

function publishes(operator: OperatorProcess): Promise<number> {
  return operator.metric('nacos_bridge_nacos_requests_total', 'operation="config_publish",result="ok"');
}

/** All of them, those for Leases and events too. */
function apiRequests(operator: OperatorProcess): Promise<number> {
  return operator.metric('rest_client_requests_total');
}

async function until(what: string, isSo: () => Promise<boolean>, everyMs = pollMs): Promise<void> {
  const deadlineMs = performance.now() + limitMs;
  while (!(await isSo())) {
    if (performance.now() > deadlineMs) throw new Error(`not in time: ${what}`);
    await sleep(everyMs);
  }
}

async function inTime(what: string, done: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not in time: ${what}`)), limitMs);
  await Promise.race([done, late.promise]).finally(() => clearTimeout(timer));
}
