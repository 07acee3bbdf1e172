/**
 * What a mirror costs: when its content changes in Nacos it is looked at once, and written once, with its status. Neither
 * write makes another look when it comes back through a watch.
 */
import assert from 'node:assert/strict';
import { eventually, hangMs } from '../eventually.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from './world.ts';

const bridge = 'bridge.nacos.io/v1alpha1';
const namespace = 'mirrors';
const names = Array.from({ length: 20 }, (_, number) => `config-${number}`);
/** Echoes come within milliseconds. */
const quietMs = 1_000;

describe('the writes of mirrors', () => {
  let world: EmbeddedWorld;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
    await world.backends.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await publish('first');
    const spec = (name: string) => ({
      group: namespace,
      source: 'Nacos',
      mirror: { configMap: { name, key: 'text' } },
    });
    for (const name of names) {
      const metadata = { name, namespace };
      await world.backends.kubernetes.apply({ apiVersion: bridge, kind: 'NacosConfig', metadata, spec: spec(name) });
    }
    await assertMirrored('first');
    await settled();
  });

  after(() => world?.stop());

  for (const content of ['second', 'third']) {
    it(`are one apply and one status, and one look, for the ${content} content`, async () => {
      const looks = await looksSoFar();
      world.apiOperations.reset();
      await publish(content);
      await assertMirrored(content);
      await settled();
      const operations = ['get configmaps', 'patch configmaps', 'patch nacosconfigs/status'];
      const made = operations.map((operation) => world.apiOperations.counts()[operation] ?? 0);
      assert.deepEqual(made, [0, names.length, names.length]);
      assert.equal(await looksSoFar(), looks + names.length);
    });
  }

  const publish = (content: string) =>
    Promise.all(
      names.map((dataId) => world.backends.nacos.publish({ dataId, group: namespace, namespaceId: '' }, content)),
    );

  async function assertMirrored(content: string): Promise<void> {
    await eventually(hangMs, async () => {
      const mirrors = await world.backends.kubernetes.list('v1', 'ConfigMap', namespace);
      const texts = names.map((name) => mirrors.find(({ metadata }) => metadata.name === name)?.['data']);
      for (const data of texts) assert.deepEqual(data, { text: content });
    });
  }

  const looksSoFar = () => world.operator.metric('controller_runtime_reconcile_total', 'controller="nacosconfig",');

  /** Nobody has looked at anything for a while. */
  async function settled(): Promise<void> {
    let looks = -1;
    let sinceMs = 0;
    await eventually(hangMs, async () => {
      const now = await looksSoFar();
      if (now !== looks) [looks, sinceMs] = [now, performance.now()];
      assert.ok(performance.now() - sinceMs >= quietMs, 'still looking');
    });
  }
});
