/**
 * A thousand NacosConfigs on the keys of one ConfigMap: what it costs the API server when one key changes.
 */
import assert from 'node:assert/strict';
import { eventually, hangMs } from '../eventually.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from './world.ts';

const namespace = 'shared';
const count = 1000;
const keyOf = (index: number) => `key-${index}`;
const ref = { apiVersion: 'v1', kind: 'ConfigMap', namespace, name: 'all' };

describe('a thousand NacosConfigs on the keys of one ConfigMap', function () {
  this.timeout(4 * hangMs);
  let world: EmbeddedWorld;

  const contentOf = async (index: number) =>
    (await world.backends.nacos.read({ namespaceId: '', group: namespace, dataId: keyOf(index) }))?.content;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
    const { kubernetes } = world.backends;
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const data = Object.fromEntries(Array.from({ length: count }, (_, index) => [keyOf(index), `value ${index}`]));
    await kubernetes.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'all', namespace }, data });
    for (let index = 0; index < count; index += 1) {
      const key = keyOf(index);
      await kubernetes.apply({
        apiVersion: 'bridge.nacos.io/v1alpha1',
        kind: 'NacosConfig',
        metadata: { name: key, namespace },
        spec: { group: namespace, contentFrom: { configMapKeyRef: { name: 'all', key } } },
      });
    }
    await eventually(hangMs, async () => {
      const configs = await kubernetes.list('bridge.nacos.io/v1alpha1', 'NacosConfig', namespace);
      const synced = configs.filter(({ status }) => (status as { syncedMd5?: string } | undefined)?.syncedMd5);
      assert.equal(synced.length, count);
    });
  });
  after(() => world?.stop());

  it('have one status written each, with what became of them', async () => {
    await quiet();
    assert.equal(requests()['patch nacosconfigs/status'], count);
  });

  it('cost five requests at most when one key changes', async () => {
    await quiet();
    world.apiOperations.reset();
    await world.backends.kubernetes.patch(ref, { data: { [keyOf(7)]: 'changed' } });
    await eventually(hangMs, async () => assert.equal(await contentOf(7), 'changed'));
    await quiet();
    const asked = requests();
    assert.equal(asked['get configmaps'], 1, JSON.stringify(asked));
    // The patch of the test itself is not the operator's.
    const total = Object.values(asked).reduce((sum, times) => sum + times, 0) - (asked['patch configmaps'] ?? 0);
    assert.ok(total <= 5, JSON.stringify(asked));
  });

  function requests(): Record<string, number> {
    const counts = Object.entries(world.apiOperations.counts());
    return Object.fromEntries(
      counts.filter(([operation]) => !operation.endsWith(' leases') && !operation.startsWith('watch ')),
    );
  }

  /** Nothing more is asked for. */
  async function quiet(): Promise<void> {
    let before = '';
    for (let times = 0; times < 3;) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      const now = JSON.stringify(requests());
      times = now === before ? times + 1 : 0;
      before = now;
    }
  }
});
