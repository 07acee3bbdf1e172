/** A NacosConfig that is deleted while the operator is on its way to publish it for the first time. */
import assert from 'node:assert/strict';
import { eventually } from '../real/eventually.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from './world.ts';

const ref = { apiVersion: 'bridge.nacos.io/v1alpha1', kind: 'NacosConfig', namespace: 'default', name: 'brief' };

describe('a NacosConfig that is deleted before its finalizer is on', function () {
  this.timeout(30_000);
  let world: EmbeddedWorld;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
  });

  after(() => world?.stop());

  it('is not published: nobody would remove it again', async () => {
    const { backends, kubernetes, operator } = world;
    const { apiVersion, kind, name, namespace } = ref;
    // Ours, which creates it, and the operator's, which finds it gone.
    kubernetes.faults.add({ on: 'patch nacosconfigs', fault: { kind: 'slow', delayMs: 500 }, times: 2 });
    const spec = { group: namespace, content: 'brief' };
    await backends.kubernetes.apply({ apiVersion, kind, metadata: { name, namespace }, spec });
    await eventually(5_000, async () => assert.equal(kubernetes.faults.strikes, 2));
    await backends.kubernetes.delete(ref);
    await eventually(5_000, async () => assert.match(await operator.log(), /was deleted meanwhile/));
    assert.equal(await backends.nacos.read({ namespaceId: '', group: namespace, dataId: name }), undefined);
  });
});
