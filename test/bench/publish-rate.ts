/**
 * Configs from Kubernetes to Nacos, in configs a second: from the first apply until the last one is in Nacos and its
 * status says so.
 *
 *   create   operator: N NacosConfigs are applied
 *            bare:     N are applied, published and get their status, by a loop
 *   update   the same for new content of configs that exist; the bare client also waits for the push of its own publish,
 *            as whoever mirrors or watches for drift must (a first push takes the server seconds, so not with create)
 *
 * The operator does not run while the bare client does: both have the machine for themselves.
 */
import type { KubeObject } from '../scenarios/backends.ts';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';
import {
  apiVersion,
  contentOf,
  createNamespace,
  declaredConfig,
  deleteNamespace,
  forEach,
  names,
} from './bench-world.ts';
import type { BenchWorld } from './bench-world.ts';

const limitMs = 120_000;

interface Rates {
  readonly create: number;
  readonly update: number;
}

export async function measurePublishRate(bench: BenchWorld, count: number, rounds: number): Promise<Figure[]> {
  const operator: Rates[] = [];
  const bare: Rates[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await bench.world.operator.end('SIGTERM');
    bare.push(await measureBare(bench, `bare-${round}`, count));
    await bench.world.operator.start();
    operator.push(await measureOperator(bench, `operator-${round}`, count));
  }
  return (['create', 'update'] as const).map((phase) => ({
    name: `publish rate, ${phase}`,
    unit: 'configs/s',
    operator: median(operator.map((rates) => rates[phase])),
    bare: median(bare.map((rates) => rates[phase])),
    better: 'more',
  }));
}

async function measureOperator(bench: BenchWorld, namespace: string, count: number): Promise<Rates> {
  await createNamespace(bench.kubernetes, namespace);
  const apply = async (mark: string, generation: number): Promise<void> => {
    const applied = forEach(names(count), async (name) => {
      await bench.kubernetes.apply(declaredConfig(namespace, name, contentOf(`${name} ${mark}`)));
    });
    await Promise.all([applied, allSynced(bench, namespace, count, generation)]);
  };
  const create = await ratePerSecond(count, () => apply('first', 1));
  const update = await ratePerSecond(count, () => apply('second', 2));
  await deleteNamespace(bench.kubernetes, namespace);
  return { create, update };
}

async function measureBare(bench: BenchWorld, namespace: string, count: number): Promise<Rates> {
  const { kubernetes, nacos } = bench;
  await createNamespace(kubernetes, namespace);
  const bridge = async (name: string, content: string): Promise<void> => {
    const object = await kubernetes.apply(declaredConfig(namespace, name, content));
    await nacos.publish({ dataId: name, group: namespace }, content);
    await kubernetes.applyStatus(statusOf(object));
  };
  const create = await ratePerSecond(count, () =>
    forEach(names(count), (name) => bridge(name, contentOf(`${name} first`))),
  );
  const pushes = new Map(names(count).map((name) => [name, Promise.withResolvers<void>()]));
  await forEach(names(count), async (name) => {
    const content = contentOf(`${name} first`);
    await nacos.settle({ dataId: name, group: namespace }, content);
    await nacos.listen({ dataId: name, group: namespace }, content, () => pushes.get(name)?.resolve());
  });
  const update = await ratePerSecond(count, async () => {
    await forEach(names(count), (name) => bridge(name, contentOf(`${name} second`)));
    await Promise.all([...pushes.values()].map((push) => push.promise));
  });
  await forEach(names(count), (name) => nacos.remove({ dataId: name, group: namespace }));
  await deleteNamespace(kubernetes, namespace);
  return { create, update };
}

/** Resolves when a watch has shown all configs Ready in the generation. */
async function allSynced(
  { kubernetes }: BenchWorld,
  namespace: string,
  count: number,
  generation: number,
): Promise<void> {
  const path = `/apis/${apiVersion}/namespaces/${namespace}/nacosconfigs?watch=true`;
  const synced = new Set<string>();
  const enough = new AbortController();
  const signal = AbortSignal.any([enough.signal, AbortSignal.timeout(limitMs)]);
  const look = (line: string): void => {
    const { object } = JSON.parse(line) as { object: KubeObject };
    if (object.metadata.generation === generation && isReady(object)) synced.add(object.metadata.name);
    if (synced.size === count) enough.abort();
  };
  while (!signal.aborted) {
    // A server under load ends watches; a new one without a resourceVersion begins with all objects that there are.
    await kubernetes.readLines(path, signal, look).catch(() => {});
  }
  if (!enough.signal.aborted) throw new Error(`only ${synced.size} of ${count} configs were synced`);
}

function isReady(object: KubeObject): boolean {
  const status = object['status'] as { conditions?: Record<string, unknown>[] } | undefined;
  const ready = status?.conditions?.find((condition) => condition['type'] === 'Ready');
  return ready?.['status'] === 'True' && ready['observedGeneration'] === object.metadata.generation;
}

/** A status of the usual size. */
function statusOf({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const condition = {
    status: 'True',
    observedGeneration: metadata.generation,
    lastTransitionTime: new Date().toISOString(),
    reason: 'InSync',
    message: 'Nacos holds the declared content',
  };
  const conditions = ['Ready', 'Synced'].map((type) => ({ type, ...condition }));
  const status = { observedGeneration: metadata.generation, dataId: metadata.name, conditions };
  return { apiVersion, kind, metadata: { name: metadata.name, namespace: metadata.namespace }, status };
}

async function ratePerSecond(count: number, work: () => Promise<void>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return (count * 1000) / (performance.now() - beganMs);
}
