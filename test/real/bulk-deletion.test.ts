/**
 * A NacosConfigSync of very many items is deleted: how fast, what is seen meanwhile, and that nothing else goes.
 *
 * `TEST_ITEMS=10000 npm run test:real -- bulk-deletion`: only when it is named, since it takes long.
 */
import assert from 'node:assert/strict';
import { eventually } from '../eventually.ts';
import type { ObjectRef } from '../scenarios/backends.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';
import type { RealWorld } from './world.ts';

const items = Number(process.env['TEST_ITEMS'] ?? 10_000);
const keysEach = 100;
const bridge = 'bridge.nacos.io/v1alpha1';
/** For thousands of items on a busy machine. */
const limitMs = 600_000;

describe(`a NacosConfigSync of ${items} items that is deleted (Nacos ${nacosVersion})`, function () {
  this.timeout(3 * limitMs);
  let world: RealWorld;

  before(async function () {
    this.timeout(startLimitMs);
    world = await sharedWorld();
  });

  it('removes all of them, tells how far it is, and leaves everything else', async () => {
    const foreign = { namespaceId: '', group: 'goes.theirs', dataId: 'key-0' };
    await world.backends.nacos.publish(foreign, 'theirs');
    await publish('goes');
    const beganMs = performance.now();
    await world.backends.kubernetes.delete(syncOf('goes'));
    const told = await toldUntil(async () =>
      assert.equal(await world.backends.kubernetes.get(syncOf('goes')), undefined),
    );
    const seconds = (performance.now() - beganMs) / 1000;
    console.log(`      ${Math.round(items / seconds)} a second; told: ${told.join(', ')}`);
    assert.ok(told.length > 2, 'progress must be seen');
    assert.equal(await left('goes'), 1);
    assert.equal((await world.backends.nacos.read(foreign))?.content, 'theirs');
    assert.deepEqual(await world.backends.kubernetes.list(bridge, 'NacosConfigInventory', 'goes'), []);
    const maps = await world.backends.kubernetes.list('v1', 'ConfigMap', 'goes');
    assert.equal(maps.filter(({ metadata }) => metadata.name.startsWith('map-')).length, items / keysEach);
    await world.backends.nacos.remove(foreign);
    await world.backends.kubernetes.delete(namespaceRef('goes'));
  });

  it('goes with its namespace, and waits for a Nacos that is away in the middle of it', async () => {
    await publish('ends');
    await world.backends.kubernetes.delete(namespaceRef('ends'));
    await eventually(limitMs, async () => assert.ok((await left('ends')) < items, 'it must have begun'));
    await world.servers.nacos.kill();
    try {
      await eventually(limitMs, async () => assert.match(await synced('ends'), /deletion waits/));
      assert.ok((await world.backends.kubernetes.list(bridge, 'NacosConfigInventory', 'ends')).length > 0);
    } finally {
      await world.servers.nacos.start();
    }
    await eventually(limitMs, async () =>
      assert.equal(await world.backends.kubernetes.get(namespaceRef('ends')), undefined),
    );
    assert.equal(await left('ends'), 0);
  });

  async function publish(namespace: string): Promise<void> {
    const { kubernetes } = world.backends;
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const data = Object.fromEntries(Array.from({ length: keysEach }, (_, key) => [`key-${key}`, `text ${key}`]));
    for (let number = 0; number < items / keysEach; number += 1) {
      const metadata = { name: `map-${number}`, namespace, labels: { part: 'bulk' } };
      await kubernetes.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data });
    }
    const spec = {
      source: 'Kubernetes',
      deletionPolicy: 'Delete',
      kubernetes: { selector: { matchLabels: { part: 'bulk' } } },
      mapping: { group: `${namespace}.{name}`, dataId: '{key}' },
    };
    await kubernetes.apply({
      apiVersion: bridge,
      kind: 'NacosConfigSync',
      metadata: { name: 'bulk', namespace },
      spec,
    });
    await eventually(limitMs, async () => {
      const status = (await kubernetes.get(syncOf(namespace)))?.['status'] as
        { items?: { synced?: number } } | undefined;
      assert.equal(status?.items?.synced, items);
    });
  }

  /** What the condition told, each once, until it holds. */
  async function toldUntil(condition: () => Promise<void>): Promise<string[]> {
    const told = new Set<string>();
    await eventually(limitMs, async () => {
      const [progress] = /\d+ of \d+/.exec(await synced('goes')) ?? [];
      if (progress) told.add(progress);
      await condition();
    });
    return [...told];
  }

  async function synced(namespace: string): Promise<string> {
    const status = (await world.backends.kubernetes.get(syncOf(namespace)))?.['status'];
    const { conditions = [] } = (status ?? {}) as { conditions?: { type: string; message: string }[] };
    return conditions.find(({ type }) => type === 'Synced')?.message ?? '';
  }

  /** Of the groups of a namespace, in Nacos. */
  async function left(namespace: string): Promise<number> {
    const all = await world.endpoint.admin.listConfigs('');
    return all.filter(({ group }) => group.startsWith(`${namespace}.`)).length;
  }
});

function syncOf(namespace: string): ObjectRef {
  return { apiVersion: bridge, kind: 'NacosConfigSync', namespace, name: 'bulk' };
}

function namespaceRef(name: string): ObjectRef {
  return { apiVersion: 'v1', kind: 'Namespace', namespace: '', name };
}
