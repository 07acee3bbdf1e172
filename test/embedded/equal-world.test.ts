/**
 * A restart over a world in which nothing has changed writes nothing, on either side, and reads no dataId and no mirror;
 * what is read are the ConfigMaps that declare content, twice. The embedded servers are the witnesses: they see every
 * request. The twin of it on real servers is test/real/equal-world.test.ts.
 */
import assert from 'node:assert/strict';
import { eventually } from '../real/eventually.ts';
import { assertReady } from '../real/fleet.ts';
import type { KubeObject } from '../scenarios/backends.ts';
import { configWritesOf, kubernetesWrites, OperationWitness } from './operation-witness.ts';
import { startEmbeddedWorld } from './world.ts';
import type { EmbeddedWorld } from './world.ts';

const bridge = 'bridge.nacos.io/v1alpha1';
const namespace = 'equal';
const total = 200;
const kinds = ['content', 'configMap', 'mirror', 'both'] as const;
/** Those that declare their content in a ConfigMap. */
const readTotal = total / 2;
/** A second look at everything, pushes and statuses that are gathered are over by then. */
const quietLookMs = 3_000;

for (const generation of ['3.1', '2.3'] as const) {
  describe(`a restart over an equal world of ${total} configs with the embedded Nacos ${generation}`, function () {
    this.timeout(120_000);
    let world: EmbeddedWorld;
    let kubernetes: OperationWitness;
    let nacos: OperationWitness;

    before(async () => {
      world = await startEmbeddedWorld(generation);
      kubernetes = new OperationWitness(world.kubernetes.faults);
      nacos = new OperationWitness(world.nacos.faults);
      await world.backends.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      await Promise.all(Array.from({ length: total }, (_, number) => addConfig(world, number)));
      await eventually(60_000, () => assertEqual(world));
    });

    after(() => world?.stop());

    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      it(`after ${signal} makes no publish, no remove and no API write but of Leases`, async () => {
        await quiet(kubernetes, nacos);
        await world.operator.end(signal);
        kubernetes.reset();
        nacos.reset();
        await world.operator.start();
        await eventually(60_000, () => assertAllLookedAt(world));
        await quiet(kubernetes, nacos);
        assert.ok(kubernetes.counts['list nacosconfigs'], 'the witness must have seen the start');
        assert.deepEqual(kubernetesWrites(kubernetes.counts), {});
        assert.deepEqual(configWritesOf(nacos.counts), {});
        assert.equal(nacos.counts['ConfigQueryRequest'], undefined);
        assert.equal(kubernetes.counts['get configmaps'], readTotal);
        await assertEqual(world);
      });
    }
  });
}

async function addConfig({ backends }: EmbeddedWorld, number: number): Promise<void> {
  const name = `config-${number}`;
  const content = `content ${number}`;
  const declaredIn = { configMapKeyRef: { name: `source-${name}`, key: 'text' } };
  const kind = kinds[number % kinds.length] ?? 'content';
  if (kind === 'configMap' || kind === 'both') {
    const metadata = { name: `source-${name}`, namespace };
    await backends.kubernetes.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { text: content } });
  }
  if (kind === 'mirror') await backends.nacos.publish({ dataId: name, group: namespace, namespaceId: '' }, content);
  const specs: Record<(typeof kinds)[number], object> = {
    content: { content },
    configMap: { contentFrom: declaredIn },
    mirror: { source: 'Nacos', mirror: { configMap: { name: `mirror-${name}` } } },
    both: { source: 'Both', contentFrom: declaredIn },
  };
  const spec = { group: namespace, ...specs[kind] };
  await backends.kubernetes.apply({ apiVersion: bridge, kind: 'NacosConfig', metadata: { name, namespace }, spec });
}

async function assertEqual({ backends }: EmbeddedWorld): Promise<void> {
  const configs: KubeObject[] = await backends.kubernetes.list(bridge, 'NacosConfig', namespace);
  assert.equal(configs.length, total);
  for (const config of configs) assertReady(config);
}

/** Once, which asks Nacos, and once more when Nacos has answered. */
async function assertAllLookedAt({ operator }: EmbeddedWorld): Promise<void> {
  const looks = await operator.metric('controller_runtime_reconcile_total', 'nacosconfig"');
  assert.ok(looks >= 2 * total, 'all NacosConfigs must be looked at');
}

/** Resolves when nothing was written for a while. */
async function quiet(...witnesses: readonly OperationWitness[]): Promise<void> {
  const shown = (): string =>
    JSON.stringify(witnesses.map(({ counts }) => [kubernetesWrites(counts), configWritesOf(counts)]));
  let last = shown();
  let sinceMs = performance.now();
  await eventually(30_000, async () => {
    if (shown() !== last) [last, sinceMs] = [shown(), performance.now()];
    assert.ok(performance.now() - sinceMs >= quietLookMs, `still writing: ${last}`);
  });
}
