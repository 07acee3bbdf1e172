/** A NacosConfig that had taken an item of a NacosConfigSync, and goes while the operator is down: the sync gets the item back. */
import assert from 'node:assert/strict';
import { startEmbeddedWorld, type EmbeddedWorld } from '../../embedded/world.ts';
import { eventually, hangMs } from '../../eventually.ts';
import type { KubeObject, ObjectRef } from '../../scenarios/backends.ts';

const bridge = 'bridge.nacos.io/v1alpha1';
const namespace = 'handover';
const address = { namespaceId: '', group: 'configmap.map', dataId: 'key' };
const ref = (kind: string, name: string): ObjectRef => ({ apiVersion: bridge, kind, namespace, name });

describe('a NacosConfig that goes beside a NacosConfigSync', () => {
  let world: EmbeddedWorld;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
    await apply('v1', 'Namespace', { metadata: { name: namespace } });
    await apply('v1', 'ConfigMap', { metadata: { name: 'map', namespace }, data: { key: 'text' } });
    const spec = { group: address.group, dataId: address.dataId, content: 'text' };
    await apply(bridge, 'NacosConfig', { metadata: { name: 'app', namespace }, spec });
    await reads(ref('NacosConfig', 'app'), /"InSync"/);
    const kubernetes = { names: ['map'] };
    await apply(bridge, 'NacosConfigSync', {
      metadata: { name: 'sync', namespace },
      spec: { source: 'Kubernetes', kubernetes },
    });
    await reads(ref('NacosConfigSync', 'sync'), /"total":1/);
  });

  after(() => world?.stop());

  const apply = (apiVersion: string, kind: string, object: object) =>
    world.backends.kubernetes.apply({ apiVersion, kind, ...object } as KubeObject);
  const reads = (one: ObjectRef, what: RegExp) =>
    eventually(hangMs, async () => assert.match(JSON.stringify(await world.backends.kubernetes.get(one)), what));

  it('leaves the dataId to it, also at once after a start', async () => {
    const { kubernetes, nacos } = world.backends;
    await world.operator.end('SIGTERM');
    await kubernetes.delete(ref('NacosConfig', 'app'));
    // The sync is late: its objects are listed when the deletion has long been looked at.
    world.kubernetes.faults.add({ on: 'list configmaps', fault: { kind: 'slow', delayMs: 1500 }, times: 2 });
    let isMissed = false;
    const watch = setInterval(() => {
      void nacos.read(address).then(
        (config) => (isMissed ||= config === undefined),
        () => {},
      );
    }, 20);
    try {
      await world.operator.start();
      await eventually(hangMs, async () => assert.equal(await kubernetes.get(ref('NacosConfig', 'app')), undefined));
      await reads(ref('NacosConfigSync', 'sync'), /"synced":1/);
    } finally {
      clearInterval(watch);
    }
    assert.equal((await nacos.read(address))?.content, 'text');
    assert.equal(isMissed, false, 'the dataId was removed for a moment');
  });
});
