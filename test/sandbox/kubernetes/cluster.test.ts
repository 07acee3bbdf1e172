import assert from 'node:assert/strict';
import { ApiFailure } from '../../../sandbox/kubernetes/api-failure.ts';
import type { Change } from '../../../sandbox/kubernetes/cluster.ts';
import type { EmbeddedCluster } from '../../../sandbox/kubernetes/embedded-cluster.ts';
import type { KubeObject } from '../../../sandbox/kubernetes/object.ts';
import type { FakeClock } from '../../fake-clock.ts';
import { tester, tinyCluster } from './tiny-cluster.ts';
import { configMaps, namespaces, objectOf, pods, widgets } from './tiny-types.ts';

describe('the embedded cluster', () => {
  let cluster: EmbeddedCluster;
  let clock: FakeClock;

  beforeEach(() => {
    ({ cluster, clock } = tinyCluster());
  });

  const createWidget = (name: string, over: Record<string, unknown> = {}) =>
    cluster.create(widgets, objectOf(widgets, name, over), tester);
  const getWidget = (name: string) => cluster.get(widgets, 'default', name);

  describe('create', () => {
    it('gives an object the fields of the server and drops its status', () => {
      const created = createWidget('a', { spec: { size: 1 }, status: { done: true }, metadata: { generation: 7 } });
      assert.match(created.metadata.uid ?? '', /^[0-9a-f-]{36}$/);
      assert.equal(created.metadata.creationTimestamp, '2026-01-01T00:00:00Z');
      assert.equal(created.metadata.generation, 1);
      assert.equal(created.status, undefined);
      assert.equal(created.metadata.managedFields?.[0]?.manager, 'tester');
      assert.equal(getWidget('a'), created);
    });

    it('makes up a name for generateName', () => {
      const { metadata } = createWidget('', { metadata: { generateName: 'made-' } });
      assert.match(metadata.name, /^made-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    });

    it('counts one revision for all types', () => {
      const first = Number(createWidget('a').metadata.resourceVersion);
      const second = cluster.create(configMaps, objectOf(configMaps, 'a'), tester);
      assert.equal(Number(second.metadata.resourceVersion), first + 1);
    });

    it('stores nothing in a dry run', () => {
      const object = cluster.create(widgets, objectOf(widgets, 'a'), { ...tester, dryRun: true });
      assert.equal(object.metadata.resourceVersion, undefined);
      assert.equal(getWidget('a'), undefined);
    });

    it('hands out warnings of the type', () => {
      const texts: string[] = [];
      cluster.create(widgets, objectOf(widgets, 'odd'), { ...tester, warn: (text) => texts.push(text) });
      assert.deepEqual(texts, ['the name is "odd"']);
    });

    it('refuses what is there already, and what has no place', () => {
      createWidget('a');
      refused(() => createWidget('a'), 409, 'AlreadyExists', /widgets.example.com "a"/);
      refused(() => createWidget('b', { metadata: { namespace: 'nope' } }), 404, 'NotFound', /namespaces "nope"/);
      cluster.create(namespaces, objectOf(namespaces, 'going'), tester);
      cluster.delete(namespaces, '', 'going');
      refused(() => createWidget('b', { metadata: { namespace: 'going' } }), 403, 'Forbidden', /namespace going/);
    });
  });

  describe('update', () => {
    it('bumps the generation for what users want, and for nothing else', () => {
      const created = createWidget('a', { spec: { size: 1 } });
      const labelled = update({ ...created, metadata: { ...created.metadata, labels: { a: 'b' } } });
      assert.equal(labelled.metadata.generation, 1);
      assert.equal(update({ ...labelled, spec: { size: 2 } }).metadata.generation, 2);
    });

    it('writes nothing when nothing changes', async () => {
      const created = createWidget('a', { spec: { size: 1 } });
      await clock.advance(5000);
      assert.equal(update(structuredClone(created)), created);
      assert.equal(cluster.storage.revision, Number(created.metadata.resourceVersion));
    });

    it('keeps the fields of the server whatever is sent', () => {
      const created = createWidget('a');
      const { uid, creationTimestamp } = created.metadata;
      const over = {
        creationTimestamp: '2000-01-01T00:00:00Z',
        deletionTimestamp: '2000-01-01T00:00:00Z',
        generation: 9,
      };
      const next = update({ ...created, spec: { a: 1 }, metadata: { ...created.metadata, ...over } });
      assert.equal(next.metadata.uid, uid);
      assert.equal(next.metadata.creationTimestamp, creationTimestamp);
      assert.equal(next.metadata.deletionTimestamp, undefined);
      assert.equal(next.metadata.generation, 2);
    });

    it('takes resourceVersion and uid as preconditions', () => {
      const created = createWidget('a');
      update({ ...created, spec: { a: 1 } });
      refused(() => update({ ...created, spec: { a: 2 } }), 409, 'Conflict', /"a": the object has been modified/);
      const { resourceVersion: _, ...metadata } = created.metadata;
      assert.equal(update({ ...created, spec: { a: 3 }, metadata }).metadata.generation, 3);
      refused(() => update({ ...created, metadata: { ...metadata, uid: 'other' } }), 409, 'Conflict');
      refused(() => update(objectOf(widgets, 'none')), 404, 'NotFound', /widgets.example.com "none"/);
    });

    it('lets the main resource write no status and the status subresource nothing else', () => {
      const created = createWidget('a', { spec: { size: 1 } });
      const withStatus = updateStatus({ ...created, spec: { size: 9 }, status: { done: true } });
      assert.deepEqual([withStatus.spec, withStatus.status], [{ size: 1 }, { done: true }]);
      assert.equal(withStatus.metadata.generation, 1);
      const entry = withStatus.metadata.managedFields?.find(({ subresource }) => subresource === 'status');
      assert.deepEqual(entry?.fieldsV1, { 'f:status': { '.': {}, 'f:done': {} } });
      const next = update({ ...withStatus, spec: { size: 2 }, status: { done: false } });
      assert.deepEqual([next.spec, next.status], [{ size: 2 }, { done: true }]);
    });
  });

  describe('patch', () => {
    it('applies a merge patch, and refuses to change who the object is', () => {
      createWidget('a', { spec: { size: 1, gone: 1 } });
      const patched = patch({ spec: { size: 2, gone: null } });
      assert.deepEqual(patched.spec, { size: 2 });
      refused(() => patch({ metadata: { uid: '1' } }), 422, 'Invalid', /metadata.uid/);
      refused(() => patch({ metadata: { name: 'b' } }), 422, 'Invalid', /metadata.name/);
      refused(() => patch({ metadata: { resourceVersion: '1' } }), 409, 'Conflict');
    });

    it('creates by apply what is not there, and refuses what somebody else owns', () => {
      const applied = objectOf(widgets, 'a', { spec: { size: 1 } });
      const created = cluster.patch(widgets, 'default', 'a', 'apply', applied, { manager: 'one' });
      assert.equal(created.metadata.generation, 1);
      assert.equal(created.metadata.managedFields?.[0]?.operation, 'Apply');
      const other = objectOf(widgets, 'a', { spec: { size: 2 } });
      const apply = (force: boolean) =>
        cluster.patch(widgets, 'default', 'a', 'apply', other, { manager: 'two', force });
      refused(() => apply(false), 409, 'Conflict', /conflict with "one": .spec.size/);
      assert.deepEqual(apply(true).spec, { size: 2 });
      const { revision } = cluster.storage;
      apply(false);
      assert.equal(cluster.storage.revision, revision);
    });
  });

  describe('delete', () => {
    it('removes at once what nothing holds', () => {
      const created = createWidget('a');
      const changes = changesOf(() => assert.equal(cluster.delete(widgets, 'default', 'a'), undefined));
      assert.equal(getWidget('a'), undefined);
      const [change] = changes;
      assert.equal(change?.type, 'DELETED');
      assert.equal(Number(change?.object.metadata.resourceVersion), Number(created.metadata.resourceVersion) + 1);
      refused(() => cluster.delete(widgets, 'default', 'a'), 404, 'NotFound');
    });

    it('waits for the last finalizer', () => {
      createWidget('a', { metadata: { finalizers: ['x/y', 'x/z'] } });
      const marked = cluster.delete(widgets, 'default', 'a');
      assert.equal(marked?.metadata.deletionTimestamp, '2026-01-01T00:00:00Z');
      assert.equal(marked.metadata.deletionGracePeriodSeconds, 0);
      assert.equal(marked.metadata.generation, 2);
      assert.equal(cluster.delete(widgets, 'default', 'a'), marked);
      refused(
        () => patch({ metadata: { finalizers: ['x/y', 'x/z', 'x/new'] } }),
        422,
        'Invalid',
        /metadata.finalizers: Forbidden: .*x\/new/,
      );
      patch({ metadata: { finalizers: ['x/z'] } });
      assert.notEqual(getWidget('a'), undefined);
      const [change] = changesOf(() => patch({ metadata: { finalizers: null } }));
      assert.equal(change?.type, 'DELETED');
      assert.equal(getWidget('a'), undefined);
    });

    it('marks for the garbage collector what shall go after its dependents, or without them', () => {
      createWidget('a');
      const foreground = cluster.delete(widgets, 'default', 'a', { propagationPolicy: 'Foreground' });
      assert.deepEqual(foreground?.metadata.finalizers, ['foregroundDeletion']);
      const orphan = cluster.delete(widgets, 'default', 'a', { propagationPolicy: 'Orphan' });
      assert.deepEqual(orphan?.metadata.finalizers, ['orphan']);
      assert.equal(cluster.delete(widgets, 'default', 'a', { propagationPolicy: 'Background' }), undefined);
    });

    it('requires its preconditions', () => {
      const { metadata } = createWidget('a');
      const by = (preconditions: object) => () => cluster.delete(widgets, 'default', 'a', { preconditions });
      refused(by({ uid: 'x' }), 409, 'Conflict', /"a".* uid/);
      refused(by({ resourceVersion: '1' }), 409, 'Conflict');
      assert.equal(by({ uid: metadata.uid, resourceVersion: metadata.resourceVersion })(), undefined);
    });

    it('changes nothing in a dry run', () => {
      const created = createWidget('a');
      assert.equal(cluster.delete(widgets, 'default', 'a', { dryRun: true }), undefined);
      assert.equal(getWidget('a'), created);
    });

    it('gives a pod that runs its grace period, which a second deletion can only shorten', () => {
      cluster.create(pods, objectOf(pods, 'p', { spec: { nodeName: 'n', terminationGracePeriodSeconds: 20 } }), tester);
      const marked = cluster.delete(pods, 'default', 'p');
      assert.equal(marked?.metadata.deletionTimestamp, '2026-01-01T00:00:20Z');
      assert.equal(cluster.delete(pods, 'default', 'p', { gracePeriodSeconds: 40 }), marked);
      const sooner = cluster.delete(pods, 'default', 'p', { gracePeriodSeconds: 5 });
      assert.equal(sooner?.metadata.deletionTimestamp, '2026-01-01T00:00:05Z');
      assert.equal(cluster.delete(pods, 'default', 'p', { gracePeriodSeconds: 0 }), undefined);
    });

    it('removes at once a pod without a node', () => {
      cluster.create(pods, objectOf(pods, 'p'), tester);
      assert.equal(cluster.delete(pods, 'default', 'p'), undefined);
    });
  });

  describe('namespaces', () => {
    it('are active at first and terminate until they are finalized', () => {
      const created = cluster.create(namespaces, objectOf(namespaces, 'n'), tester);
      assert.deepEqual([created.spec, created.status], [{ finalizers: ['kubernetes'] }, { phase: 'Active' }]);
      assert.equal(created.metadata.labels?.['kubernetes.io/metadata.name'], 'n');
      const marked = cluster.delete(namespaces, '', 'n');
      assert.ok(marked);
      assert.deepEqual(marked.status, { phase: 'Terminating' });
      const kept = cluster.update(namespaces, { ...marked, spec: {} }, tester);
      assert.deepEqual(kept.spec, { finalizers: ['kubernetes'] });
      cluster.update(namespaces, { ...kept, spec: {} }, { ...tester, subresource: 'finalize' });
      assert.equal(cluster.get(namespaces, '', 'n'), undefined);
    });

    it('of the system cannot be deleted', () => {
      refused(() => cluster.delete(namespaces, '', 'default'), 403, 'Forbidden', /"default"/);
    });
  });

  describe('storage', () => {
    it('lists in the order of etcd', () => {
      for (const namespace of ['a', 'a-b', 'a.c']) cluster.create(namespaces, objectOf(namespaces, namespace), tester);
      for (const [namespace, name] of [
        ['a', 'x'],
        ['a-b', 'x'],
        ['a', 'b'],
        ['a.c', 'a'],
        ['a', 'a-1'],
        ['a', 'a'],
      ]) {
        cluster.create(configMaps, objectOf(configMaps, name!, { metadata: { namespace } }), tester);
      }
      const keys = cluster.list(configMaps).map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
      assert.deepEqual(keys, ['a-b/x', 'a.c/a', 'a/a', 'a/a-1', 'a/b', 'a/x']);
      assert.deepEqual(
        keys.slice(2),
        cluster.list(configMaps, 'a').map(({ metadata }) => `a/${metadata.name}`),
      );
    });

    it('reads the state at any revision that its history reaches', () => {
      const states = new Map<number, string[]>();
      const remember = () => states.set(cluster.storage.revision, cluster.list(widgets).map(textOf));
      remember();
      for (let step = 0; step < 60; step += 1) {
        const name = `w${(step * 7) % 5}`;
        const existing = getWidget(name);
        if (existing === undefined) createWidget(name, { spec: { step } });
        else if (step % 3 === 0) cluster.delete(widgets, 'default', name);
        else update({ ...existing, spec: { step } });
        remember();
      }
      for (const [revision, texts] of states) {
        assert.deepEqual(cluster.listAt(widgets, revision).map(textOf), texts);
      }
    });

    it('tells older revisions that they are gone once the history is forgotten', () => {
      createWidget('a');
      const { revision } = cluster.storage;
      createWidget('b');
      cluster.storage.compact();
      refused(() => cluster.listAt(widgets, revision), 410, 'Expired');
      assert.equal(cluster.listAt(widgets, cluster.storage.revision).length, 2);
    });

    it('keeps a bounded history', () => {
      ({ cluster } = tinyCluster(8));
      let object = createWidget('a');
      const { revision } = cluster.storage;
      for (let size = 0; size < 40; size += 1) object = update({ ...object, spec: { size } });
      refused(() => cluster.listAt(widgets, revision), 410, 'Expired');
      assert.equal(cluster.listAt(widgets, cluster.storage.revision - 5).length, 1);
    });
  });

  function update(object: KubeObject): KubeObject {
    return cluster.update(widgets, object, tester);
  }

  function updateStatus(object: KubeObject): KubeObject {
    return cluster.update(widgets, object, { ...tester, subresource: 'status' });
  }

  function patch(body: object): KubeObject {
    return cluster.patch(widgets, 'default', 'a', 'merge', body, tester);
  }

  function changesOf(act: () => void): Change[] {
    const changes: Change[] = [];
    const end = cluster.onChange((change) => changes.push(change));
    act();
    end();
    return changes;
  }
});

function textOf({ metadata, spec }: KubeObject): string {
  return `${metadata.name} ${metadata.resourceVersion} ${JSON.stringify(spec)}`;
}

function refused(act: () => unknown, code: number, reason: string, message = /./): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof ApiFailure, String(error));
    assert.deepEqual([error.code, error.reason], [code, reason]);
    assert.match(error.message, message);
    return true;
  });
}
