/**
 * `rollout` of NacosConfigSyncs in the whole operator, between embedded servers: what a burst over many objects and a restart
 * cost, what the operator slept through, and that several who restart one workload come to an end.
 */
import assert from 'node:assert/strict';
import { kubernetesWrites } from '../../acceptance/operations.ts';
import { startEmbeddedWorld, type EmbeddedWorld } from '../../embedded/world.ts';
import { eventually, hangMs } from '../../eventually.ts';
import type { KubeObject } from '../../scenarios/backends.ts';

const bridge = 'bridge.nacos.io/v1alpha1';
const namespace = 'rollouts';
const prefix = 'bridge.nacos.io/rolled-out.';
/** Each dataId of the group `maps` has a ConfigMap, each of `secrets` a Secret. */
const names = Array.from({ length: 20 }, (_, index) => `map-${index}`);
const debounceSeconds = 2;

describe('the rollout of a NacosConfigSync', () => {
  let world: EmbeddedWorld;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
    await world.backends.kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    await Promise.all(names.map((name) => publish('maps', name, 'version: 0')));
    await publish('secrets', 'login', 'sesame');
    await applySync('maps', { source: 'Nacos', nacos: { groups: ['maps'] }, mapping: { objectName: '{dataId}' } });
    await applySync('secrets', {
      source: 'Nacos',
      nacos: { groups: ['secrets'] },
      kubernetes: { kinds: ['Secret'] },
      mapping: { objectName: '{dataId}', key: 'password' },
    });
    await rolledOut('maps');
    await rolledOut('secrets');
    await deploy('every', ...names.map((name) => ({ configMapRef: { name } })));
    await deploy('first', { configMapRef: { name: 'map-0' } });
    await deploy('secret', { secretRef: { name: 'login' } });
  });

  after(() => world?.stop());

  it('restarts a workload once for a burst over many objects, and reads the workloads for all of them at once', async () => {
    world.apiOperations.reset();
    await Promise.all(names.map((name) => publish('maps', name, 'version: 1')));
    await eventually(hangMs, async () => assert.equal((await notes('every')).size, names.length));
    await rolledOut('maps');
    // On a busy machine it may be more than one burst.
    const few = names.length / 4;
    const { 'list deployments': lists = 0, 'patch deployments': writes = 0 } = world.apiOperations.counts();
    assert.ok(lists <= few, `${lists} lists of Deployments`);
    assert.ok(writes <= few, `${writes} writes of two Deployments`);
    assert.ok((await isRestarted('every')) && (await isRestarted('first')));
  });

  it('leaves those alone that use none of the objects that have changed', async () => {
    const before = await version('first');
    await restarted('every', 'ConfigMap.map-7', () => publish('maps', 'map-7', 'version: 2'));
    assert.equal(await version('first'), before);
  });

  it('notes no digest of a Secret that tells of its content', async () => {
    await restarted('secret', 'Secret.login', () => publish('secrets', 'login', 'open'));
    assert.match((await notes('secret')).get('Secret.login') ?? '', /^[0-9a-f]{64} keys$/);
  });

  it('makes up for a change that came while the operator was down', async () => {
    await restarted('first', 'ConfigMap.map-0', async () => {
      await world.operator.end('SIGTERM');
      await publish('maps', 'map-0', 'version: 3');
      await world.operator.start();
    });
  });

  it('makes up for a change whose debounce the operator did not survive', async () => {
    await restarted('first', 'ConfigMap.map-0', async () => {
      await publish('maps', 'map-0', 'version: 4');
      await eventually(hangMs, async () => {
        const map = await object('v1', 'ConfigMap', 'map-0');
        assert.deepEqual(map['data'], { 'map-0': 'version: 4' });
      });
      await world.operator.end('SIGKILL');
      await world.operator.start();
    });
  });

  it('restarts and writes nothing because the operator starts', async () => {
    await comesToRest('first', 'maps', 'secrets');
    const told = await statusLooks();
    await comesToRest('first', 'maps', 'secrets');
    // What was found is in the status.
    await eventually(hangMs, async () => assert.ok((await statusLooks()) >= told + 2));
    await world.operator.end('SIGTERM');
    world.apiOperations.reset();
    await world.operator.start();
    await passes(2);
    await eventually(hangMs, async () => assert.ok((await statusLooks()) >= 2));
    assert.deepEqual(kubernetesWrites(world.apiOperations.counts()), {});
  });

  it('goes beside that of a NacosConfig for the same workload, each with its own note', async () => {
    // Of the name of an object of the sync.
    await publish('alone', 'map-1', 'alone: 0');
    await world.backends.kubernetes.apply({
      apiVersion: bridge,
      kind: 'NacosConfig',
      metadata: { name: 'map-1', namespace },
      spec: {
        group: 'alone',
        mirror: { configMap: { name: 'of-config' } },
        rollout: { auto: true, debounceSeconds: 0 },
      },
    });
    await eventually(hangMs, () => object('v1', 'ConfigMap', 'of-config'));
    await deploy('both', { configMapRef: { name: 'map-1' } }, { configMapRef: { name: 'of-config' } });
    await restarted('both', 'map-1', () => publish('alone', 'map-1', 'alone: 1'));
    await restarted('both', 'ConfigMap.map-1', () => publish('maps', 'map-1', 'version: 5'));
    await comesToRest('both', 'maps');
    assert.deepEqual([...(await notes('both')).keys()].sort(), ['ConfigMap.map-1', 'map-1']);
  });

  it('comes to an end where two of them write into one ConfigMap, and restarts nothing for what users write there', async () => {
    const data = { mine: 'kept' };
    await world.backends.kubernetes.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'shared', namespace },
      data,
    });
    for (const name of ['left', 'right']) {
      const mapping = { preset: 'SingleObject', objectName: 'shared', group: name };
      await applySync(name, { source: 'Both', nacos: { dataIds: [`${name}-*`] }, mapping });
    }
    await deploy('shared', { configMapRef: { name: 'shared' } });
    for (const name of ['left', 'right']) {
      await restarted('shared', 'ConfigMap.shared', () => publish(name, `${name}-one`, '1'));
      await rolledOut(name);
    }
    await comesToRest('shared', 'left', 'right');
    const before = await version('shared');
    await world.backends.kubernetes.patch(ref('v1', 'ConfigMap', 'shared'), { data: { 'left-one': '2' } });
    await eventually(hangMs, async () => {
      const config = await world.backends.nacos.read({ group: 'left', dataId: 'left-one', namespaceId: '' });
      assert.equal(config?.content, '2');
    });
    await comesToRest('shared', 'left', 'right');
    assert.equal(await version('shared'), before);
  });

  const ref = (apiVersion: string, kind: string, name: string) => ({ apiVersion, kind, namespace, name });

  const publish = (group: string, dataId: string, content: string) =>
    world.backends.nacos.publish({ group, dataId, namespaceId: '' }, content);

  async function applySync(name: string, spec: object): Promise<void> {
    const metadata = { name, namespace };
    const rollout = { auto: true, debounceSeconds };
    await world.backends.kubernetes.apply({
      apiVersion: bridge,
      kind: 'NacosConfigSync',
      metadata,
      spec: { ...spec, rollout },
    });
  }

  async function deploy(name: string, ...envFrom: object[]): Promise<void> {
    const labels = { app: name };
    const template = { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app', envFrom }] } };
    const spec = { replicas: 0, selector: { matchLabels: labels }, template };
    await world.backends.kubernetes.apply({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace },
      spec,
    });
  }

  async function object(apiVersion: string, kind: string, name: string): Promise<KubeObject> {
    const found = await world.backends.kubernetes.get(ref(apiVersion, kind, name));
    assert.ok(found, `there is no ${kind} '${name}'`);
    return found;
  }

  const deployment = (name: string) => object('apps/v1', 'Deployment', name);

  async function version(name: string): Promise<string | undefined> {
    return (await deployment(name)).metadata.resourceVersion;
  }

  /** What it was restarted for, by whom or what. */
  async function notes(name: string): Promise<Map<string, string>> {
    const { annotations = {} } = (await deployment(name)).metadata as { annotations?: Record<string, string> };
    const ours = Object.entries(annotations).filter(([one]) => one.startsWith(prefix));
    return new Map(ours.map(([one, value]) => [one.slice(prefix.length), value]));
  }

  async function isRestarted(name: string): Promise<boolean> {
    return JSON.stringify((await deployment(name))['spec']).includes('kubectl.kubernetes.io/restartedAt');
  }

  /** `change` has it restarted, and that noted. */
  async function restarted(name: string, note: string, change: () => Promise<unknown>): Promise<void> {
    const before = (await notes(name)).get(note);
    await change();
    await eventually(hangMs, async () => {
      assert.notEqual((await notes(name)).get(note), before);
      assert.ok(await isRestarted(name));
    });
  }

  async function rolledOut(sync: string): Promise<void> {
    await eventually(hangMs, async () => {
      const { status } = (await object(bridge, 'NacosConfigSync', sync)) as { status?: { conditions?: Condition[] } };
      const told = status?.conditions?.find(({ type }) => type === 'RolledOut');
      assert.equal(told?.status, 'True', told?.message);
    });
  }

  interface Condition {
    readonly type: string;
    readonly status: string;
    readonly message: string;
  }

  const rolloutPasses = () =>
    world.operator.metric('controller_runtime_reconcile_total', 'controller="nacosconfigsync-rollout"');

  const statusLooks = () =>
    world.operator.metric('controller_runtime_reconcile_total', 'controller="nacosconfigsync-status"');

  /** So many more passes over the workloads than there were. */
  async function passes(more: number, before = 0): Promise<void> {
    await eventually(hangMs, async () => assert.ok((await rolloutPasses()) >= before + more));
  }

  /** However often these syncs are looked at, the workload is not written again. */
  async function comesToRest(name: string, ...syncs: string[]): Promise<void> {
    for (const sync of syncs) await rolledOut(sync);
    const before = await version(name);
    for (const look of ['again', 'and again']) {
      const passed = await rolloutPasses();
      for (const sync of syncs) {
        const annotations = { look };
        await world.backends.kubernetes.patch(ref(bridge, 'NacosConfigSync', sync), { metadata: { annotations } });
      }
      await passes(syncs.length, passed);
    }
    assert.equal(await version(name), before);
  }
});
