/** Deliberate defects of the inventory and of what is built on it: for each rule that keeps data one that breaks it. */
import { FINALIZER } from '../../../../operator/api/names.ts';
import { idOf } from '../../../../operator/config-sync/bulk/inventory/entry.ts';
import type { Header } from '../../../../operator/config-sync/bulk/inventory/header.ts';
import { Inventory } from '../../../../operator/config-sync/bulk/inventory/inventory.ts';
import { Shard } from '../../../../operator/config-sync/bulk/inventory/shard.ts';
import type { EndingOptions } from '../../../../operator/config-sync/bulk/items/ending.ts';
import type { OutboundOptions } from '../../../../operator/config-sync/bulk/items/outbound.ts';
import { FormerItems } from '../../../../operator/config-sync/bulk/items/former-items.ts';
import { WatchedObjects } from '../../../../operator/config-sync/bulk/items/watched-objects.ts';
import type { PlaceNow } from '../../../../operator/config-sync/base/nacos-place.ts';
import { removeFinalizer } from '../../../../operator/kube/finalizer.ts';

export const defects = [
  'publishes before the entry is durable',
  'records no bases',
  'keeps the base while it writes to Kubernetes',
  'writes keys without the version that it has seen',
  'decides again before the watch shows its write',
  'publishes by its mark on an old view',
  'removes on an old view',
  'believes each base that it reads',
  'takes what it published for an edit of somebody else',
  'goes on when it was deposed',
  'tells conflicts without a fresh look at the shard',
  'makes no items of entries that it finds',
  'believes the base of one of two entries',
  'knows no places',
  'leaves a lost shard lost',
  'takes all content for its own',
  'forgets what it has published by another connection',
  'removes by another connection what it publishes still',
  'knows no NacosConfigs',
  'takes the entries of another connection for its own',
  'holds no shards by a finalizer',
  'lets its shards go before their dataIds',
  'lets itself go before its dataIds',
] as const;
export type Defect = (typeof defects)[number];

/** What a defect of the whole operator is in a part of it. */
type Patch = () => () => void;

const patches: Partial<Record<Defect, Patch>> = {
  'publishes before the entry is durable': () => patch(Inventory.prototype, 'isDurable', () => () => true),
  'records no bases': () => patch(Inventory.prototype, 'record', () => () => {}),
  'keeps the base while it writes to Kubernetes': () => patch(Inventory.prototype, 'takeOutBase', () => async () => {}),
  'decides again before the watch shows its write': () =>
    patch(
      WatchedObjects.prototype,
      'write',
      (write) =>
        async function (this: WatchedObjects, ...args) {
          const written = write.apply(this, args);
          written.catch(() => {});
          for (let turn = 0; turn < 40; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        },
    ),
  'publishes by its mark on an old view': () =>
    patch(
      WatchedObjects.prototype,
      'fresh',
      () =>
        async function (this: WatchedObjects, { ref }) {
          return this.key(ref);
        },
    ),
  'removes on an old view': () => patch(WatchedObjects.prototype, 'fresh', () => async () => undefined),
  'tells conflicts without a fresh look at the shard': () => patch(Inventory.prototype, 'reread', () => async () => {}),
  'makes no items of entries that it finds': () =>
    patch(
      Shard.prototype,
      'merge',
      (merge) =>
        function (this: Shard, ...args) {
          const known = new Set(this.entries().map(idOf));
          const ids = merge.apply(this, args);
          return known.size === 0 ? ids : ids.filter((id) => known.has(id));
        },
    ),
  'believes the base of one of two entries': () =>
    patch(
      Inventory.prototype,
      'load',
      (load) =>
        function (this: Inventory, all) {
          return load.call(this, all.slice(0, 1));
        },
    ),
  'takes the entries of another connection for its own': () =>
    patch(
      Inventory.prototype,
      'load',
      (load) =>
        function (this: Inventory, all) {
          const own = (header: Header | undefined) => header && { ...header, connection: 'elsewhere' };
          return load.call(
            this,
            all.map(({ status, ...one }) => ({ ...one, status: { ...status, header: own(status?.header) } })),
          );
        },
    ),
  'forgets what it has published by another connection': () =>
    patch(FormerItems.prototype, 'remove', () => async () => {}),
  'leaves a lost shard lost': () => patch(Inventory.prototype, 'seen', () => () => {}),
};

/** Returns how to mend it. */
export function spoil(broken: Iterable<Defect>): () => void {
  const mended = [...broken].map((defect) => patches[defect]?.());
  return () => mended.forEach((mend) => mend?.());
}

/** The defects of what is handed in. */
export function spoiled(options: OutboundOptions, broken: ReadonlySet<Defect>): OutboundOptions {
  const { clients, configs, places, shards, term } = options;
  let first: PlaceNow | undefined;
  const firstPlace = async (...args: Parameters<typeof places.at>) => (first ??= await places.at(...args));
  const { ConfigMap } = clients;
  const mergePatch: (typeof ConfigMap)['mergePatch'] = (name, namespace, change, ...rest) =>
    ConfigMap.mergePatch(name, namespace, { ...(change as object), metadata: {} }, ...rest);
  const forced = Object.assign(Object.create(ConfigMap) as typeof ConfigMap, { mergePatch });
  const create: typeof shards.create = ({ metadata, ...shard }, ...rest) =>
    shards.create({ ...shard, metadata: { ...metadata, finalizers: [] } }, ...rest);
  const unheld = Object.assign(Object.create(shards) as typeof shards, { create });
  return {
    ...options,
    ...(broken.has('holds no shards by a finalizer') && { shards: unheld }),
    ...(broken.has('goes on when it was deposed') && { term: { ...term, confirm: async () => true } }),
    ...(broken.has('removes by another connection what it publishes still') && {
      configs: { ...configs, isClaimed: () => false },
    }),
    ...(broken.has('knows no NacosConfigs') && { configs: { ...configs, holderOf: () => undefined } }),
    ...(broken.has('knows no places') && { places: { at: firstPlace, isCurrent: async () => true } }),
    ...(broken.has('writes keys without the version that it has seen') && {
      clients: { ...clients, ConfigMap: forced },
    }),
  };
}

/** The defects of a deletion. */
export function spoiledEnding(options: EndingOptions, broken: ReadonlySet<Defect>): EndingOptions {
  const { shards, sync, syncs } = options;
  const list: typeof shards.list = async (signal) => {
    const all = await shards.list(signal);
    if (broken.has('lets its shards go before their dataIds')) for (const one of all) await shards.letGo(one);
    if (broken.has('lets itself go before its dataIds')) await removeFinalizer(syncs, sync, FINALIZER);
    return all;
  };
  const spoiled: Pick<typeof shards, 'letGo' | 'list'> = { list, letGo: (one) => shards.letGo(one) };
  return { ...options, shards: spoiled as typeof shards };
}

function patch<T extends object, K extends keyof T>(target: T, name: K, broken: (whole: T[K]) => T[K]): () => void {
  const whole = target[name];
  target[name] = broken(whole);
  return () => {
    target[name] = whole;
  };
}
