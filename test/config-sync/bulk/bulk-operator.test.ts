/**
 * A NacosConfigSync in the whole operator, between embedded servers: what it makes of many items, of a restart, and of hands
 * that meddle with the NacosConfigs of its items.
 */
import assert from 'node:assert/strict';
import type { NacosConfig } from '../../../operator/api/resources.ts';
import { findCondition } from '../../../operator/kube/conditions.ts';
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

  it('reads the one ConfigMap that changes', async () => {
    const before = await quietReads();
    await world.backends.kubernetes.patch(ref('v1', 'ConfigMap', 'map-7'), { data: { added: 'here' } });
    await inSync(items + 1);
    const config = await world.backends.nacos.read({ dataId: 'added', group: 'configmap.map-7', namespaceId: '' });
    assert.equal(config?.content, 'here');
    // The NacosConfigSync once, and each NacosConfig of that ConfigMap a few times.
    const count = (await reads()) - before;
    assert.ok(count <= 4 * keysPerObject, `${count} reads`);
  });

  it('puts the NacosConfig of an item back, and leaves what it does not decide about', async () => {
    const { kubernetes } = world.backends;
    const { metadata } = await anyChild();
    const child = ref(bridge, 'NacosConfig', metadata.name);
    await kubernetes.patch(child, { spec: { driftPolicy: 'Report', suspend: true, description: 'by hand' } });
    await eventually(10_000, async () => {
      const { spec } = (await kubernetes.get(child)) as { spec?: Record<string, unknown> };
      const { driftPolicy, suspend, description } = spec ?? {};
      assert.deepEqual([driftPolicy, suspend, description], ['Revert', false, 'by hand']);
    });
    await settled(child);
  });

  it('makes the NacosConfig of an item again when somebody deletes it', async () => {
    const { kubernetes } = world.backends;
    const { metadata } = await anyChild();
    const child = ref(bridge, 'NacosConfig', metadata.name);
    await kubernetes.delete(child);
    await eventually(10_000, async () => {
      const made = await kubernetes.get(child);
      assert.ok(made && made.metadata.uid !== metadata.uid);
    });
    await settled(child);
    await inSync(items + 1);
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
      assert.deepEqual(status?.items, { total: count, synced: count, conflicts: 0, invalid: 0, skipped: 0 });
    });
  }

  /** That all is done for a NacosConfig as it is now, and told. */
  async function settled(child: ObjectRef): Promise<void> {
    await eventually(10_000, async () => {
      const { metadata, status } = (await world.backends.kubernetes.get(child)) as unknown as NacosConfig;
      const synced = findCondition(status?.conditions, 'Synced');
      assert.deepEqual([synced?.status, synced?.observedGeneration], ['True', metadata.generation]);
    });
  }

  function reads(): Promise<number> {
    return world.operator.metric('rest_client_requests_total', 'method="GET"');
  }

  /** When the NacosConfigs have had their last looks after the beginning. */
  async function quietReads(): Promise<number> {
    const counts: number[] = [];
    return eventually(30_000, async () => {
      counts.push(await reads());
      const last = counts.slice(-20);
      assert.ok(last.length === 20 && new Set(last).size === 1, 'the operator reads on');
      return counts.at(-1) ?? 0;
    });
  }

  async function anyChild(): Promise<KubeObject> {
    const [child] = await world.backends.kubernetes.list(bridge, 'NacosConfig', namespace);
    assert.ok(child);
    return child;
  }

  /** Of everything that the operator writes. */
  async function resourceVersions(): Promise<string[]> {
    const children = await world.backends.kubernetes.list(bridge, 'NacosConfig', namespace);
    const sync = await world.backends.kubernetes.get(theSync);
    return [...children, sync].map((object) => `${object?.metadata.name} ${object?.metadata.resourceVersion}`).sort();
  }
});

function ref(apiVersion: string, kind: string, name: string): ObjectRef {
  return { apiVersion, kind, namespace, name };
}

function configMap(name: string): KubeObject {
  const keys = Array.from({ length: keysPerObject }, (_, key) => [`key-${key}`, `${name}, ${key}`]);
  const metadata = { name, namespace, labels: { nacos: 'yes' } };
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: Object.fromEntries(keys) };
}
