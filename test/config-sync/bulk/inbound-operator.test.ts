/**
 * A NacosConfigSync with `source: Nacos` in the whole operator, between embedded servers: what a restart makes of objects
 * that are there, with their dataIds and without, and what a change of content costs.
 */
import assert from 'node:assert/strict';
import { kubernetesWrites } from '../../acceptance/operations.ts';
import { FaultWitness } from '../../embedded/fault-witness.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from '../../embedded/world.ts';
import { eventually } from '../../eventually.ts';

const bridge = 'bridge.nacos.io/v1alpha1';
const namespace = 'inbound';
/** Each group has an object, and each dataId is a key of it. */
const groups = ['a', 'b', 'c'];
const dataIds = ['one', 'two'];

describe('a NacosConfigSync that mirrors many dataIds', () => {
  let world: EmbeddedWorld;
  let witness: FaultWitness;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
    witness = new FaultWitness(world.kubernetes.faults);
    const { kubernetes } = world.backends;
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    for (const group of groups) for (const dataId of dataIds) await publish(group, dataId, '1');
    await kubernetes.apply({
      apiVersion: bridge,
      kind: 'NacosConfigSync',
      metadata: { name: 'sync', namespace },
      spec: { source: 'Nacos', syncDeletion: true, nacos: { groups }, mapping: { objectName: 'of-{group}' } },
    });
    await inSync(groups.length * dataIds.length);
    await quiet();
  });

  after(() => world?.stop());

  it('writes an object whose content has changed without reading it', async () => {
    witness.reset();
    await publish('a', 'one', '2');
    await eventually(10_000, async () => assert.deepEqual((await allData())[0], { one: '2', two: '1' }));
    await quiet();
    assert.deepEqual(objectRequests(), { 'patch configmaps': 1 });
  });

  it('neither reads nor writes its objects after a restart over an equal world', async () => {
    await world.operator.end('SIGTERM');
    witness.reset();
    await world.operator.start();
    await lookedAt();
    await quiet();
    assert.deepEqual(objectRequests(), {});
    assert.deepEqual(kubernetesWrites(witness.counts()), {});
  });

  it('removes keys, and objects, whose dataIds have gone while the operator was down', async () => {
    await world.operator.end('SIGTERM');
    await Promise.all([...dataIds.map((dataId) => remove('b', dataId)), remove('c', 'one')]);
    await world.operator.start();
    await eventually(20_000, async () => {
      assert.deepEqual(await allData(), [{ one: '2', two: '1' }, undefined, { two: '1' }]);
    });
    await inSync(3);
  });

  const keyOf = (group: string, dataId: string) => ({ group, dataId, namespaceId: '' });
  const publish = (group: string, dataId: string, content: string) =>
    world.backends.nacos.publish(keyOf(group, dataId), content);
  const remove = (group: string, dataId: string) => world.backends.nacos.remove(keyOf(group, dataId));

  /** Of each group; listed, since the witness counts who gets one. */
  async function allData(): Promise<unknown[]> {
    const objects = await world.backends.kubernetes.list('v1', 'ConfigMap', namespace);
    return groups.map((group) => objects.find(({ metadata }) => metadata.name === `of-${group}`)?.['data']);
  }

  /** What was asked of single objects. */
  function objectRequests(): Record<string, number> {
    const ofObjects = Object.entries(witness.counts()).filter(([name]) => name.endsWith(' configmaps'));
    return Object.fromEntries(ofObjects.filter(([name]) => !/^(list|watch) /.test(name)));
  }

  async function inSync(total: number): Promise<void> {
    await eventually(30_000, async () => {
      const [sync] = await world.backends.kubernetes.list(bridge, 'NacosConfigSync', namespace);
      const { items } = (sync?.['status'] ?? {}) as { items?: { total: number; synced: number } };
      assert.deepEqual([items?.total, items?.synced], [total, total]);
    });
  }

  /** All was found, and told. */
  async function lookedAt(): Promise<void> {
    const looks = 'controller="nacosconfigsync-status",result="success"';
    await eventually(30_000, async () => {
      assert.ok((await world.operator.metric('controller_runtime_reconcile_total', looks)) > 0);
    });
  }

  /** What is gathered is written within half a second; what has only just gone waits for a second. */
  const quiet = () => new Promise((resolve) => setTimeout(resolve, 2_000));
});
