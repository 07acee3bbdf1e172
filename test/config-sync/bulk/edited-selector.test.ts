/** A selector that is narrowed twice within a minute, each time by less than half: the guard takes both for one slip. */
import assert from 'node:assert/strict';
import type { NacosConfigSync } from '../../../operator/api/resources.ts';
import { findCondition } from '../../../operator/kube/conditions.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from '../../embedded/world.ts';
import { eventually, hangMs } from '../../eventually.ts';

const bridge = 'bridge.nacos.io/v1alpha1';
const namespace = 'edited-selector';
const sync = { apiVersion: bridge, kind: 'NacosConfigSync', namespace, name: 'sync' };

describe('a NacosConfigSync whose selector is edited again and again', () => {
  let world: EmbeddedWorld;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
    const { kubernetes } = world.backends;
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    for (let index = 0; index < 10; index += 1) {
      const labels = { sort: index < 4 ? 'first' : index < 7 ? 'second' : 'third' };
      const metadata = { name: `map-${index}`, namespace, labels };
      await kubernetes.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: String(index) } });
    }
  });

  after(() => world?.stop());

  async function select(...sorts: string[]): Promise<void> {
    const selector = { matchExpressions: [{ key: 'sort', operator: 'In', values: sorts }] };
    await world.backends.kubernetes.apply({
      apiVersion: bridge,
      kind: 'NacosConfigSync',
      metadata: { name: 'sync', namespace },
      spec: { source: 'Kubernetes', syncDeletion: true, kubernetes: { selector } },
    });
  }

  /** How many of the ten are in Nacos. */
  const held = async () => {
    const keys = Array.from({ length: 10 }, (_, index) => ({
      dataId: 'text',
      group: `configmap.map-${index}`,
      namespaceId: '',
    }));
    const found = await Promise.all(keys.map((key) => world.backends.nacos.read(key)));
    return found.filter((config) => config !== undefined).length;
  };
  const guard = async () => {
    const { status } = (await world.backends.kubernetes.get(sync)) as unknown as NacosConfigSync;
    return findCondition(status?.conditions, 'DeletionGuard')?.status;
  };

  it('removes no more than half of all within a minute', async () => {
    await select('first', 'second', 'third');
    await eventually(hangMs, async () => assert.equal(await held(), 10));
    await select('second', 'third');
    await eventually(hangMs, async () => assert.equal(await held(), 6));
    await select('third');
    await eventually(hangMs, async () => assert.equal(await guard(), 'True'));
    assert.equal(await held(), 6);
  });
});
