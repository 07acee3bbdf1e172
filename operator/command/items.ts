/**
 * `nacos-bridge items SYNC`: which key is which dataId, and how it fares, from the inventory and the status of a
 * NacosConfigSync. Nacos is not asked, so it may be away.
 *
 * The table goes to standard output; the messages of problems and the summary go to standard error.
 */
import type { NacosConfigSync } from '../api/resources.ts';
import { BridgeError, isBridgeError } from '../errors.ts';
import { itemStates, type ItemsOptions } from '../options/items-options.ts';
import { similarTo } from '../options/similar.ts';
import { ClusterReader } from './cluster-reader.ts';
import { listItems, type ItemList, type ListedItem } from './listed-items.ts';
import { counted } from './problem.ts';
import type { Streams } from './streams.ts';
import { tableText } from './table.ts';

const SHORT_MD5 = 8;

/** @returns the exit code: 0 when the items are listed, else 1 */
export async function runItems(options: ItemsOptions, version: string, streams: Streams): Promise<0 | 1> {
  await using opened = new AsyncDisposableStack();
  const cluster = new ClusterReader(options.kubeconfig, version);
  opened.defer(() => cluster.close());
  try {
    const namespace = options.namespace ?? cluster.defaultNamespace;
    const sync = await cluster.sync(namespace, options.sync);
    if (sync === undefined) throw await missing(cluster, namespace, options.sync);
    const list = listItems(sync, await cluster.inventoryOf(sync));
    const { state } = options;
    const items = list.items.filter((item) => state === undefined || item.state === state);
    if (options.output === 'json')
      streams.output.write(`${JSON.stringify(jsonOf(sync, { ...list, items }), undefined, 2)}\n`);
    else tell(sync, { ...list, items }, streams);
    return 0;
  } catch (error) {
    if (!isBridgeError(error) || error.code === 'INVALID_OPTION') throw error;
    streams.errors.write(`nacos-bridge: ${error.message}\n`);
    return 1;
  }
}

async function missing(cluster: ClusterReader, namespace: string, name: string): Promise<BridgeError> {
  const similar = similarTo(name, await cluster.syncNames(namespace));
  const next = similar === undefined ? 'check -n NAMESPACE' : `did you mean ${similar}?`;
  return new BridgeError(
    'REFERENCE_MISSING',
    `there is no NacosConfigSync '${name}' in namespace '${namespace}'; ${next}`,
  );
}

function tell({ spec }: NacosConfigSync, { items, untold }: ItemList, { errors, output }: Streams): void {
  const { columns } = output as { columns?: number };
  if (items.length > 0)
    output.write(tableText(['STATE', 'OBJECT', 'KEY', 'GROUP', 'DATAID', 'MD5'], items.map(cellsOf), columns));
  for (const { dataId, group, key, message, object } of items) {
    if (message !== undefined)
      errors.write(`nacos-bridge: ${object ? `${object} ${key}` : `${group}/${dataId}`}: ${message}\n`);
  }
  const counts = itemStates.map((state) => [state, items.filter((item) => item.state === state).length] as const);
  const told = counts.filter(([, count]) => count > 0).map(([state, count]) => `${count} ${state}`);
  errors.write(`${[counted(items.length, 'item'), told.join(', ')].filter(Boolean).join(': ')}\n`);
  if (untold > 0)
    errors.write(`${untold} more have a problem that the status has no room for; these are listed as they were last\n`);
  if (spec.source === 'Nacos') {
    errors.write('with source Nacos only problems are listed: the items are the keys of the objects that it owns\n');
  }
}

/** Objects as kubectl takes them. */
function cellsOf({ dataId = '-', group = '-', key = '-', md5, object = '-', state }: ListedItem): string[] {
  const short = object.replace(/^ConfigMap\//, 'cm/').replace(/^Secret\//, 'secret/');
  return [state, short, key, group, dataId, md5?.slice(0, SHORT_MD5) ?? '-'];
}

function jsonOf({ metadata, spec }: NacosConfigSync, { items, untold }: ItemList): object {
  const counts = itemStates.map((state) => [state, items.filter((item) => item.state === state).length] as const);
  const { name, namespace } = metadata;
  return { namespace, name, source: spec.source, items, summary: { ...Object.fromEntries(counts), untold } };
}
