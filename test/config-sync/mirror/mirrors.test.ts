import assert from 'node:assert/strict';
import { CHANGED_AT_ANNOTATION, CONTENT_MD5_ANNOTATION } from '../../../operator/api/names.ts';
import type { NacosConfig } from '../../../operator/api/resources.ts';
import { SECRET } from '../../../operator/connections/secret-watches.ts';
import { CONFIG_MAP, type DataObject } from '../../../operator/config-sync/mirror/data-object.ts';
import { compileMirror } from '../../../operator/config-sync/mirror/mirror-target.ts';
import { Mirrors, type MirrorResult } from '../../../operator/config-sync/mirror/mirrors.ts';
import { notOwned } from '../../../operator/config-sync/mirror/write-mirror.ts';
import { workloadTypes } from '../../../operator/config-sync/rollout/workload-kinds.ts';
import { BridgeError, isBridgeError } from '../../../operator/errors.ts';
import type { ConfigObservation } from '../../../operator/nacos/config/config-snapshot.ts';
import { FakeClock } from '../../fake-clock.ts';
import { MirrorCluster, NAMESPACE, present, served } from './mirror-cluster.ts';

const DATA_ID = 'app.yaml';
const absent = { kind: 'absent' } as ConfigObservation;

/** The spec of a StatefulSet whose pods mount a ConfigMap. */
function setUsing(configMap: string): object {
  const labels = { app: 'reader' };
  const volumes = [{ name: 'config', configMap: { name: configMap } }];
  const template = { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app' }], volumes } };
  return { replicas: 0, serviceName: 'reader', selector: { matchLabels: labels }, template };
}

const validation = { syntax: true };

describe('mirrors', () => {
  const clock = new FakeClock();
  let cluster: MirrorCluster;
  let mirrors: Mirrors;
  const onNews = () => {};

  before(async function () {
    cluster = await MirrorCluster.start(clock);
  });

  after(() => cluster.stop());

  beforeEach(async () => {
    mirrors = new Mirrors({
      access: cluster.access,
      users: cluster.users,
      configClient: cluster.configClient,
      clock,
      onNews,
    });
    await clock.advance(10_000);
  });

  async function sync(
    resource: NacosConfig,
    observed: string | ConfigObservation,
    format: 'yaml' | 'properties' | 'text' = 'yaml',
  ): Promise<MirrorResult> {
    const observation = typeof observed === 'string' ? present(observed) : observed;
    const target = compileMirror(resource.spec.mirror, DATA_ID)!;
    await cluster.observe();
    return mirrors.sync(resource.metadata.name, { resource, target, served: served(observation), format, validation });
  }

  /** With what a watch has brought so far, and the requests that it took, by method and status. */
  async function counted(
    resource: NacosConfig,
    content: string,
  ): Promise<{ result: MirrorResult; requests: Record<string, number> }> {
    const target = compileMirror(resource.spec.mirror, DATA_ID)!;
    const request = { resource, target, served: served(present(content)), format: 'yaml', validation } as const;
    const before = await cluster.requests();
    const result = await mirrors.sync(resource.metadata.name, request);
    const after = Object.entries(await cluster.requests());
    const made = after.map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
    return { result, requests: Object.fromEntries(made.filter(([, count]) => count > 0)) };
  }

  const secret = (name: string) => cluster.clients.Secret.get(name, NAMESPACE);

  async function controlledBy({ metadata }: NacosConfig): Promise<string[]> {
    await cluster.observe();
    const all = [
      ...cluster.access.ConfigMap.controlledBy(metadata.uid!),
      ...cluster.access.Secret.controlledBy(metadata.uid!),
    ];
    return all.map((object) => object.metadata.name).sort();
  }

  describe('in a ConfigMap', () => {
    it('are created with owner, label and md5, and say nothing of a change', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'created' } } });
      const { verdict, written, mirror } = await sync(config, 'a: 1');
      assert.equal(written, 'Created');
      assert.equal(verdict.status, 'True');
      const object = (await cluster.configMap('created'))!;
      assert.deepEqual(object.data, { [DATA_ID]: 'a: 1' });
      assert.equal(object.metadata.annotations?.[CONTENT_MD5_ANNOTATION], mirror?.md5);
      assert.equal(object.metadata.annotations?.[CHANGED_AT_ANNOTATION], undefined);
      assert.equal(object.metadata.ownerReferences?.[0]?.uid, config.metadata.uid);
    });

    it('say when their content was replaced, and keep saying so when they are put right', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'replaced' } } });
      await sync(config, 'a: 1');
      await clock.advance(1500);
      const changedAtMs = clock.now();
      const { written, mirror } = await sync(config, 'a: 2');
      assert.deepEqual([written, mirror?.changedAtMs], ['Updated', changedAtMs]);
      await clock.advance(60_000);
      await cluster.edit(CONFIG_MAP, 'replaced', { data: { [DATA_ID]: 'mine' } });
      const again = await sync(config, 'a: 2');
      assert.deepEqual([again.written, again.mirror?.changedAtMs], ['Restored', changedAtMs]);
      assert.equal((await cluster.configMap('replaced'))?.data?.[DATA_ID], 'a: 2');
    });

    it('are not read again when they come back as they were written', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'echo' } } });
      await sync(config, 'a: 1');
      await cluster.observe();
      const { result, requests } = await counted(config, 'a: 1');
      assert.deepEqual([result.verdict.status, result.written, requests], ['True', undefined, {}]);
    });

    it('take new content in one request while they are as they were left, and tell when', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'unread' } } });
      await sync(config, 'a: 1');
      for (const content of ['a: 2', 'a: 3']) {
        await clock.advance(1000);
        await cluster.observe();
        const { result, requests } = await counted(config, content);
        assert.deepEqual([result.written, result.mirror?.changedAtMs], ['Updated', clock.now()]);
        assert.deepEqual(requests, { 'PATCH 200': 1 });
        assert.deepEqual((await cluster.configMap('unread'))?.data, { [DATA_ID]: content });
      }
    });

    for (const { what, name, edit, holds } of [
      { what: 'a value of ours', name: 'value', edit: { data: { [DATA_ID]: 'mine' } }, holds: { [DATA_ID]: 'a: 2' } },
      { what: 'a key', name: 'key', edit: { data: { theirs: 'x' } }, holds: { [DATA_ID]: 'a: 2', theirs: 'x' } },
      {
        what: 'a label',
        name: 'label',
        edit: { metadata: { labels: { team: 'shop' } } },
        holds: { [DATA_ID]: 'a: 2' },
      },
    ]) {
      it(`are read before new content is written when somebody has changed ${what}, seen or not`, async () => {
        for (const isSeen of [true, false]) {
          const object = `${name}-${isSeen}`;
          const config = await cluster.newConfig({ mirror: { configMap: { name: object } } });
          await sync(config, 'a: 1');
          await cluster.observe();
          await cluster.edit(CONFIG_MAP, object, edit);
          if (isSeen) await cluster.observe();
          const { result, requests } = await counted(config, 'a: 2');
          assert.equal(result.written, 'Updated');
          assert.deepEqual(requests, { ...(isSeen ? {} : { 'PATCH 409': 1 }), 'GET 200': 1, 'PATCH 200': 1 });
          const { data, metadata } = (await cluster.configMap(object))!;
          assert.deepEqual(data, holds);
          assert.equal(metadata.labels?.['team'], edit.metadata?.labels.team);
        }
      });
    }

    it('are not written when somebody else has put another object in their place, and nobody has seen it yet', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'taken' } } });
      await sync(config, 'a: 1');
      await cluster.observe();
      await cluster.clients.ConfigMap.delete('taken', NAMESPACE);
      const gone = counted(config, 'a: 2');
      assert.equal((await gone).result.written, 'Created');
      await cluster.observe();
      await cluster.clients.ConfigMap.delete('taken', NAMESPACE);
      const theirs = await cluster.create(CONFIG_MAP, { metadata: { name: 'taken' }, data: { a: 'precious' } });
      await assert.rejects(counted(config, 'a: 3'), { code: 'NOT_OWNED' });
      assert.equal((await cluster.configMap('taken'))?.metadata.resourceVersion, theirs.metadata.resourceVersion);
    });

    it('lose the keys that they had, and keep those of others', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'keys' }, format: 'Env' } });
      await sync(config, 'a: 1\nb: 2');
      await cluster.edit(CONFIG_MAP, 'keys', { data: { theirs: 'x' } });
      await sync(config, 'b: 3\nc: 4');
      assert.deepEqual((await cluster.configMap('keys'))?.data, { b: '3', c: '4', theirs: 'x' });
    });

    it('are written anew when the format changes and the content does not', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'format', key: 'a' }, format: 'File' } });
      await sync(config, 'a: 1');
      await sync(config, 'a: 1');
      const mirror = { immutable: false, format: 'Env', configMap: { name: 'format' } } as const;
      const env = { ...config, spec: { ...config.spec, mirror } };
      assert.equal((await sync(env, 'a: 1')).mirror?.changedAtMs, undefined);
      assert.deepEqual((await cluster.configMap('format'))?.data, { a: '1' });
    });

    it('keep what they hold when the dataId is gone', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'kept' } } });
      assert.match((await sync(config, absent)).verdict.message, /^The dataId does not exist in Nacos$/);
      await sync(config, 'a: 1');
      const { verdict, mirror } = await sync(config, absent);
      assert.deepEqual([verdict.reason, mirror?.name, mirror?.md5], ['RemoteMissing', 'kept', undefined]);
      assert.match(verdict.message, /ConfigMap 'kept' keeps/);
      assert.deepEqual((await cluster.configMap('kept'))?.data, { [DATA_ID]: 'a: 1' });
    });

    it('are not written at all when the content is too large, keys of others counted', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'large' } } });
      await assert.rejects(sync(config, 'x'.repeat(2 * 1024 * 1024)), (error) => {
        assert.ok(isBridgeError(error, 'INVALID_CONTENT'));
        assert.match(error.message, /2097152 bytes .* at most 1048576 bytes; it was not written/);
        return true;
      });
      assert.equal(await cluster.configMap('large'), undefined);
      await sync(config, 'x'.repeat(1024 * 1024));
      await sync(config, 'x');
      await cluster.edit(CONFIG_MAP, 'large', { data: { theirs: 'y'.repeat(1024 * 1024 - 1) } });
      const { resourceVersion } = (await cluster.configMap('large'))!.metadata;
      await assert.rejects(sync(config, 'xx'), { code: 'INVALID_CONTENT' });
      assert.equal((await cluster.configMap('large'))?.metadata.resourceVersion, resourceVersion);
    });

    it('never touch what somebody else has', async () => {
      const theirs = await cluster.create(CONFIG_MAP, { metadata: { name: 'theirs' }, data: { a: 'precious' } });
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'theirs' } } });
      for (const observed of ['a: 1', absent]) {
        await assert.rejects(
          sync(config, observed),
          /ConfigMap 'theirs' exists and is not controlled by this NacosConfig; name another one in `spec.mirror`, or set/,
        );
      }
      assert.equal((await cluster.configMap('theirs'))?.metadata.resourceVersion, theirs.metadata.resourceVersion);
    });

    for (const { what, data, code } of [
      { what: 'with other keys', data: { a: 'precious' }, code: 'NOT_OWNED' },
      { what: 'with the same key', data: { [DATA_ID]: 'precious' }, code: 'KUBE_CONFLICT' },
      { what: 'with the same key and content', data: { [DATA_ID]: 'a: 1' }, code: 'NOT_OWNED' },
    ]) {
      it(`leave an object as it is that somebody creates at the same moment ${what}`, async () => {
        const name = what.replaceAll(' ', '-');
        const config = await cluster.newConfig({ mirror: { configMap: { name } } });
        const { client } = cluster.access.ConfigMap;
        const racing = Object.assign(Object.create(client) as typeof client, {
          get: async () => void (await cluster.create(CONFIG_MAP, { metadata: { name }, data })),
          apply: client.apply.bind(client),
        });
        const access = { ...cluster.access, ConfigMap: { ...cluster.access.ConfigMap, client: racing } };
        mirrors = new Mirrors({ access, users: cluster.users, configClient: cluster.configClient, clock, onNews });
        await assert.rejects(counted(config, 'a: 1'), { code });
        const { metadata, ...object } = (await cluster.configMap(name))!;
        assert.deepEqual([object.data, metadata.ownerReferences, metadata.labels], [data, undefined, undefined]);
      });
    }
  });

  describe('in a Secret', () => {
    it('hold the bytes of the content, and are put back when they are edited', async () => {
      const config = await cluster.newConfig({ mirror: { secret: { name: 'secret', key: 'k' } } });
      const { verdict } = await sync(config, 'pässword');
      assert.match(verdict.message, /^Key 'k' of Secret 'secret' holds what Nacos holds/);
      const read = (object: DataObject | undefined) => Buffer.from(object?.data?.['k'] ?? '', 'base64').toString();
      assert.equal(read(await secret('secret')), 'pässword');
      await cluster.edit(SECRET, 'secret', { data: { k: Buffer.from('mine').toString('base64') } });
      assert.equal((await sync(config, 'pässword')).written, 'Restored');
      assert.equal(read(await secret('secret')), 'pässword');
      assert.equal((await sync(config, 'pässword')).written, undefined);
    });

    it('are of the type that the spec says, and tell that another one needs another Secret', async () => {
      const secretOf = (type?: string) => ({ secret: { name: 'typed', key: 'username', type } });
      const config = await cluster.newConfig({ mirror: secretOf('kubernetes.io/basic-auth') });
      await sync(config, 'bridge');
      assert.equal((await secret('typed'))?.type, 'kubernetes.io/basic-auth');
      for (const [type, content] of [
        [undefined, 'bridge'],
        ['example.com/other', 'another'],
      ] as const) {
        const spec = { ...config.spec, mirror: { ...config.spec.mirror!, ...secretOf(type) } };
        await assert.rejects(sync({ ...config, spec }, content), {
          code: 'INVALID_SPEC',
          message: `\`spec.mirror.secret.type\` '${type ?? 'Opaque'}' is not the type of Secret 'typed', 'kubernetes.io/basic-auth', which cannot change; delete that Secret, or name another one`,
        });
      }
      await cluster.clients.Secret.delete('typed', NAMESPACE);
      const spec = { ...config.spec, mirror: { ...config.spec.mirror!, ...secretOf() } };
      assert.equal((await sync({ ...config, spec }, 'bridge')).written, 'Created');
      assert.equal((await secret('typed'))?.type, 'Opaque');
    });

    it('say of wrong content where it is wrong, and not what it says', async () => {
      const config = await cluster.newConfig({ mirror: { secret: { name: 'quiet' }, format: 'Env' } });
      for (const content of ['marker: [marker]', 'a: 1\nmarker marker: 1', 'a: "marker', '- marker', 'marker']) {
        await assert.rejects(sync(config, content), (error) => {
          assert.ok(isBridgeError(error, 'INVALID_CONTENT'), content);
          assert.doesNotMatch(error.message, /marker/);
          return true;
        });
      }
      assert.equal(await secret('quiet'), undefined);
    });
  });

  it('say what to do about an object of others, each kind of owner in its own words', () => {
    assert.match(
      notOwned('ConfigMap', 'kube-root-ca.crt', 'NacosConfigSync').message,
      /; let `spec.mapping` make another/,
    );
    for (const owner of ['NacosConfig', 'NacosConfigSync']) {
      assert.doesNotMatch(notOwned('ConfigMap', 'kube-root-ca.crt', owner).message, /delete/);
    }
  });

  it('say which value of the chart grants the right that is missing', async () => {
    const config = await cluster.newConfig({ mirror: { secret: { name: 'forbidden' } } });
    const { client } = cluster.access.Secret;
    const refusing = Object.assign(Object.create(client) as typeof client, {
      get: async () => Promise.reject(new BridgeError('KUBE_FORBIDDEN', 'get secrets: forbidden')),
    });
    mirrors = new Mirrors({
      access: { ...cluster.access, Secret: { ...cluster.access.Secret, client: refusing } },
      users: cluster.users,
      configClient: cluster.configClient,
      clock,
      onNews,
    });
    await assert.rejects(sync(config, 'a: 1'), {
      code: 'KUBE_FORBIDDEN',
      message: 'get secrets: forbidden; `secrets.mirror` of the chart grants it',
    });
  });

  describe('that move', () => {
    it('to another name remove the former object, once the new one is there', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'before' } } });
      await sync(config, 'a: 1');
      const moved = {
        ...config,
        spec: { ...config.spec, mirror: { ...config.spec.mirror!, configMap: { name: 'after' } } },
      };
      await sync(moved, absent);
      assert.deepEqual(await controlledBy(config), ['before']);
      await sync(moved, 'a: 1');
      assert.deepEqual(await controlledBy(config), ['after']);
    });

    /** By a process that has seen no Secret: nobody watches them when no mirror is in one. */
    function restartUnwatched(): void {
      const Secret = { ...cluster.access.Secret, find: () => undefined, ownedBy: () => [], mergedBy: () => [] };
      const access = { ...cluster.access, Secret };
      mirrors = new Mirrors({ access, users: cluster.users, configClient: cluster.configClient, clock, onNews });
    }

    const moved = (config: NacosConfig, name: string, status: NacosConfig['status']): NacosConfig => ({
      ...config,
      metadata: { ...config.metadata, generation: 2 },
      spec: { ...config.spec, mirror: { format: 'File', immutable: false, configMap: { name } } },
      status,
    });

    const statuses: { title: string; status: NacosConfig['status'] }[] = [
      { title: 'by the status of a former version', status: { mirrorName: 'kind', observedGeneration: 1 } },
      {
        title: 'also when Nacos was away in between, and the status tells of that',
        status: { mirrorName: 'kind', mirrorKinds: ['Secret'], observedGeneration: 2 },
      },
    ];
    for (const { status, title } of statuses) {
      it(`from a Secret to a ConfigMap remove the Secret, although nobody watches Secrets any more, ${title}`, async () => {
        const config = await cluster.newConfig({ mirror: { secret: { name: 'kind' } } });
        assert.deepEqual((await sync(config, 'a: 1')).kinds, ['Secret']);
        restartUnwatched();
        const { kinds } = await sync(moved(config, 'kind', status), 'a: 1');
        assert.equal(await secret('kind'), undefined);
        assert.ok(await cluster.configMap('kind'));
        assert.deepEqual(kinds, ['ConfigMap']);
        await cluster.clients.ConfigMap.delete('kind', NAMESPACE);
      });
    }

    it('from a Secret that pods still name to a ConfigMap remove the Secret later, by whichever process', async () => {
      const config = await cluster.newConfig({ mirror: { secret: { name: 'in-use' } } });
      await sync(config, 'a: 1');
      const using = {
        spec: { volumes: [{ name: 'v', secret: { secretName: 'in-use' } }], containers: [{ name: 'c', image: 'i' }] },
      };
      await cluster.create(workloadTypes.StatefulSet.ref, {
        metadata: { name: 'in-use' },
        spec: {
          serviceName: 's',
          selector: { matchLabels: { a: 'b' } },
          template: { ...using, metadata: { labels: { a: 'b' } } },
        },
      });
      restartUnwatched();
      const before = { mirrorName: 'in-use', mirrorKinds: ['Secret' as const], observedGeneration: 1 };
      const { kinds } = await sync(moved(config, 'next', before), 'a: 1');
      assert.deepEqual(kinds, ['ConfigMap', 'Secret']);
      assert.ok(await secret('in-use'));
      await cluster.edit(workloadTypes.StatefulSet.ref, 'in-use', {
        spec: { template: { spec: { volumes: null } } },
      });
      restartUnwatched();
      const after = { mirrorName: 'next', mirrorKinds: [...kinds], observedGeneration: 2 };
      assert.deepEqual((await sync(moved(config, 'next', after), 'a: 1')).kinds, ['ConfigMap']);
      assert.equal(await secret('in-use'), undefined);
    });

    it('leave what others have put into the former object, which nobody owns then', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'shared' } } });
      await sync(config, 'a: 1');
      await cluster.edit(CONFIG_MAP, 'shared', { data: { theirs: 'x' } });
      await cluster.observe();
      await mirrors.removeAll(config.metadata.name, config);
      const { data, metadata } = (await cluster.configMap('shared'))!;
      assert.deepEqual([data, metadata.ownerReferences, await controlledBy(config)], [{ theirs: 'x' }, undefined, []]);
    });

    it('out of the spec are removed', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'unwanted' } } });
      await sync(config, 'a: 1');
      await cluster.observe();
      await mirrors.removeAll(config.metadata.name, config);
      assert.deepEqual(await controlledBy(config), []);
    });
  });

  describe('with labels and annotations', () => {
    for (const immutable of [false, true]) {
      it(`have and lose what the spec says, and keep those of others${immutable ? ', immutable ones, too' : ''}`, async () => {
        const name = `dressed-${immutable}`;
        const file = { configMap: { name }, format: 'File', immutable } as const;
        const withMetadata = (metadata: object) => ({ ...file, ...metadata });
        const config = await cluster.newConfig({
          mirror: withMetadata({ labels: { team: 'shop', tier: 'web' }, annotations: { note: 'ours' } }),
        });
        const { mirror } = await sync(config, 'a: 1');
        await cluster.edit(CONFIG_MAP, mirror!.name, { metadata: { labels: { theirs: 'x' } } });
        const metadataOf = async () => (await cluster.configMap(mirror!.name))!.metadata;
        assert.deepEqual(
          [(await metadataOf()).labels?.['team'], (await metadataOf()).annotations?.['note']],
          ['shop', 'ours'],
        );
        const spec = { ...config.spec, mirror: withMetadata({ labels: { team: 'store' } }) };
        const changed = { ...config, spec };
        assert.equal((await sync(changed, 'a: 1')).written, 'Restored');
        const { labels = {}, annotations = {} } = await metadataOf();
        assert.deepEqual([labels['team'], labels['tier'], labels['theirs']], ['store', undefined, 'x']);
        assert.equal(annotations['note'], undefined);
        assert.ok(annotations[CONTENT_MD5_ANNOTATION]);
        assert.equal((await sync(changed, 'a: 1')).written, undefined);
      });
    }

    it('put back a label of theirs that somebody has changed or taken away', async () => {
      const config = await cluster.newConfig({
        mirror: { configMap: { name: 'relabelled' }, labels: { team: 'shop' } },
      });
      await sync(config, 'a: 1');
      for (const team of ['other', null]) {
        await cluster.edit(CONFIG_MAP, 'relabelled', { metadata: { labels: { team } } });
        assert.equal((await sync(config, 'a: 1')).written, 'Restored');
        assert.equal((await cluster.configMap('relabelled'))?.metadata.labels?.['team'], 'shop');
      }
    });
  });

  describe('that outlive their NacosConfig', () => {
    const keeping = (name: string, immutable = false) => ({
      configMap: { name },
      immutable,
      onDelete: 'Keep' as const,
    });
    const changed = (config: NacosConfig, mirror: NacosConfig['spec']['mirror']): NacosConfig => ({
      ...config,
      spec: { ...config.spec, mirror },
    });
    const ownersOf = async (name: string) => (await cluster.configMap(name))?.metadata.ownerReferences ?? [];

    it('have no owner reference from the first moment on, and are kept right', async () => {
      const config = await cluster.newConfig({ mirror: keeping('permanent') });
      await sync(config, 'a: 1');
      assert.deepEqual(await ownersOf('permanent'), []);
      await cluster.edit(CONFIG_MAP, 'permanent', { data: { [DATA_ID]: 'mine' } });
      assert.equal((await sync(config, 'a: 1')).written, 'Restored');
      assert.equal((await sync(config, 'a: 2')).written, 'Updated');
      assert.equal((await sync(config, 'a: 2')).written, undefined);
      assert.equal((await cluster.configMap('permanent'))?.data?.[DATA_ID], 'a: 2');
    });

    for (const immutable of [false, true]) {
      const title = immutable ? 'immutable, with its history' : 'one object';
      it(`become such when the spec says so, and the contrary: ${title}`, async () => {
        const name = `turned-${immutable}`;
        const config = await cluster.newConfig({ mirror: { configMap: { name }, immutable } });
        await sync(config, 'a: 1');
        const before = await controlledBy(config);
        await clock.advance(1);
        await sync(config, 'a: 2');
        const all = [...new Set([...before, ...(await controlledBy(config))])];
        const kept = changed(config, { ...keeping(name, immutable), format: 'File' });
        await sync(kept, 'a: 2');
        for (const one of all) assert.deepEqual(await ownersOf(one), [], one);
        assert.equal((await sync(kept, 'a: 2')).written, undefined);
        await sync(config, 'a: 2');
        for (const one of all) assert.equal((await ownersOf(one))[0]?.uid, config.metadata.uid, one);
        assert.deepEqual(new Set(await controlledBy(config)), new Set(all));
        assert.equal((await sync(config, 'a: 2')).written, undefined);
      });
    }

    it('are taken up by a NacosConfig of the same name, and by no other one', async () => {
      const config = await cluster.newConfig({ mirror: keeping('orphan') });
      await sync(config, 'a: 1');
      const { metadata } = config;
      const again = { ...config, metadata: { ...metadata, uid: 'another' } };
      mirrors = new Mirrors({
        access: cluster.access,
        users: cluster.users,
        configClient: cluster.configClient,
        clock,
        onNews,
      });
      assert.equal((await sync(again, 'a: 2')).written, 'Updated');
      const other = await cluster.newConfig({ mirror: keeping('orphan') });
      await assert.rejects(sync(other, 'a: 3'), { code: 'NOT_OWNED' });
    });

    it('stay when nothing is mirrored any more, and go when another object has the mirror', async () => {
      const config = await cluster.newConfig({ mirror: keeping('stays') });
      await sync(config, 'a: 1');
      await cluster.observe();
      assert.deepEqual(await mirrors.removeAll(config.metadata.name, config), []);
      assert.ok(await cluster.configMap('stays'));
      const { removed } = await sync(changed(config, { ...keeping('moved'), format: 'File' }), 'a: 1');
      assert.deepEqual(removed, [{ kind: 'ConfigMap', name: 'stays', how: 'Deleted' }]);
    });
  });

  describe('that are immutable', () => {
    const nameOf = (name: string, content: string) => `${name}-${present(content).snapshot.md5.slice(0, 10)}`;

    it('are an object for each content, of which the present one and the one before stay', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'line' }, immutable: true } });
      const [one, two, three] = ['a: 1', 'a: 2', 'a: 3'].map((content) => nameOf('line', content));
      const first = await sync(config, 'a: 1');
      assert.deepEqual([first.mirror?.name, first.mirror?.changedAtMs], [one, undefined]);
      await clock.advance(1);
      const second = await sync(config, 'a: 2');
      assert.ok(second.mirror?.changedAtMs);
      assert.deepEqual(new Set(await controlledBy(config)), new Set([one, two]));
      await clock.advance(1);
      await sync(config, 'a: 3');
      // What was deleted is known by the next look.
      await sync(config, 'a: 3');
      assert.deepEqual(new Set(await controlledBy(config)), new Set([two, three]));
      assert.equal((await cluster.configMap(three!))?.immutable, true);
    });

    it('make the object of a content that comes back the latest again', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'back' }, immutable: true } });
      await sync(config, 'a: 1');
      await sync(config, 'a: 2');
      const { written, mirror } = await sync(config, 'a: 1');
      assert.equal(written, 'Updated');
      assert.ok(mirror?.changedAtMs);
      await sync(config, 'a: 3');
      await sync(config, 'a: 3');
      assert.deepEqual(await controlledBy(config), [nameOf('back', 'a: 1'), nameOf('back', 'a: 3')].sort());
    });

    it('keep each object that a pod template still names, however often the content changes, and no longer', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'named' }, immutable: true } });
      const [one, , , four, five] = ['a: 1', 'a: 2', 'a: 3', 'a: 4', 'a: 5'].map((content) => nameOf('named', content));
      await sync(config, 'a: 1');
      await cluster.create(workloadTypes.StatefulSet.ref, { metadata: { name: 'named' }, spec: setUsing(one!) });
      let message = '';
      for (const content of ['a: 2', 'a: 3', 'a: 4']) {
        await clock.advance(1);
        ({ message } = (await sync(config, content)).verdict);
      }
      assert.ok(await cluster.configMap(one!), 'no pod could start without it');
      assert.match(message, new RegExp(`former ones are kept, '${one}', which pods or pod templates still name`));
      await cluster.edit(workloadTypes.StatefulSet.ref, 'named', { spec: setUsing(four!) });
      await clock.advance(1);
      const { verdict, removed } = await sync(config, 'a: 5');
      assert.ok(removed.some(({ name, how }) => name === one && how === 'Deleted'));
      assert.doesNotMatch(verdict.message, /kept/);
      assert.deepEqual(new Set(await controlledBy(config)), new Set([four, five]));
    });

    it('keep the object of a former name for as long as pods name it', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'former' } } });
      await sync(config, 'a: 1');
      await cluster.create(workloadTypes.StatefulSet.ref, { metadata: { name: 'former' }, spec: setUsing('former') });
      const mirror = { ...config.spec.mirror!, configMap: { name: 'latter' } };
      const moved = { ...config, spec: { ...config.spec, mirror } };
      await sync(moved, 'a: 2');
      assert.deepEqual(await controlledBy(config), ['former', 'latter']);
      await cluster.edit(workloadTypes.StatefulSet.ref, 'former', { spec: setUsing('latter') });
      const { removed } = await sync(moved, 'a: 2');
      assert.deepEqual(removed, [{ kind: 'ConfigMap', name: 'former', how: 'Deleted' }]);
    });

    it('are all kept while it cannot be seen who names them, and say so', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'unseen' }, immutable: true } });
      const users = { named: () => Promise.reject(new BridgeError('KUBE_FORBIDDEN', 'list pods: forbidden')) };
      mirrors = new Mirrors({
        access: cluster.access,
        users: users as never,
        configClient: cluster.configClient,
        clock,
        onNews,
      });
      let message = '';
      for (const content of ['a: 1', 'a: 2', 'a: 3', 'a: 4']) {
        await clock.advance(1);
        ({ message } = (await sync(config, content)).verdict);
      }
      assert.equal((await controlledBy(config)).length, 4);
      assert.match(message, /cannot be seen whether pods still name them: list pods: forbidden; `mirror.enabled`/);
    });

    for (const historyLimit of [0, 3]) {
      it(`keep ${historyLimit} former objects where the history has ${historyLimit}`, async () => {
        const name = `history-${historyLimit}`;
        const config = await cluster.newConfig({ mirror: { configMap: { name }, immutable: true, historyLimit } });
        for (const content of ['a: 1', 'a: 2', 'a: 3', 'a: 4', 'a: 5']) {
          await clock.advance(1);
          await sync(config, content);
        }
        await sync(config, 'a: 5');
        const present = ['a: 5', 'a: 4', 'a: 3', 'a: 2'].slice(0, historyLimit + 1);
        assert.deepEqual(await controlledBy(config), present.map((content) => nameOf(name, content)).sort());
      });
    }

    it('write nothing when nothing changed', async () => {
      const config = await cluster.newConfig({ mirror: { secret: { name: 'still' }, immutable: true } });
      await sync(config, 'a: 1');
      await sync(config, 'a: 2');
      for (let look = 0; look < 3; look++) assert.equal((await sync(config, 'a: 2')).written, undefined);
      mirrors = new Mirrors({
        access: cluster.access,
        users: cluster.users,
        configClient: cluster.configClient,
        clock,
        onNews,
      });
      assert.equal((await sync(config, 'a: 2')).written, undefined);
    });

    it('are made anew when their object holds something else', async () => {
      const config = await cluster.newConfig({ mirror: { configMap: { name: 'anew', key: 'one' }, immutable: true } });
      await sync(config, 'a: 1');
      const renamed = {
        ...config,
        spec: { ...config.spec, mirror: { ...config.spec.mirror!, configMap: { name: 'anew', key: 'two' } } },
      };
      await sync(renamed, 'a: 1');
      assert.deepEqual((await cluster.configMap(nameOf('anew', 'a: 1')))?.data, { two: 'a: 1' });
    });
  });
});
