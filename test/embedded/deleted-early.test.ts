/** A NacosConfig that is deleted while the operator is on its way to publish it for the first time. */
import assert from 'node:assert/strict';
import { eventually, hangMs } from '../eventually.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from './world.ts';

const ref = { apiVersion: 'bridge.nacos.io/v1alpha1', kind: 'NacosConfig', namespace: 'default', name: 'brief' };

describe('a NacosConfig that is deleted before its finalizer is on', () => {
  let world: EmbeddedWorld;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
  });

  after(() => world?.stop());

  it('is not published: nobody would remove it again', async () => {
    const { backends, kubernetes, operator } = world;
    const { apiVersion, kind, name, namespace } = ref;
    // Ours, which creates it, and the operator's, which finds it gone.
    for (const delayMs of [0, 4_000]) {
      kubernetes.faults.add({ on: 'patch nacosconfigs', fault: { kind: 'slow', delayMs }, times: 1 });
    }
    const spec = { group: namespace, content: 'brief' };
    await backends.kubernetes.apply({ apiVersion, kind, metadata: { name, namespace }, spec });
    await eventually(hangMs, async () => assert.equal(kubernetes.faults.strikes, 2));
    await backends.kubernetes.delete(ref);
    await eventually(hangMs, async () => assert.match(await operator.log(), /was deleted meanwhile/));
    assert.equal(await backends.nacos.read({ namespaceId: '', group: namespace, dataId: name }), undefined);
  });
});
