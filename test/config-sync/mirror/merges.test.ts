/** What the scenarios of `mirror.mode: Merge` cannot make happen: races, other managers, and a deletion that is stuck. */
import assert from 'node:assert/strict';
import { ALLOW_MERGE_ANNOTATION, FORCE_FINALIZE_ANNOTATION, MERGE_FINALIZER } from '../../../operator/api/names.ts';
import { NACOS_CONFIG, type NacosConfig } from '../../../operator/api/resources.ts';
import { SECRET } from '../../../operator/connections/secret-watches.ts';
import { CONFIG_MAP } from '../../../operator/config-sync/mirror/data-object.ts';
import { mergeManager } from '../../../operator/config-sync/mirror/merged-keys.ts';
import { compileMirror } from '../../../operator/config-sync/mirror/mirror-target.ts';
import { Mirrors, type MirrorResult } from '../../../operator/config-sync/mirror/mirrors.ts';
import { BridgeError } from '../../../operator/errors.ts';
import { FakeClock } from '../../fake-clock.ts';
import { MirrorCluster, NAMESPACE, present, served } from './mirror-cluster.ts';

const annotations = { [ALLOW_MERGE_ANNOTATION]: 'true' };
const validation = { syntax: true };

describe('keys merged into objects of others', () => {
  const clock = new FakeClock();
  let cluster: MirrorCluster;
  let mirrors: Mirrors;

  before(async () => {
    cluster = await MirrorCluster.start(clock);
  });

  after(() => cluster.stop());

  beforeEach(() => restartOperator());

  function restartOperator(access = cluster.access): void {
    mirrors = new Mirrors({
      access,
      users: cluster.users,
      configClient: cluster.configClient,
      clock,
      onNews: () => {},
    });
  }

  async function sync(config: NacosConfig, content: string): Promise<MirrorResult> {
    await cluster.observe();
    const resource = (await cluster.configClient.get(config.metadata.name, NAMESPACE))!;
    const target = compileMirror(resource.spec.mirror, 'app.yaml')!;
    const request = { resource, target, served: served(present(content)), format: 'yaml', validation } as const;
    return mirrors.sync(resource.metadata.name, request);
  }

  const shared = (name: string, data: Record<string, string> = { own: 'precious' }) =>
    cluster.create(CONFIG_MAP, { metadata: { name, annotations }, data });
  const merging = (name: string, more: object = {}) =>
    cluster.newConfig({ mirror: { configMap: { name }, mode: 'Merge', ...more } });
  const change = (config: NacosConfig, merge: object) => cluster.edit(NACOS_CONFIG, config.metadata.name, merge);
  const finalizersOf = async ({ metadata }: NacosConfig) =>
    (await cluster.configClient.get(metadata.name, NAMESPACE))?.metadata.finalizers ?? [];

  it('are written in a Secret as well, and entry by entry', async () => {
    await cluster.create(SECRET, { metadata: { name: 'login', annotations }, data: { own: 'eA==' } });
    const config = await cluster.newConfig({ mirror: { secret: { name: 'login' }, mode: 'Merge', format: 'Env' } });
    assert.equal((await sync(config, 'a: 1\nb: 2')).written, 'Created');
    assert.equal((await sync(config, 'b: 3')).written, 'Updated');
    const { data } = (await cluster.clients.Secret.get('login', NAMESPACE))!;
    assert.deepEqual(data, { own: 'eA==', b: 'Mw==' });
  });

  it('are neither read nor written again while nothing changes, and not written by the next process', async () => {
    await shared('calm');
    const config = await merging('calm');
    await sync(config, 'a: 1');
    const { resourceVersion } = (await cluster.configMap('calm'))!.metadata;
    const before = await cluster.requests();
    assert.equal((await sync(config, 'a: 1')).written, undefined);
    const after = await cluster.requests();
    // The NacosConfig itself, by this test.
    assert.equal(after['GET 200']! - before['GET 200']!, 3);
    restartOperator();
    assert.equal((await sync(config, 'a: 1')).written, undefined);
    assert.equal((await cluster.configMap('calm'))!.metadata.resourceVersion, resourceVersion);
  });

  it('are not read again because somebody else has written the object, and are when they were edited', async () => {
    await shared('busy');
    const configs = await Promise.all(
      [0, 1, 2].map((n) => merging('busy', { configMap: { name: 'busy', key: `k${n}` } })),
    );
    for (const config of configs) await sync(config, 'a: 1');
    const [first, ...others] = configs;
    await sync(first!, 'a: 2');
    await cluster.edit(CONFIG_MAP, 'busy', { data: { own: 'new' } });
    const before = await cluster.requests();
    for (const config of others) assert.equal((await sync(config, 'a: 1')).written, undefined);
    // For each the NacosConfig itself and two lists, by this test.
    assert.equal((await cluster.requests())['GET 200']! - before['GET 200']!, 6);
    await cluster.edit(CONFIG_MAP, 'busy', { data: { k1: 'mine' } });
    await assert.rejects(sync(others[0]!, 'a: 1'), { code: 'NOT_OWNED' });
    await cluster.edit(CONFIG_MAP, 'busy', { metadata: { annotations: { [ALLOW_MERGE_ANNOTATION]: null } } });
    await assert.rejects(sync(others[1]!, 'a: 1'), { code: 'NOT_OWNED', message: /must agree by the annotation/ });
    const { data } = (await cluster.configMap('busy'))!;
    assert.deepEqual(data, { own: 'new', k0: 'a: 2', k1: 'mine', k2: 'a: 1' });
  });

  it('are not taken from somebody who writes the same key at the same moment', async () => {
    await shared('raced');
    const config = await merging('raced');
    const { client } = cluster.access.ConfigMap;
    const racing = Object.assign(Object.create(client) as typeof client, {
      get: async (name: string) => {
        const object = await client.get(name, NAMESPACE);
        await cluster.edit(CONFIG_MAP, name, { data: { 'app.yaml': 'theirs' } });
        return object;
      },
      apply: client.apply.bind(client),
    });
    restartOperator({ ...cluster.access, ConfigMap: { ...cluster.access.ConfigMap, client: racing } });
    await assert.rejects(sync(config, 'a: 1'), { code: 'KUBE_CONFLICT' });
    restartOperator();
    await assert.rejects(sync(config, 'a: 1'), {
      code: 'NOT_OWNED',
      message: /has the key 'app.yaml' already, which belongs to the field manager 'kubectl-edit'; name another `key`/,
    });
    assert.equal((await cluster.configMap('raced'))?.data?.['app.yaml'], 'theirs');
  });

  it('make nothing of an object that goes at the same moment', async () => {
    await shared('going');
    const config = await merging('going');
    const { client } = cluster.access.ConfigMap;
    const racing = Object.assign(Object.create(client) as typeof client, {
      get: async (name: string) => {
        const object = await client.get(name, NAMESPACE);
        await client.delete(name, NAMESPACE);
        return object;
      },
      apply: client.apply.bind(client),
    });
    restartOperator({ ...cluster.access, ConfigMap: { ...cluster.access.ConfigMap, client: racing } });
    await assert.rejects(sync(config, 'a: 1'), { code: 'KUBE_CONFLICT' });
    assert.equal(await cluster.configMap('going'), undefined);
  });

  it('are not written into a mirror of the same NacosConfig, an immutable object, or beyond the size', async () => {
    const own = await cluster.newConfig({ mirror: { configMap: { name: 'own' } } });
    await sync(own, 'a: 1');
    await change(own, { spec: { mirror: { mode: 'Merge' } } });
    await assert.rejects(sync(own, 'a: 1'), { code: 'NOT_OWNED', message: /is this NacosConfig's own mirror/ });
    await cluster.create(CONFIG_MAP, { metadata: { name: 'fixed', annotations }, immutable: true, data: {} });
    await assert.rejects(sync(await merging('fixed'), 'a: 1'), { code: 'NOT_OWNED', message: /is immutable/ });
    await shared('full', { own: 'x'.repeat(1_048_570) });
    await assert.rejects(sync(await merging('full'), 'a: 12345678'), { code: 'INVALID_CONTENT', message: /1048576/ });
  });

  it('hold the NacosConfig while they are there, unless they are to be kept', async () => {
    await shared('held');
    const config = await merging('held');
    await sync(config, 'a: 1');
    assert.deepEqual(await finalizersOf(config), [MERGE_FINALIZER]);
    await change(config, { spec: { mirror: { onDelete: 'Keep' } } });
    await sync(config, 'a: 1');
    assert.deepEqual(await finalizersOf(config), []);
    await change(config, { spec: { mirror: { onDelete: 'Delete' } } });
    await sync(config, 'a: 1');
    const deleted = { ...(await cluster.configClient.get(config.metadata.name, NAMESPACE))! };
    await mirrors.finalize(deleted);
    assert.deepEqual(await finalizersOf(config), []);
    assert.deepEqual((await cluster.configMap('held'))?.data, { own: 'precious' });
  });

  it('stay, and are let go, when they cannot be taken back and the annotation says so', async () => {
    await shared('stuck');
    const config = await merging('stuck');
    await sync(config, 'a: 1');
    const { client } = cluster.access.ConfigMap;
    const refusing = Object.assign(Object.create(client) as typeof client, {
      get: client.get.bind(client),
      apply: () => Promise.reject(new BridgeError('KUBE_FORBIDDEN', 'patch configmaps: forbidden')),
    });
    restartOperator({ ...cluster.access, ConfigMap: { ...cluster.access.ConfigMap, client: refusing } });
    const resource = (await cluster.configClient.get(config.metadata.name, NAMESPACE))!;
    await assert.rejects(mirrors.finalize(resource), { code: 'KUBE_FORBIDDEN' });
    assert.deepEqual(await finalizersOf(config), [MERGE_FINALIZER]);
    const forced = { ...resource.metadata, annotations: { [FORCE_FINALIZE_ANNOTATION]: 'true' } };
    await mirrors.finalize({ ...resource, metadata: forced });
    assert.deepEqual(await finalizersOf(config), []);
  });

  it('are written by a manager that is told from others and legal, however long the name', () => {
    const names = ['app', 'a'.repeat(115), 'a'.repeat(116), `${'a'.repeat(252)}b`, `${'a'.repeat(252)}c`];
    const managers = names.map(mergeManager);
    assert.equal(new Set(managers).size, names.length);
    for (const manager of managers) assert.ok(manager.length <= 128, manager);
    assert.equal(managers[0], 'nacos-bridge/app');
  });
});
