/** A NacosConfigSync whose objects are of another kind from now on, by a change that came while the operator was down. */
import assert from 'node:assert/strict';
import { startEmbeddedWorld, type EmbeddedWorld } from '../../embedded/world.ts';
import { eventually, hangMs } from '../../eventually.ts';

const bridge = 'bridge.nacos.io/v1alpha1';
const namespace = 'moved-kind';

describe('a NacosConfigSync that mirrors into objects of another kind from now on', () => {
  let world: EmbeddedWorld;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
    await world.backends.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  });

  after(() => world?.stop());

  const object = (kind: string) =>
    world.backends.kubernetes.get({ apiVersion: 'v1', kind, namespace, name: 'settings' });
  const mirrorInto = (kind: string) =>
    world.backends.kubernetes.apply({
      apiVersion: bridge,
      kind: 'NacosConfigSync',
      metadata: { name: 'sync', namespace },
      spec: {
        source: 'Nacos',
        syncDeletion: true,
        nacos: { groups: [namespace] },
        kubernetes: { kinds: [kind] },
        mapping: { objectName: 'settings' },
      },
    });

  it('leaves no Secret behind that it has made', async () => {
    const { kubernetes, nacos } = world.backends;
    await nacos.publish({ group: namespace, dataId: 'one', namespaceId: '' }, '1');
    await mirrorInto('Secret');
    const sync = { apiVersion: bridge, kind: 'NacosConfigSync', namespace, name: 'sync' };
    await eventually(hangMs, async () => {
      assert.ok(await object('Secret'));
      assert.match(JSON.stringify(await kubernetes.get(sync)), /"synced":1/);
    });
    await world.operator.end('SIGTERM');
    await mirrorInto('ConfigMap');
    await world.operator.start();
    await eventually(hangMs, async () => {
      assert.ok(await object('ConfigMap'));
      assert.equal(await object('Secret'), undefined);
    });
  });
});
