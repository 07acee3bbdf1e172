import assert from 'node:assert/strict';
import { selectionOf } from '../../../sandbox/kubernetes/http/query.ts';
import { representationOf } from '../../../sandbox/kubernetes/http/representation.ts';
import { watchLines } from '../../../sandbox/kubernetes/http/watch.ts';
import { tester, TinyServer } from './tiny-cluster.ts';
import { configMaps, namespaces, objectOf } from './tiny-types.ts';

const path = '/api/v1/namespaces/default/configmaps?watch=1';

describe('watches', () => {
  let api: TinyServer;

  beforeEach(async () => {
    api = await TinyServer.start(8);
  });

  afterEach(() => api.stop());

  const create = (name: string, labels: Record<string, string> = {}) =>
    api.cluster.create(configMaps, objectOf(configMaps, name, { metadata: { labels } }), tester);
  const label = (name: string, labels: Record<string, string | null>) =>
    api.cluster.patch(configMaps, 'default', name, 'merge', { metadata: { labels } }, tester);
  const remove = (name: string) => api.cluster.delete(configMaps, 'default', name);
  const revision = () => api.cluster.storage.revision;

  it('begin with what is there when they name no revision', async () => {
    create('a');
    const watch = await api.watch(path);
    assert.deepEqual(await watch.take(1), ['ADDED a']);
    create('b');
    label('a', { x: '1' });
    remove('a');
    assert.deepEqual(await watch.take(3), ['ADDED b', 'MODIFIED a', 'DELETED a']);
  });

  it('begin after the revision that they name', async () => {
    create('a');
    const begin = revision();
    create('b');
    const watch = await api.watch(`${path}&resourceVersion=${begin}`);
    create('c');
    assert.deepEqual(await watch.take(2), ['ADDED b', 'ADDED c']);
  });

  it('carry the revision of the deletion', async () => {
    create('a');
    const watch = await api.watch(`${path}&resourceVersion=${revision()}`);
    remove('a');
    const line = await watch.next();
    assert.deepEqual([line?.type, line?.object.metadata.resourceVersion], ['DELETED', String(revision())]);
  });

  it('see their own namespace alone', async () => {
    const watch = await api.watch(`${path}&resourceVersion=${revision()}`);
    api.cluster.create(namespaces, objectOf(namespaces, 'other'), tester);
    api.cluster.create(configMaps, objectOf(configMaps, 'x', { metadata: { namespace: 'other' } }), tester);
    create('a');
    assert.deepEqual(await watch.take(1), ['ADDED a']);
  });

  it('see objects that enter the selection as added, and those that leave it as deleted, in their last form', async () => {
    const watch = await api.watch(`${path}&labelSelector=on`);
    create('a');
    label('a', { on: '1' });
    label('a', { on: '2' });
    label('a', { on: null });
    create('b', { on: '1' });
    assert.deepEqual(await watch.take(2), ['ADDED a', 'MODIFIED a']);
    const left = await watch.next();
    assert.ok(left);
    assert.equal(left.type, 'DELETED');
    assert.deepEqual((left.object.metadata as { labels?: unknown }).labels, { on: '2' });
    assert.equal(left?.object.metadata.resourceVersion, String(revision() - 1));
    assert.deepEqual(await watch.take(1), ['ADDED b']);
  });

  it('send bookmarks at their time to those who want them', async () => {
    const watch = await api.watch(`${path}&allowWatchBookmarks=true&resourceVersion=${revision()}`);
    const other = await api.watch(`${path}&resourceVersion=${revision()}`);
    create('a');
    assert.deepEqual(await watch.take(1), ['ADDED a']);
    api.cluster.create(namespaces, objectOf(namespaces, 'elsewhere'), tester);
    await api.clock.advance(60_000);
    const line = await watch.next();
    assert.deepEqual([line?.type, line?.object.kind], ['BOOKMARK', 'ConfigMap']);
    assert.deepEqual(line?.object.metadata, { resourceVersion: String(revision()) });
    create('b');
    assert.deepEqual(await other.take(2), ['ADDED a', 'ADDED b']);
  });

  it('end the initial events by a bookmark', async () => {
    create('a');
    const query = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const watch = await api.watch(`${path}&${query}`);
    assert.deepEqual(await watch.take(1), ['ADDED a']);
    const line = await watch.next();
    assert.equal(line?.type, 'BOOKMARK');
    assert.deepEqual(line?.object.metadata, {
      resourceVersion: String(revision()),
      annotations: { 'k8s.io/initial-events-end': 'true' },
    });
  });

  it('end in order when their time is over', async () => {
    const watch = await api.watch(`${path}&timeoutSeconds=5`);
    await api.clock.advance(5000);
    assert.equal(await watch.next(), undefined);
  });

  it('tell by an event that the revision is too old', async () => {
    create('a');
    const begin = revision();
    create('b');
    api.cluster.storage.compact();
    const watch = await api.watch(`${path}&resourceVersion=${begin}`);
    const line = await watch.next();
    assert.deepEqual(
      [line?.type, line?.object.kind, line?.object.reason, line?.object.code],
      ['ERROR', 'Status', 'Expired', 410],
    );
    assert.equal(await watch.next(), undefined);
  });

  it('that have seen everything go on when the history is forgotten', async () => {
    const watch = await api.watch(path);
    create('a');
    assert.deepEqual(await watch.take(1), ['ADDED a']);
    api.cluster.create(namespaces, objectOf(namespaces, 'elsewhere'), tester);
    api.cluster.storage.compact();
    create('b');
    assert.deepEqual(await watch.take(1), ['ADDED b']);
  });

  it('that lag behind the history are told so, and hold up nobody', async () => {
    const watch = {
      type: configMaps,
      namespace: undefined,
      selection: selectionOf(new URLSearchParams(), configMaps, undefined),
      form: representationOf(configMaps, undefined, null, () => 0),
      revision: revision(),
      allowsBookmarks: false,
      sendsInitialEvents: false,
      timeoutSeconds: undefined,
    };
    const slow = watchLines(api.cluster, watch, api.clock, new AbortController().signal);
    const quick = await api.watch(path);
    create('a');
    assert.match((await slow.next()).value ?? '', /^\{"type":"ADDED"/);
    for (let step = 0; step < 20; step += 1) {
      label('a', { step: String(step) });
      await quick.take(1);
    }
    assert.match((await slow.next()).value ?? '', /^\{"type":"ERROR".*"reason":"Expired","code":410\}\}\n$/);
    assert.equal((await slow.next()).done, true);
  });

  it('come as metadata and as Tables, with the columns once', async () => {
    const as = (form: string) => ({ accept: `application/json;as=${form};v=v1;g=meta.k8s.io` });
    const metadata = await api.watch(path, as('PartialObjectMetadata'));
    const table = await api.watch(path, as('Table'));
    create('a');
    create('b');
    assert.equal((await metadata.next())?.object.kind, 'PartialObjectMetadata');
    const lines = [await table.next(), await table.next()];
    assert.deepEqual(
      lines.map((line) => line?.object.columnDefinitions === null),
      [false, true],
    );
    assert.deepEqual(
      lines.map((line) => (line?.object.rows as { cells: unknown }[] | undefined)?.[0]?.cells),
      [['a'], ['b']],
    );
  });

  describe('can be broken', () => {
    it('by a reset', async () => {
      const watch = await opened();
      assert.equal(api.server.connections.breakWatches('reset'), 1);
      await assert.rejects(watch.next(), { code: 'ECONNRESET' });
    });

    it('by an end in order', async () => {
      const watch = await opened();
      api.server.connections.breakWatches('end');
      assert.equal(await watch.next(), undefined);
    });

    it('in the middle of a line', async () => {
      const watch = await opened();
      api.server.connections.breakWatches('half-line');
      assert.equal(await watch.next(), undefined);
      assert.match(watch.rest, /^\{"type":/);
    });

    it('by silence', async () => {
      const watch = await opened();
      api.server.connections.breakWatches('silence');
      create('b');
      const next = watch.next().then(() => 'a line');
      const later = await api.send('GET', '/api/v1/namespaces/default/configmaps/b');
      assert.equal(later.status, 200);
      assert.equal(await Promise.race([next, new Promise((resolve) => setImmediate(resolve, 'nothing'))]), 'nothing');
      watch.close();
      await assert.rejects(next);
    });

    it('while new ones go on', async () => {
      await opened();
      api.server.connections.breakWatches('end');
      const watch = await api.watch(path);
      assert.deepEqual(await watch.take(1), ['ADDED a']);
    });

    async function opened() {
      create('a');
      const watch = await api.watch(path);
      assert.deepEqual(await watch.take(1), ['ADDED a']);
      return watch;
    }
  });
});
