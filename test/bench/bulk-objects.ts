/** What a NacosConfigSync is given in the benchmark: ConfigMaps with keys of 1 KB, and what becomes of them in Nacos. */
import type { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import { apiVersion, createNamespace, deleteNamespace, forEach } from './bench-world.ts';
import type { BareConfig, BareNacos } from './bare-nacos.ts';

const contentBytes = 1024;

export interface BulkObjects {
  readonly namespace: string;
  /** Of the ConfigMaps. */
  readonly names: readonly string[];
  /** In each. */
  readonly keys: readonly string[];
}

export interface Item extends BareConfig {
  readonly name: string;
}

export function objectsOf(namespace: string, count: number, keysEach: number): BulkObjects {
  const numbered = (what: string, length: number) => Array.from({ length }, (_, number) => `${what}-${number}`);
  return { namespace, names: numbered(namespace, count), keys: numbered('key', keysEach) };
}

/** As the preset `ObjectPerGroup` has it. */
export function groupOf(name: string): string {
  return `configmap.${name}`;
}

export function itemsOf({ keys, names }: BulkObjects): Item[] {
  return names.flatMap((name) => keys.map((dataId) => ({ name, dataId, group: groupOf(name) })));
}

/** 1 KB that differs by the item and by `mark`. */
export function bulkContent({ dataId, name }: Pick<Item, 'dataId' | 'name'>, mark: string): string {
  return `${name} ${dataId} ${mark}\n`.padEnd(contentBytes, '.');
}

/** With the content of this mark. */
export async function createObjects(kubernetes: RestKubernetes, objects: BulkObjects, mark: string): Promise<void> {
  const { keys, names, namespace } = objects;
  await createNamespace(kubernetes, namespace);
  await forEach(names, async (name) => {
    const data = Object.fromEntries(keys.map((dataId) => [dataId, bulkContent({ dataId, name }, mark)]));
    await kubernetes.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data });
  });
}

export async function createSync(
  kubernetes: RestKubernetes,
  namespace: string,
  source: 'Kubernetes' | 'Both',
): Promise<void> {
  const groups = [groupOf(`${namespace}-*`)];
  const spec = {
    source,
    deletionPolicy: 'Retain',
    kubernetes: { all: true },
    ...(source === 'Both' && { nacos: { groups } }),
  };
  await kubernetes.apply({ apiVersion, kind: 'NacosConfigSync', metadata: { name: 'bulk', namespace }, spec });
}

export async function removeObjects(kubernetes: RestKubernetes, nacos: BareNacos, objects: BulkObjects): Promise<void> {
  await deleteNamespace(kubernetes, objects.namespace);
  await forEach(itemsOf(objects), (config) => nacos.remove(config));
}
