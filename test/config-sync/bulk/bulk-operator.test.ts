/**
 * A NacosConfigSync in the whole operator, between embedded servers: what many items and a restart cost, and what becomes of
 * its inventory when hands meddle with it.
 */
import assert from 'node:assert/strict';
import { startEmbeddedWorld, type EmbeddedWorld } from '../../embedded/world.ts';
import { eventually } from '../../eventually.ts';
import type { KubeObject, ObjectRef } from '../../scenarios/backends.ts';

const bridge = 'bridge.nacos.io/v1alpha1';
const namespace = 'many';
const objects = 20;
const keysPerObject = 50;
const items = objects * keysPerObject;

describe('a NacosConfigSync with a thousand items', () => {
  let world: EmbeddedWorld;
  /** What its status said, one after the other. */
  const told: string[] = [];

  before(async () => {
    world = await startEmbeddedWorld('3.1');
    const { kubernetes } = world.backends;
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    for (let index = 0; index < objects; index += 1) await kubernetes.apply(configMap(`map-${index}`));
    const sync = await kubernetes.apply({
      apiVersion: bridge,
      kind: 'NacosConfigSync',
      metadata: { name: 'sync', namespace },
      spec: { source: 'Kubernetes', kubernetes: { selector: { matchLabels: { nacos: 'yes' } } } },
    });
    const watch = await kubernetes.watch(theSync, sync.metadata.resourceVersion ?? '', ({ object }) => {
      told.push(JSON.stringify(object['status']));
    });
    await inSync(items);
    watch.stop();
  });

  after(() => world?.stop());

  it('tells its progress in a few writes, not one for each item', () => {
    assert.ok(told.length <= items / 4, `${told.length} writes of the status`);
    assert.equal(new Set(told).size, told.length, 'a status was written twice');
  });

  it('keeps what it must remember in a few objects, and reads no ConfigMap', async () => {
    const shards = await inventories();
    assert.deepEqual(shards.map(({ metadata }) => metadata.name).sort(), names(shards[0]?.metadata.name ?? ''));
    assert.equal(entriesOf(shards).length, items);
    const written = await world.operator.metric('rest_client_requests_total', 'method="PATCH"');
    assert.ok(written <= items / 10, `${written} writes of ${items} items`);
  });

  it('takes a change from the watch, and settles the key that has changed', async () => {
    const [before, settledBefore] = await Promise.all([reads(), settles()]);
    await world.backends.kubernetes.patch(ref('v1', 'ConfigMap', 'map-7'), { data: { added: 'here' } });
    await inSync(items + 1);
    const config = await world.backends.nacos.read({ dataId: 'added', group: 'configmap.map-7', namespaceId: '' });
    assert.equal(config?.content, 'here');
    // Some are of the Lease and of its peers.
    assert.ok((await reads()) - before < keysPerObject / 5, 'objects were read');
    // One that is new changes the names that the object has: all of them are looked at, and nothing is asked for them.
    assert.ok((await settles()) - settledBefore <= 3 * keysPerObject, 'others were looked at');
  });

  it('writes a shard again that somebody removes', async () => {
    const { kubernetes } = world.backends;
    const [shard] = await inventories();
    assert.ok(shard);
    const theShard = ref(bridge, 'NacosConfigInventory', shard.metadata.name);
    await kubernetes.patch(theShard, { metadata: { finalizers: null } });
    await kubernetes.delete(theShard);
    await eventually(10_000, async () => {
      const made = await kubernetes.get(theShard);
      assert.notEqual(made?.metadata.uid, shard.metadata.uid);
      assert.equal(entriesOf(await inventories()).length, items + 1);
    });
  });

  it('writes nothing after a restart over an equal world', async () => {
    await world.operator.end('SIGTERM');
    const before = await resourceVersions();
    await world.operator.start();
    const looks = 'controller="nacosconfigsync-status",result="success"';
    await eventually(30_000, async () => {
      assert.ok((await world.operator.metric('controller_runtime_reconcile_total', looks)) > 0);
    });
    assert.equal(await world.operator.metric('nacos_bridge_nacos_requests_total', 'operation="config_publish"'), 0);
    assert.deepEqual(await resourceVersions(), before);
  });

  const theSync = ref(bridge, 'NacosConfigSync', 'sync');

  async function inSync(count: number): Promise<void> {
    await eventually(120_000, async () => {
      const { status } = (await world.backends.kubernetes.get(theSync)) as { status?: { items?: object } };
      assert.deepEqual(status?.items, {
        total: count,
        synced: count,
        pending: 0,
        conflicts: 0,
        invalid: 0,
        failing: 0,
        skipped: 0,
      });
    });
  }

  function reads(): Promise<number> {
    return world.operator.metric('rest_client_requests_total', 'method="GET"');
  }

  function settles(): Promise<number> {
    return world.operator.metric('controller_runtime_reconcile_total', 'controller="nacosconfigsync-item"');
  }

  function inventories(): Promise<KubeObject[]> {
    return world.backends.kubernetes.list(bridge, 'NacosConfigInventory', namespace);
  }

  /** Of everything that the operator writes. */
  async function resourceVersions(): Promise<string[]> {
    const sync = await world.backends.kubernetes.get(theSync);
    return [...(await inventories()), sync]
      .map((object) => `${object?.metadata.name} ${object?.metadata.resourceVersion}`)
      .sort();
  }
});

function entriesOf(shards: readonly KubeObject[]): string[] {
  return shards.flatMap(({ status }) => (status as { entries?: string[] } | undefined)?.entries ?? []);
}

/** Two shards of 500, and later a third. */
function names(one: string): string[] {
  const prefix = one.replace(/\d+$/, '');
  return [0, 1].map((index) => `${prefix}${index}`);
}

function ref(apiVersion: string, kind: string, name: string): ObjectRef {
  return { apiVersion, kind, namespace, name };
}

function configMap(name: string): KubeObject {
  const keys = Array.from({ length: keysPerObject }, (_, key) => [`key-${key}`, `${name}, ${key}`]);
  const metadata = { name, namespace, labels: { nacos: 'yes' } };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Object.fromEntries(keys) };
}
