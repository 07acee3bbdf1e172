/** NacosConfigSyncs that are deleted, in the whole operator, between embedded servers: when they wait, and what lets them go. */
import assert from 'node:assert/strict';
import { startEmbeddedWorld, type EmbeddedWorld } from '../../embedded/world.ts';
import { eventually, hangMs } from '../../eventually.ts';
import type { ObjectRef } from '../../scenarios/backends.ts';

const bridge = 'bridge.nacos.io/v1alpha1';
const force = { metadata: { annotations: { 'bridge.nacos.io/force-finalize': 'true' } } };
const keys = ['a', 'b', 'c'];

interface Condition {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

describe('a NacosConfigSync that is deleted', () => {
  let world: EmbeddedWorld;
  let namespace: string;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
  });

  after(() => world?.stop());

  beforeEach(async () => {
    namespace = `ending-${Math.random().toString(36).slice(2, 8)}`;
    await world.backends.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await create('v1', 'ConfigMap', 'map', { data: Object.fromEntries(keys.map((key) => [key, `text of ${key}`])) });
  });

  const ref = (kind: string, name: string, apiVersion = bridge): ObjectRef => ({ apiVersion, kind, namespace, name });
  const theSync = () => ref('NacosConfigSync', 'sync');
  const itself = (): ObjectRef => ({ apiVersion: 'v1', kind: 'Namespace', namespace: '', name: namespace });
  const get = (what: ObjectRef) => world.backends.kubernetes.get(what);
  const shards = () => world.backends.kubernetes.list(bridge, 'NacosConfigInventory', namespace);
  const isGone = async (what: ObjectRef) => assert.equal(await get(what), undefined);

  async function create(apiVersion: string, kind: string, name: string, fields: object): Promise<void> {
    await world.backends.kubernetes.apply({ apiVersion, kind, metadata: { name, namespace }, ...fields });
  }

  async function publish(spec: object = {}): Promise<void> {
    const mapping = { group: `${namespace}.{name}`, dataId: '{key}' };
    const kubernetes = { all: true, exclude: ['kube-*'] };
    const whole = { source: 'Kubernetes', deletionPolicy: 'Delete', kubernetes, mapping, ...spec };
    await create(bridge, 'NacosConfigSync', 'sync', { spec: whole });
    await eventually(hangMs, async () => assert.equal((await condition())?.reason, 'InSync'));
    assert.deepEqual(await published(), keys);
  }

  async function condition(type = 'Ready'): Promise<Condition | undefined> {
    const { conditions } = ((await get(theSync()))?.['status'] ?? {}) as { conditions?: Condition[] };
    return conditions?.find((one) => one.type === type);
  }

  async function published(): Promise<string[]> {
    const found = await Promise.all(
      keys.map((dataId) => world.backends.nacos.read({ namespaceId: '', group: `${namespace}.map`, dataId })),
    );
    return keys.filter((_, index) => found[index] !== undefined);
  }

  async function whileNacosIsAway(work: () => Promise<void>): Promise<void> {
    await world.servers.nacos.stop();
    try {
      await work();
    } finally {
      await world.servers.nacos.start();
    }
  }

  async function waits(): Promise<void> {
    await eventually(hangMs, async () => {
      const { message = '' } = (await condition('Synced')) ?? {};
      assert.match(message, /deletion waits .*kubectl annotate nacosconfigsync sync -n .*force-finalize=true/);
    });
    assert.equal((await shards()).length, 1, 'what it has to remove was forgotten');
  }

  it('waits while Nacos is away, says so, and goes on', async () => {
    await publish();
    await whileNacosIsAway(async () => {
      await world.backends.kubernetes.delete(theSync());
      await waits();
    });
    await eventually(hangMs, () => isGone(theSync()));
    assert.deepEqual([await published(), await shards()], [[], []]);
  });

  it('is let go by the annotation while Nacos is away, and tells what stays there', async () => {
    await publish();
    await whileNacosIsAway(async () => {
      await world.backends.kubernetes.delete(theSync());
      await waits();
      await world.backends.kubernetes.patch(theSync(), force);
      await eventually(hangMs, () => isGone(theSync()));
    });
    assert.deepEqual([await published(), await shards()], [keys, []]);
    await eventually(hangMs, async () => {
      const events = await world.backends.kubernetes.list('events.k8s.io/v1', 'Event', namespace);
      const told = events.find(({ reason }) => reason === 'ForceFinalized');
      assert.match(String(told?.['note']), /^Let go without telling Nacos, as the annotation asks: /);
    });
  });

  it('waits while it is suspended, and says so', async () => {
    await publish();
    await world.backends.kubernetes.patch(theSync(), { spec: { suspend: true } });
    await world.backends.kubernetes.delete(theSync());
    await eventually(hangMs, async () =>
      assert.match((await condition('Synced'))?.message ?? '', /The deletion waits, since `spec.suspend`/),
    );
    assert.deepEqual(await published(), keys);
    await world.backends.kubernetes.patch(theSync(), { spec: { suspend: false } });
    await eventually(hangMs, () => isGone(theSync()));
    assert.deepEqual([await published(), await shards()], [[], []]);
  });

  it('takes its dataIds along when its namespace is deleted', async () => {
    await publish();
    await world.backends.kubernetes.delete(itself());
    await eventually(hangMs, () => isGone(itself()));
    assert.deepEqual(await published(), []);
  });

  it('lets its namespace wait while Nacos is away', async () => {
    await publish();
    await whileNacosIsAway(async () => {
      await world.backends.kubernetes.delete(itself());
      await waits();
    });
    await eventually(hangMs, () => isGone(itself()));
    assert.deepEqual(await published(), []);
  });

  it('lets its namespace go when the connection is lost for good, and tells what stays in Nacos', async () => {
    const { host, port, grpcPort, username, password } = world.endpoint;
    await create('v1', 'Secret', 'login', { stringData: { username, password } });
    const auth = { password: { secretRef: { name: 'login' } } };
    await create(bridge, 'NacosConnection', 'main', { spec: { servers: [{ host, port, grpcPort }], auth } });
    await publish({ connectionRef: { name: 'main' } });
    await world.operator.end('SIGTERM');
    await world.backends.kubernetes.delete(itself());
    await eventually(hangMs, () => isGone(ref('Secret', 'login', 'v1')));
    assert.ok(await get(theSync()), 'the finalizer holds it');
    await world.operator.start();
    await eventually(hangMs, () => isGone(itself()));
    assert.deepEqual(await published(), keys);
    const told = (await world.operator.log()).split('\n').filter((line) => line.includes('"left in Nacos"'));
    assert.match(told.at(-1) ?? '', /cannot be asked any more: .*Secret 'login' is gone/);
  });
});
