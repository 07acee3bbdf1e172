/** Deliberate defects of the inventory and of what is built on it: for each rule that keeps data one that breaks it. */
import { idOf } from '../../../../operator/config-sync/bulk/inventory/entry.ts';
import { Inventory } from '../../../../operator/config-sync/bulk/inventory/inventory.ts';
import { Shard } from '../../../../operator/config-sync/bulk/inventory/shard.ts';
import type { OutboundOptions } from '../../../../operator/config-sync/bulk/items/outbound.ts';
import { FormerItems } from '../../../../operator/config-sync/bulk/items/former-items.ts';
import { WatchedObjects } from '../../../../operator/config-sync/bulk/items/watched-objects.ts';
import type { PlaceNow } from '../../../../operator/config-sync/base/nacos-place.ts';

export const defects = [
  'publishes before the entry is durable',
  'records no bases',
  'keeps the base while it writes to Kubernetes',
  'writes keys without the version that it has seen',
  'decides again before the watch shows its write',
  'publishes by its mark on an old view',
  'removes on an old view',
  'believes each base that it reads',
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
        async function (this: WatchedObjects, kind, name) {
          return this.object(kind, name);
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
  const { configs, objects, places, term } = options;
  let first: PlaceNow | undefined;
  const firstPlace = async (...args: Parameters<typeof places.at>) => (first ??= await places.at(...args));
  const { ConfigMap } = objects;
  const mergePatch: (typeof ConfigMap)['mergePatch'] = (name, namespace, change, ...rest) =>
    ConfigMap.mergePatch(name, namespace, { ...(change as object), metadata: {} }, ...rest);
  const forced = Object.assign(Object.create(ConfigMap) as typeof ConfigMap, { mergePatch });
  return {
    ...options,
    ...(broken.has('goes on when it was deposed') && { term: { ...term, confirm: async () => true } }),
    ...(broken.has('removes by another connection what it publishes still') && {
      configs: { ...configs, isClaimed: () => false },
    }),
    ...(broken.has('knows no NacosConfigs') && { configs: { ...configs, holderOf: () => undefined } }),
    ...(broken.has('knows no places') && { places: { at: firstPlace, isCurrent: async () => true } }),
    ...(broken.has('writes keys without the version that it has seen') && {
      objects: { ...objects, ConfigMap: forced },
    }),
  };
}

function patch<T extends object, K extends keyof T>(target: T, name: K, broken: (whole: T[K]) => T[K]): () => void {
  const whole = target[name];
  target[name] = broken(whole);
  return () => {
    target[name] = whole;
  };
}
