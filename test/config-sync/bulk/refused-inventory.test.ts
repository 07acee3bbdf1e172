/** A NacosConfigSync whose inventory cannot be written: nothing that would be forgotten is published, and the sync says why. */
import assert from 'node:assert/strict';
import type { NacosConfigSync } from '../../../operator/api/resources.ts';
import { findCondition } from '../../../operator/kube/conditions.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from '../../embedded/world.ts';
import { eventually, hangMs } from '../../eventually.ts';

const apiVersion = 'bridge.nacos.io/v1alpha1';
const namespace = 'refused-inventory';

describe('a NacosConfigSync whose inventory is refused', () => {
  let world: EmbeddedWorld;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
    await world.backends.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  });

  after(() => world?.stop());

  const status = async () => {
    const ref = { apiVersion, kind: 'NacosConfigSync', namespace, name: 'sync' };
    return ((await world.backends.kubernetes.get(ref)) as unknown as NacosConfigSync).status;
  };
  const read = (dataId: string) => world.backends.nacos.read({ namespaceId: '', group: 'configmap.map', dataId });
  const write = (data: object) =>
    world.backends.kubernetes.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'map', namespace },
      data,
    });

  it('publishes nothing, says the cause with what waits, and goes on', async () => {
    const allow = world.kubernetes.faults.add({
      on: 'patch nacosconfiginventories/status',
      fault: { kind: 'status', status: 403 },
    });
    await write({ a: 'text', b: 'text' });
    await world.backends.kubernetes.apply({
      apiVersion,
      kind: 'NacosConfigSync',
      metadata: { name: 'sync', namespace },
      spec: { source: 'Kubernetes', kubernetes: { names: ['map'] } },
    });
    await eventually(hangMs, async () => {
      const { conditions, items } = (await status()) ?? {};
      const ready = findCondition(conditions, 'Ready');
      assert.deepEqual([ready?.status, ready?.reason], ['False', 'ApiForbidden']);
      assert.match(ready?.message ?? '', /^The inventory cannot be written, and what is new waits for that: /);
      assert.deepEqual([items?.total, items?.pending, items?.failing], [2, 2, 0]);
    });
    assert.deepEqual([await read('a'), await read('b')], [undefined, undefined]);
    allow();
    await eventually(hangMs, async () => {
      assert.equal(findCondition((await status())?.conditions, 'Ready')?.reason, 'InSync');
    });
    assert.equal((await read('a'))?.content, 'text');
  });
});
