/**
 * The Kubernetes client against a real API server: what a fake cannot prove. Paging, metadata-only views, ownership of
 * server-side apply, preconditions, finalizers beside those of others, events as kubectl shows them, the lease, and a
 * restart of the API server under running reflectors.
 */
import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { systemClock } from '../../operator/clock.ts';
import { isBridgeError } from '../../operator/errors.ts';
import type { ErrorCode } from '../../operator/errors.ts';
import { KubeClient } from '../../operator/kube/client.ts';
import { EventRecorder } from '../../operator/kube/events.ts';
import { addFinalizer, removeFinalizer } from '../../operator/kube/finalizer.ts';
import { KubeLeaseLock } from '../../operator/kube/lease-lock.ts';
import { createKubeMetrics } from '../../operator/kube/metrics.ts';
import { ownerReference } from '../../operator/kube/owner.ts';
import { Reflector } from '../../operator/kube/reflector.ts';
import type { ReflectorOptions } from '../../operator/kube/reflector.ts';
import type { KubeObject, ResourceRef } from '../../operator/kube/resource.ts';
import { ResourceClient } from '../../operator/kube/resource-client.ts';
import { applyStatus } from '../../operator/kube/status.ts';
import { Store } from '../../operator/kube/store.ts';
import { silentLogger } from '../../operator/logger.ts';
import { startKubernetes } from '../testbed/kubernetes.ts';
import type { KubernetesServer } from '../testbed/kubernetes.ts';
import { eventually } from '../eventually.ts';

interface ConfigMap extends KubeObject {
  data?: Record<string, string>;
}

interface Widget extends KubeObject {
  status?: { note?: string; count?: number };
}

const configMapRef: ResourceRef = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};
const widgetRef: ResourceRef = {
  group: 'test.example.io',
  version: 'v1',
  plural: 'widgets',
  kind: 'Widget',
  namespaced: true,
};

const ours = { fieldManager: 'ours', force: true } as const;
const namespace = 'default';

describe('the Kubernetes client on a real API server', function () {
  this.timeout(60_000);

  let kubernetes: KubernetesServer;
  let client: KubeClient;
  let configMaps: ResourceClient<ConfigMap>;
  const registry = new Registry();
  const metrics = createKubeMetrics(registry, 'test_');
  const reflectors: Reflector<ConfigMap>[] = [];

  before(async () => {
    kubernetes = await startKubernetes();
    client = KubeClient.load({
      kubeconfig: kubernetes.kubeconfig,
      userAgent: 'kube-client-test',
      requestTimeoutMs: 10_000,
      maxConnections: 16,
      metrics,
      clock: systemClock,
      log: silentLogger,
    });
    configMaps = new ResourceClient(client, configMapRef);
    await must('create', 'namespace', 'many');
  });

  after(async () => {
    await Promise.all(reflectors.map((reflector) => reflector.stop()));
    await client?.close();
    await kubernetes?.stop();
  });

  it('lists 1,200 ConfigMaps by pages and follows their changes', async () => {
    const names = Array.from({ length: 1200 }, (_, n) => `many-${n}`);
    await Promise.all(names.map((name) => configMaps.create({ metadata: { name, namespace: 'many' } }, ours)));
    const { store, reflector } = reflect({ namespace: 'many', labelSelector: '!nothing' });
    const told = new Set<string>();
    store.onChange(({ key, initial }) => initial && told.add(key));
    reflector.start();
    await reflector.synced();
    assert.equal(names.filter((name) => store.get(`many/${name}`)).length, 1200);
    assert.ok(names.every((name) => told.has(`many/${name}`)));
    assert.equal(store.get('many/many-7')?.kind, 'ConfigMap');
    assert.equal(store.get('many/many-7')?.metadata.managedFields, undefined);

    const before = store.get('many/many-1')?.metadata.uid;
    await configMaps.apply({ metadata: { name: 'many-0', namespace: 'many' }, data: { a: '1' } }, ours);
    await configMaps.delete('many-1', 'many');
    await configMaps.create({ metadata: { name: 'many-1', namespace: 'many' } }, ours);
    await configMaps.delete('many-2', 'many');
    await eventually(5000, async () => {
      assert.deepEqual(store.get('many/many-0')?.data, { a: '1' });
      assert.notEqual(store.get('many/many-1')?.metadata.uid ?? before, before);
      assert.equal(store.get('many/many-2'), undefined);
    });
  });

  it('keeps a view of metadata only, by list and by watch', async () => {
    const labels = { view: 'metadata' };
    const { store, reflector } = reflect({ namespace, labelSelector: 'view=metadata', metadataOnly: true });
    await configMaps.create({ metadata: { name: 'listed', namespace, labels }, data: { big: 'x' } }, ours);
    reflector.start();
    await reflector.synced();
    await configMaps.create({ metadata: { name: 'watched', namespace, labels }, data: { big: 'x' } }, ours);
    await eventually(5000, async () => assert.equal(store.size, 2));
    for (const object of store.list()) {
      assert.deepEqual([object.apiVersion, object.kind, object.data], ['v1', 'ConfigMap', undefined]);
      assert.deepEqual(object.metadata.labels, labels);
    }
  });

  it('owns by server-side apply only what it applied', async () => {
    const metadata = { name: 'shared', namespace };
    await configMaps.apply({ metadata, data: { mine: '1', gone: '1' } }, ours);
    await configMaps.apply({ metadata, data: { theirs: '2' } }, { fieldManager: 'theirs', force: false });
    await failsWith('KUBE_CONFLICT', configMaps.apply({ metadata, data: { theirs: '3' } }, { ...ours, force: false }));
    const settled = await configMaps.apply({ metadata, data: { mine: '1' } }, ours);
    assert.deepEqual(settled.data, { mine: '1', theirs: '2' });
    const again = await configMaps.apply({ metadata, data: { mine: '1' } }, ours);
    assert.equal(again.metadata.resourceVersion, settled.metadata.resourceVersion);
  });

  it('takes the uid as a precondition of apply and delete', async () => {
    const created = await configMaps.create({ metadata: { name: 'successor', namespace } }, ours);
    const metadata = { name: 'successor', namespace, uid: '00000000-0000-4000-8000-000000000000' };
    await failsWith('KUBE_CONFLICT', configMaps.apply({ metadata, data: { a: '1' } }, ours));
    await failsWith('KUBE_CONFLICT', configMaps.delete('successor', namespace, { uid: metadata.uid }));
    await failsWith('KUBE_CONFLICT', configMaps.apply({ metadata: { ...metadata, name: 'absent' } }, ours));
    assert.equal(await configMaps.delete('successor', namespace, { uid: created.metadata.uid }), true);
    assert.equal(await configMaps.delete('successor', namespace), false);
  });

  it('takes the resourceVersion as a precondition of apply, also where the object is gone', async () => {
    const metadata = { name: 'versioned', namespace };
    const { uid, resourceVersion } = (await configMaps.apply({ metadata, data: { a: '1' } }, ours)).metadata;
    const known = { ...metadata, uid, resourceVersion };
    const next = await configMaps.apply({ metadata: known, data: { a: '2' } }, ours);
    assert.deepEqual(next.data, { a: '2' });
    await failsWith('KUBE_CONFLICT', configMaps.apply({ metadata: known, data: { a: '3' } }, ours));
    await configMaps.delete('versioned', namespace);
    await failsWith('KUBE_CONFLICT', configMaps.apply({ metadata: known, data: { a: '3' } }, ours));
    assert.equal(await configMaps.get('versioned', namespace), undefined);
  });

  it('keeps account of a creation apart from applies of the same manager', async () => {
    const metadata = { name: 'posted', namespace };
    await configMaps.create({ metadata, data: { a: '1', gone: '1' } }, ours);
    await configMaps.apply({ metadata, data: { a: '2', gone: '1' } }, ours);
    assert.deepEqual((await configMaps.apply({ metadata, data: { a: '3' } }, ours)).data, { a: '3', gone: '1' });
  });

  it('tells a missing object from a missing type', async () => {
    assert.equal(await configMaps.get('absent', namespace), undefined);
    assert.equal(await configMaps.get('absent', 'no-such-namespace'), undefined);
    const unknownGroup = new ResourceClient(client, { ...widgetRef, group: 'absent.example.io' });
    await failsWith('KUBE_NOT_FOUND', unknownGroup.get('absent', namespace));
    const unknownType = new ResourceClient(client, { ...configMapRef, plural: 'gadgets', kind: 'Gadget' });
    await failsWith('KUBE_NOT_FOUND', unknownType.get('absent', namespace));
  });

  it('adds and removes its finalizer beside that of somebody else', async () => {
    const created = await configMaps.create({ metadata: { name: 'held', namespace } }, ours);
    const alone = await addFinalizer(configMaps, created, 'example.io/ours');
    assert.deepEqual(alone?.metadata.finalizers, ['example.io/ours']);
    await patch('held', [{ op: 'add', path: '/metadata/finalizers/0', value: 'example.io/theirs' }]);
    // `alone` is stale now: the entry at its index is somebody else's.
    const removed = await removeFinalizer(configMaps, alone, 'example.io/ours');
    assert.deepEqual(removed?.metadata.finalizers, ['example.io/theirs']);
    const both = await addFinalizer(configMaps, created, 'example.io/ours');
    assert.deepEqual(both?.metadata.finalizers, ['example.io/theirs', 'example.io/ours']);

    await configMaps.delete('held', namespace);
    await patch('held', [{ op: 'remove', path: '/metadata/finalizers/0' }]);
    const going = await configMaps.get('held', namespace);
    assert.equal(
      await addFinalizer(configMaps, { ...created, metadata: going?.metadata ?? created.metadata }, 'x.io/y'),
      undefined,
    );
    assert.ok(both);
    await removeFinalizer(configMaps, both, 'example.io/ours');
    assert.equal(await configMaps.get('held', namespace), undefined);
    assert.equal(await removeFinalizer(configMaps, both, 'example.io/ours'), undefined);
    assert.equal(await addFinalizer(configMaps, created, 'example.io/ours'), undefined);
  });

  it('writes a status by itself, once, and not on a successor', async () => {
    const { code, stderr } = await kubernetes.kubectl(['apply', '-f', '-'], widgetCrd);
    assert.equal(code, 0, stderr);
    const widgets = new ResourceClient<Widget>(client, widgetRef);
    const widget = await eventually(10_000, () => widgets.create({ metadata: { name: 'w', namespace } }, ours));
    const stored = async () => (await widgets.get('w', namespace)) ?? widget;
    const written = await applyStatus(widgets, widget, { note: 'ready', count: 1 }, ours);
    const ready = await stored();
    assert.deepEqual(ready.status, { note: 'ready', count: 1 });
    assert.equal(written?.resourceVersion, ready.metadata.resourceVersion);
    assert.equal(await applyStatus(widgets, ready, { note: 'ready', count: 1 }, ours), undefined);
    await applyStatus(widgets, ready, { note: 'ready', count: undefined }, ours);
    assert.deepEqual((await stored()).status, { note: 'ready' });

    await widgets.delete('w', namespace);
    await failsWith('KUBE_NOT_FOUND', applyStatus(widgets, widget, { note: 'late' }, ours));
    await widgets.create({ metadata: { name: 'w', namespace } }, ours);
    await failsWith('KUBE_CONFLICT', applyStatus(widgets, widget, { note: 'late' }, ours));
    assert.equal((await widgets.get('w', namespace))?.status?.note, undefined);
    await failsWith('KUBE_INVALID', widgets.create({ metadata: { name: 'Not_A_Name', namespace } }, ours));
  });

  it('has what it owns collected after the owner', async () => {
    const owner = await configMaps.create({ metadata: { name: 'owner', namespace } }, ours);
    const ownerReferences = [ownerReference(owner, { controller: true })];
    await configMaps.apply({ metadata: { name: 'owned', namespace, ownerReferences } }, ours);
    await configMaps.delete('owner', namespace, { propagationPolicy: 'Background' });
    await eventually(30_000, async () => assert.equal(await configMaps.get('owned', namespace), undefined));
  });

  it('records events that kubectl describe shows, with the count of equal ones', async () => {
    const object = await configMaps.create({ metadata: { name: 'described', namespace } }, ours);
    const reporting = { reportingController: 'example.io/test', reportingInstance: 'test-0' };
    const recorder = new EventRecorder({ client, clock: systemClock, log: silentLogger, ...reporting });
    for (let n = 0; n < 3; n++) {
      recorder.event(object, { type: 'Warning', reason: 'Refused', action: 'Publish', note: 'it was refused' });
    }
    recorder.event(object, { type: 'Normal', reason: 'Published', action: 'Publish', note: 'it was taken' });
    await recorder.stop();
    const { stdout } = await kubernetes.kubectl(['describe', 'configmap', 'described', '-n', namespace]);
    assert.match(stdout, /Warning +Refused .*x3 over .*example\.io\/test.* it was refused/);
    assert.match(stdout, /Normal +Published .* it was taken/);
  });

  it('keeps a lease that two candidates cannot both update', async () => {
    const [a, b] = [0, 1].map(() => new KubeLeaseLock({ client, namespace, name: 'lease', fieldManager: 'ours' }));
    assert.ok(a && b);
    const time = '2026-01-01T00:00:00.000000Z';
    const record = { leaseDurationSeconds: 15, acquireTime: time, renewTime: time, leaseTransitions: 0 };
    assert.equal(await a.get(), undefined);
    const created = await a.create({ ...record, holderIdentity: 'a' });
    await failsWith('KUBE_CONFLICT', b.create({ ...record, holderIdentity: 'b' }));
    const seen = await b.get();
    assert.deepEqual(seen, created);
    const released = await a.update({ ...created, holderIdentity: '' });
    assert.equal(released.holderIdentity, undefined);
    await failsWith('KUBE_CONFLICT', b.update({ ...created, holderIdentity: 'b' }));
    assert.equal((await b.update({ ...released, holderIdentity: 'b' })).holderIdentity, 'b');
  });

  it('refuses a server whose certificate it cannot verify', async () => {
    const access = { server: kubernetes.server, defaultNamespace: namespace };
    const credentials = () => Promise.resolve({ headers: {}, tls: {} });
    const options = { userAgent: 'test', requestTimeoutMs: 5000, maxConnections: 1, metrics, log: silentLogger };
    const trustless = new KubeClient({ ...access, credentials }, { ...options, clock: systemClock });
    const listing = new ResourceClient(trustless, configMapRef).list();
    await assert.rejects(listing, {
      code: 'KUBE_UNAVAILABLE',
      message: /certificate of 127\.0\.0\.1:\d+ is not accepted/,
    });
    await trustless.close();
  });

  it('says which verb and resource are forbidden', async () => {
    const { stdout: token } = await kubernetes.kubectl(['create', 'token', 'default', '-n', namespace]);
    const access = { server: kubernetes.server, defaultNamespace: namespace };
    const headers = { Authorization: `Bearer ${token.trim()}` };
    const credentials = () => Promise.resolve({ headers, tls: { rejectUnauthorized: false } });
    const options = { userAgent: 'test', requestTimeoutMs: 5000, maxConnections: 1, metrics, log: silentLogger };
    const stranger = new KubeClient({ ...access, credentials }, { ...options, clock: systemClock });
    const listing = new ResourceClient(stranger, configMapRef).list();
    await assert.rejects(listing, {
      code: 'KUBE_FORBIDDEN',
      message: /list configmaps.*cannot list resource "configmaps"/,
    });
    await stranger.close();
  });

  it('follows changes again after the API server was restarted', async () => {
    const { store, reflector } = reflect({ namespace, labelSelector: 'restart=yes' });
    const labels = { restart: 'yes' };
    await configMaps.create({ metadata: { name: 'before', namespace, labels } }, ours);
    reflector.start();
    await reflector.synced();
    await kubernetes.kill('apiserver', 'SIGKILL');
    await eventually(5000, async () => assert.equal(reflector.lastError?.code, 'KUBE_UNAVAILABLE'));
    assert.equal(store.size, 1);
    await kubernetes.start('apiserver');
    await configMaps.create({ metadata: { name: 'after', namespace, labels } }, ours);
    await configMaps.delete('before', namespace);
    await eventually(15_000, async () => assert.deepEqual(store.keys(), ['default/after']));
    assert.equal(reflector.lastError, undefined);
  });

  function reflect(options: Partial<ReflectorOptions<ConfigMap>>) {
    const store = new Store<ConfigMap>();
    const shared = { client, resource: configMapRef, store, log: silentLogger, clock: systemClock, metrics };
    const reflector = new Reflector<ConfigMap>({ ...shared, ...options });
    reflectors.push(reflector);
    return { store, reflector };
  }

  async function must(...args: string[]): Promise<void> {
    const { code, stderr } = await kubernetes.kubectl(args);
    assert.equal(code, 0, stderr);
  }

  function patch(name: string, operations: Parameters<typeof configMaps.jsonPatch>[2]): Promise<ConfigMap> {
    return configMaps.jsonPatch(name, namespace, operations);
  }
});

async function failsWith(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => isBridgeError(error, code) || assert.fail(`${String(error)} is no ${code}`));
}

const widgetCrd = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.test.example.io }
spec:
  group: test.example.io
  scope: Namespaced
  names: { plural: widgets, singular: widget, kind: Widget, listKind: WidgetList }
  versions:
    - name: v1
      served: true
      storage: true
      subresources: { status: {} }
      schema:
        openAPIV3Schema:
          type: object
          properties:
            status: { type: object, properties: { note: { type: string }, count: { type: integer } } }
`;
