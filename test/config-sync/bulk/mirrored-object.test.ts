/**
 * How an object of many dataIds is written: which keys it gets, keeps and loses, whoever else has keys in it, and with how
 * many requests.
 */
import assert from 'node:assert/strict';
import { MirroredObject, type FollowedConfig } from '../../../operator/config-sync/bulk/mirrored-object.ts';
import { CONFIG_MAP, dataObjectRefs, encodeData } from '../../../operator/config-sync/mirror/data-object.ts';
import { MirrorKeeper } from '../../../operator/config-sync/mirror/mirror-keeper.ts';
import type { MirrorKind } from '../../../operator/config-sync/mirror/mirror-target.ts';
import type { KubeObject } from '../../../operator/kube/resource.ts';
import { FakeClock } from '../../fake-clock.ts';
import { MirrorCluster, NAMESPACE } from '../mirror/mirror-cluster.ts';

const none: ReadonlySet<string> = new Set();

describe('a mirrored object', () => {
  const clock = new FakeClock();
  let cluster: MirrorCluster;
  let owner: KubeObject;
  let names = 0;

  before(async () => {
    cluster = await MirrorCluster.start(clock);
    owner = await cluster.newConfig({ mirror: { configMap: { name: 'unused' } } });
  });

  after(() => cluster.stop());

  /** As a process sees it that has done nothing yet; a name of its own unless one is given. */
  function objectOf(kind: MirrorKind = 'ConfigMap', name = `object-${(names += 1)}`): MirroredObject {
    const { access } = cluster;
    const keeper = new MirrorKeeper({ access, clock, onNews: () => {} });
    return new MirroredObject(kind, name, { owner, keeper, access, encoding: 'Text' });
  }

  const dataOf = async ({ kind, name }: MirroredObject) => (await cluster.clients[kind].get(name, NAMESPACE))?.data;

  /** With what a watch has brought by now: what was done, what it holds then, and the requests that it took. */
  async function write(object: MirroredObject, texts: Record<string, string>, dropped = none) {
    await cluster.observe();
    const before = await cluster.requests();
    const done = await object.write(texts, dropped);
    const made = Object.entries(await cluster.requests()).map(([name, n]) => [name, n - (before[name] ?? 0)] as const);
    const requests = Object.fromEntries(made.filter(([, count]) => count > 0));
    return { done, data: await dataOf(object), requests };
  }

  it('is made, changed without being read, and not written when nothing changed', async () => {
    const object = objectOf();
    const made = await write(object, { a: '1', b: '2' });
    assert.deepEqual(made, { done: 'created', data: { a: '1', b: '2' }, requests: { 'GET 404': 1, 'PATCH 201': 1 } });
    const changed = await write(object, { a: '3', b: '2', c: '4' });
    assert.deepEqual([changed.done, changed.requests], ['changed', { 'PATCH 200': 1 }]);
    const again = await write(object, { a: '3', b: '2', c: '4' });
    assert.deepEqual(again, { done: undefined, data: { a: '3', b: '2', c: '4' }, requests: {} });
  });

  for (const kind of ['ConfigMap', 'Secret'] as const) {
    it(`keeps keys without a text until it is told to drop them, in a ${kind}`, async () => {
      const object = objectOf(kind);
      await write(object, { a: '1', b: '2' });
      const kept = await write(object, { a: '3' });
      assert.deepEqual(kept.data, encodeData(kind, { a: '3', b: '2' }));
      assert.deepEqual((await write(object, { a: '3' })).requests, {});
      const dropped = await write(object, { a: '3' }, new Set(['b']));
      assert.deepEqual([dropped.done, dropped.data], ['changed', encodeData(kind, { a: '3' })]);
    });
  }

  it('that an earlier process has left is not read when its metadata proves it, and nothing of it is lost', async () => {
    const { name } = await written({ a: '1', b: '2' });
    assert.deepEqual((await write(objectOf('ConfigMap', name), { a: '1', b: '2' })).requests, {});
    const less = await write(objectOf('ConfigMap', name), { a: '3' });
    assert.deepEqual(less.data, { a: '3', b: '2' });
  });

  it('loses nothing when nobody has seen it yet', async () => {
    const { name } = await written({ a: '1', b: '2' });
    const unseen = { ...cluster.access.ConfigMap, find: () => undefined };
    const access = { ...cluster.access, ConfigMap: unseen };
    const keeper = new MirrorKeeper({ access, clock, onNews: () => {} });
    const object = new MirroredObject('ConfigMap', name, { owner, keeper, access, encoding: 'Text' });
    await object.write({ a: '3' }, none);
    assert.deepEqual(await dataOf(object), { a: '3', b: '2' });
  });

  it('keeps the keys of others, whatever goes', async () => {
    const object = await written({ a: '1', b: '2' });
    await cluster.edit(CONFIG_MAP, object.name, { data: { theirs: 'x', b: 'theirs now' } });
    const kept = await write(object, { a: '3' });
    assert.deepEqual(kept.data, { a: '3', b: 'theirs now', theirs: 'x' });
    const dropped = await write(object, {}, new Set(['a']));
    assert.deepEqual([dropped.done, dropped.data], ['changed', { b: 'theirs now', theirs: 'x' }]);
    const { labels, ownerReferences } = (await cluster.configMap(object.name))!.metadata;
    assert.deepEqual([labels, ownerReferences], [undefined, undefined]);
  });

  it('stays when others have its key as well', async () => {
    const object = await written({ a: '1' });
    const { apiVersion, kind, metadata } = (await cluster.configMap(object.name))!;
    const theirs = { apiVersion, kind, metadata: { name: metadata.name, namespace: NAMESPACE }, data: { a: '1' } };
    await cluster.clients.ConfigMap.apply(theirs, { fieldManager: 'theirs', force: false });
    assert.deepEqual((await write(object, {}, new Set(['a']))).data, { a: '1' });
  });

  it('goes with its last key, in one request when nobody else has anything in it', async () => {
    const object = await written({ a: '1' });
    const gone = await write(object, {}, new Set(['a']));
    assert.deepEqual(gone, { done: 'removed', data: undefined, requests: { 'DELETE 200': 1 } });
    assert.equal((await write(object, { a: '2' })).done, 'created');
  });

  it('is not deleted with what somebody puts into it at the same moment', async () => {
    const object = await written({ a: '1' });
    await cluster.observe();
    await cluster.edit(CONFIG_MAP, object.name, { data: { theirs: 'x' } });
    await assert.rejects(object.write({}, new Set(['a'])), { code: 'KUBE_CONFLICT' });
    const gone = await write(object, {}, new Set(['a']));
    assert.deepEqual([gone.done, gone.data], ['changed', { theirs: 'x' }]);
  });

  it('is not made again when somebody has deleted it and there is no text for it', async () => {
    const object = await written({ a: '1' });
    await cluster.clients.ConfigMap.delete(object.name, NAMESPACE);
    assert.deepEqual(await write(object, {}), { done: undefined, data: undefined, requests: {} });
    assert.deepEqual((await write(object, { b: '1' })).data, { b: '1' });
  });

  it('is left as it is when it is not ours', async () => {
    const object = objectOf();
    await cluster.create(CONFIG_MAP, { metadata: { name: object.name }, data: { a: 'precious' } });
    await assert.rejects(write(object, { a: '1' }), { code: 'NOT_OWNED' });
    assert.deepEqual(await write(object, {}, new Set(['a'])), {
      done: undefined,
      data: { a: 'precious' },
      requests: {},
    });
  });

  it('gets its labels back, and keeps its keys, when somebody has taken them away while nobody ran', async () => {
    const { kind, name } = await written({ a: '1' });
    await cluster.edit(dataObjectRefs[kind], name, { metadata: { labels: null } });
    const object = objectOf(kind, name);
    await cluster.observe();
    assert.equal(object.keys, undefined);
    const { done, data } = await write(object, {});
    assert.deepEqual([done, data, object.keys], ['changed', { a: '1' }, ['a']]);
  });

  it('knows which of its keys have no dataId that exists, or may exist', async () => {
    const object = await written({ a: '1', b: '2', c: '3' });
    await cluster.observe();
    const dataId = (key: string, kind: 'present' | 'absent' | undefined) =>
      ({ ref: { key }, observation: kind && { kind } }) as FollowedConfig;
    for (const one of [dataId('a', 'present'), dataId('b', 'absent')]) object.dataIds.set(one.ref.key, one);
    assert.deepEqual(object.goneKeys, ['b', 'c']);
    object.dataIds.set('c', dataId('c', undefined));
    assert.deepEqual(object.goneKeys, ['b']);
  });

  async function written(texts: Record<string, string>): Promise<MirroredObject> {
    const object = objectOf();
    await write(object, texts);
    return object;
  }
});
