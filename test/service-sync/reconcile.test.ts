import assert from 'node:assert/strict';
import type { NacosService } from '../../operator/api/resources.ts';
import { Allowance, unrestricted } from '../../operator/connections/allowance.ts';
import { ConnectionDirectory, type ConnectionHandle } from '../../operator/connections/connection-directory.ts';
import { DEFAULT_CONNECTION } from '../../operator/connections/connection-key.ts';
import { BridgeError } from '../../operator/errors.ts';
import { objectKey, type KubeObject } from '../../operator/kube/resource.ts';
import type { NacosClient } from '../../operator/nacos/client.ts';
import type { Instance, ServiceKey } from '../../operator/nacos/naming/naming-types.ts';
import { AllowGuard } from '../../operator/service-sync/allow-guard.ts';
import type { EndpointSlice } from '../../operator/service-sync/endpoint-slices.ts';
import { Publications } from '../../operator/service-sync/publications.ts';
import { ServiceReconciler } from '../../operator/service-sync/reconcile.ts';
import { RecordSender } from '../../operator/service-sync/record-sender.ts';
import { SelectionGuard } from '../../operator/service-sync/selection-guard.ts';
import type { Service } from '../../operator/service-sync/service-export.ts';
import { SelfRegistered } from '../../operator/service-sync/self-registered.ts';
import { ServiceStores } from '../../operator/service-sync/service-stores.ts';
import { FakeClock, settle } from '../fake-clock.ts';
import { endpoint, nacosService, service, slice } from './objects.ts';

/** A registry in memory: what it holds is what the tests look at. */
class Registry {
  /** Where it is; another one elsewhere is another Nacos. */
  readonly server: string;
  readonly records = new Map<string, string[]>();
  readonly connections = { count: 1 };
  refuse: BridgeError | undefined;
  /** Takes what it is asked for, and does not say so. */
  isMute = false;

  constructor(server = 'nacos:8848') {
    this.server = server;
  }

  async publish({ group, serviceName }: ServiceKey, instances: readonly Instance[]): Promise<void> {
    if (this.refuse) throw this.refuse;
    this.records.set(
      `${group} ${serviceName}`,
      instances.map(({ ip }) => ip),
    );
    if (this.isMute) await new Promise(() => {});
  }

  mayHold({ group, serviceName }: ServiceKey): boolean {
    return this.records.has(`${group} ${serviceName}`);
  }

  async withdraw({ group, serviceName }: ServiceKey): Promise<void> {
    this.records.delete(`${group} ${serviceName}`);
  }
}

/** A cluster in stores, and a reconciler that is told of each change as the queue would. */
class Cluster {
  readonly registry = new Registry();
  readonly directory = new ConnectionDirectory();
  readonly publications = new Publications();
  readonly clock = new FakeClock();
  readonly stores = new ServiceStores();
  readonly selfRegistered = new SelfRegistered();
  readonly sender: RecordSender;
  readonly reconciler: ServiceReconciler;
  /** Services of which everything is confirmed, and whether that took a request. */
  settled: string[] = [];
  arePodsKnown = true;
  #queue: string[] = [];
  #version = 0;

  constructor() {
    this.connect();
    const { directory, publications, stores } = this;
    this.publications.claims.onContest((key) => this.#queue.push(key));
    this.sender = new RecordSender({
      clock: this.clock,
      isFree: (address) => publications.claims.winner(address)?.address.client !== address.client,
      onState: (exportId) => publications.changed(exportId),
    });
    this.sender.onMoved((key) => this.#queue.push(key));
    this.sender.onSettled((key, hasChanged) => this.settled.push(`${key} ${hasChanged}`));
    this.reconciler = new ServiceReconciler({
      clusterId: () => 'c1',
      stores,
      pods: { isSynced: () => this.arePodsKnown, get: () => undefined },
      directory,
      publications,
      sender: this.sender,
      guard: new SelectionGuard(this.clock),
      allowGuard: new AllowGuard({ clock: this.clock, directory, publications, stores }),
      selfRegistered: this.selfRegistered,
    });
  }

  connect(registry = this.registry, connection = DEFAULT_CONNECTION, allowance = unrestricted): void {
    const client = { naming: registry };
    const handle = { title: '', client, servers: [registry.server], namespaceId: '', allowance };
    this.directory.set(connection, handle as unknown as ConnectionHandle);
  }

  get client(): NacosClient {
    return this.directory.find(DEFAULT_CONNECTION).client;
  }

  put(...objects: { services?: Service[]; slices?: EndpointSlice[]; resources?: NacosService[] }[]): void {
    for (const { services = [], slices = [], resources = [] } of objects) {
      for (const one of services) this.stores.services.applyEvent('MODIFIED', this.#versioned(one));
      for (const one of slices) this.stores.slices.applyEvent('MODIFIED', this.#versioned(one));
      for (const one of resources) this.stores.resources.applyEvent('MODIFIED', this.#versioned(one));
    }
  }

  /** Reconciles these Services, and all that they bring into the queue, until Nacos has answered to all. */
  async reconcile(...keys: string[]): Promise<void> {
    this.#queue.push(...keys);
    for (let key = this.#queue.shift(); key !== undefined; key = this.#queue.shift()) {
      this.reconciler.reconcile(key);
      await settle();
    }
  }

  #versioned<T extends KubeObject>(object: T): T {
    this.#version += 1;
    return {
      ...object,
      metadata: { uid: objectKey(object), ...object.metadata, resourceVersion: String(this.#version) },
    };
  }
}

describe('the reconciler of Services', () => {
  let cluster: Cluster;

  beforeEach(() => {
    cluster = new Cluster();
  });

  const held = () => Object.fromEntries([...cluster.registry.records].toSorted(([a], [b]) => (a < b ? -1 : 1)));

  it('publishes the endpoints of a Service and follows them', async () => {
    cluster.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources: [nacosService()] });
    await cluster.reconcile('shop/orders');
    assert.deepEqual(held(), { 'DEFAULT_GROUP orders': ['10.0.0.1'] });
    cluster.put({ slices: [slice([endpoint('10.0.0.1'), endpoint('10.0.0.2')])] });
    await cluster.reconcile('shop/orders');
    assert.deepEqual(held(), { 'DEFAULT_GROUP orders': ['10.0.0.1', '10.0.0.2'] });
  });

  it('tells when all is confirmed, and whether anything had to be sent', async () => {
    cluster.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources: [nacosService()] });
    cluster.reconciler.reconcile('shop/orders');
    assert.deepEqual(cluster.settled, []);
    await settle();
    assert.deepEqual(cluster.settled, ['shop/orders true']);
    await cluster.reconcile('shop/orders');
    assert.deepEqual(cluster.settled, ['shop/orders true', 'shop/orders false']);
  });

  it('withdraws what is not asked for any more: a port, the resource, the Service', async () => {
    const ports = [
      { name: 'http', port: 80 },
      { name: 'grpc', port: 90 },
    ];
    cluster.put({ services: [service({ ports })], slices: [], resources: [nacosService()] });
    await cluster.reconcile('shop/orders');
    assert.deepEqual(Object.keys(held()), ['DEFAULT_GROUP orders', 'DEFAULT_GROUP orders-grpc']);
    cluster.put({ services: [service()] });
    await cluster.reconcile('shop/orders');
    assert.deepEqual(Object.keys(held()), ['DEFAULT_GROUP orders']);
    cluster.stores.resources.applyEvent('DELETED', {
      ...nacosService(),
      metadata: { ...nacosService().metadata, uid: 'shop/export' },
    });
    await cluster.reconcile('shop/orders');
    assert.deepEqual(held(), {});
    assert.deepEqual(cluster.publications.services(), []);
  });

  it('gives a name to the oldest that wants it, and to the next when that goes', async () => {
    const older = nacosService({ serviceName: 'shared' }, { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' });
    const younger = nacosService(
      { serviceName: 'shared', source: { serviceRef: { name: 'billing' } } },
      { name: 'b', creationTimestamp: '2026-01-02T00:00:00Z' },
    );
    const labels = { 'kubernetes.io/service-name': 'billing' };
    const billing = slice([endpoint('10.0.0.9')], { metadata: { name: 'billing-x', namespace: 'shop', labels } });
    cluster.put({
      services: [service(), service({ name: 'billing' })],
      slices: [slice([endpoint('10.0.0.1')]), billing],
    });
    cluster.put({ resources: [younger] });
    await cluster.reconcile('shop/billing');
    assert.deepEqual(held(), { 'DEFAULT_GROUP shared': ['10.0.0.9'] });
    cluster.put({ resources: [older] });
    await cluster.reconcile('shop/orders');
    assert.deepEqual(held(), { 'DEFAULT_GROUP shared': ['10.0.0.1'] });
    const [problem] = cluster.publications.of('shop/billing').get('NacosService shop/b')?.problems ?? [];
    assert.match(
      problem?.message ?? '',
      /'shared' in group 'DEFAULT_GROUP' is published by NacosService shop\/a, which is older/,
    );
    cluster.stores.resources.applyEvent('DELETED', { ...older, metadata: { ...older.metadata, uid: 'shop/a' } });
    await cluster.reconcile('shop/orders');
    assert.deepEqual(held(), { 'DEFAULT_GROUP shared': ['10.0.0.9'] });
  });

  const two = (spec: Partial<NacosService['spec']> = {}) => {
    const labels = { 'kubernetes.io/service-name': 'billing' };
    const billing = slice([endpoint('10.0.0.9')], { metadata: { name: 'billing-x', namespace: 'shop', labels } });
    const older = nacosService({ serviceName: 'shared' }, { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' });
    const younger = nacosService(
      { serviceName: 'shared', source: { serviceRef: { name: 'billing' } }, ...spec },
      { name: 'b', creationTimestamp: '2026-01-02T00:00:00Z' },
    );
    cluster.put({
      services: [service(), service({ name: 'billing' })],
      slices: [slice([endpoint('10.0.0.1')]), billing],
      resources: [older, younger],
    });
    return { older, younger };
  };
  const drop = (resource: NacosService) => {
    const uid = objectKey(resource);
    cluster.stores.resources.applyEvent('DELETED', { ...resource, metadata: { ...resource.metadata, uid } });
  };

  const endings: [string, (younger: NacosService) => void][] = [
    [
      'another name is wanted',
      ({ metadata }) =>
        cluster.put({
          resources: [
            {
              ...nacosService({ serviceName: 'own', source: { serviceRef: { name: 'billing' } } }),
              metadata: { ...metadata, generation: 2 },
            },
          ],
        }),
    ],
    ['its resource is deleted', drop],
    [
      'its Service is deleted',
      () =>
        cluster.stores.services.applyEvent('DELETED', {
          ...service({ name: 'billing' }),
          metadata: { name: 'billing', namespace: 'shop', uid: 'shop/billing' },
        }),
    ],
  ];
  for (const [title, end] of endings) {
    it(`forgets a claim that has lost when ${title}`, async () => {
      const { older, younger } = two();
      await cluster.reconcile('shop/orders', 'shop/billing');
      assert.deepEqual(held(), { 'DEFAULT_GROUP shared': ['10.0.0.1'] });
      end(younger);
      await cluster.reconcile('shop/billing');
      drop(older);
      await cluster.reconcile('shop/orders');
      assert.equal(held()['DEFAULT_GROUP shared'], undefined);
    });
  }

  it('gives a name once at one Nacos, whatever the connections to it', async () => {
    two({ connectionRef: { kind: 'NacosConnection', name: 'own' } });
    const own = new Registry();
    cluster.connect(own, 'shop/own');
    await cluster.reconcile('shop/billing', 'shop/orders');
    assert.deepEqual(held(), { 'DEFAULT_GROUP shared': ['10.0.0.1'] });
    assert.deepEqual([...own.records.keys()], []);
    const [problem] = cluster.publications.of('shop/billing').get('NacosService shop/b')?.problems ?? [];
    assert.match(problem?.message ?? '', /published by NacosService shop\/a, which is older/);
    cluster.connect(new Registry('elsewhere:8848'), 'shop/own');
    await cluster.reconcile('shop/billing');
    assert.deepEqual(cluster.publications.of('shop/billing').get('NacosService shop/b')?.problems, []);
  });

  it('gives a name that two Services of one selector want to the older, whichever has changed last', async () => {
    const ports = [
      { name: 'http', port: 80 },
      { name: 'grpc', port: 90 },
    ];
    const labels = { app: 'x' };
    const older = service({ labels, ports, creationTimestamp: '2026-01-01T00:00:00Z' });
    const younger = service({ name: 'orders-grpc', labels, creationTimestamp: '2026-01-02T00:00:00Z' });
    const both = [
      { name: 'http', port: 80 },
      { name: 'grpc', port: 90 },
    ];
    const other = slice([endpoint('10.0.0.2')], {
      metadata: { name: 'g', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'orders-grpc' } },
    });
    cluster.put({
      services: [younger, older],
      slices: [slice([endpoint('10.0.0.1')], { ports: both }), other],
      resources: [nacosService({ source: { serviceSelector: { matchLabels: labels } } })],
    });
    for (const keys of [['shop/orders-grpc', 'shop/orders'], ['shop/orders-grpc'], ['shop/orders']]) {
      await cluster.reconcile(...keys);
      assert.deepEqual(held()['DEFAULT_GROUP orders-grpc'], ['10.0.0.1']);
    }
    const [problem] = cluster.publications.of('shop/orders-grpc').get('NacosService shop/export')?.problems ?? [];
    assert.match(problem?.message ?? '', /is the name of Service 'orders', which is older/);
  });

  it('lets a resource come before the annotation of the Service', async () => {
    const annotations = { 'bridge.nacos.io/export': 'true' };
    cluster.put({ services: [service({ annotations })], slices: [slice([endpoint('10.0.0.1')])] });
    await cluster.reconcile('shop/orders');
    assert.deepEqual(Object.keys(held()), ['DEFAULT_GROUP orders']);
    cluster.put({ resources: [nacosService({ group: 'SHOP' })] });
    await cluster.reconcile('shop/orders');
    assert.deepEqual(Object.keys(held()), ['DEFAULT_GROUP orders', 'SHOP orders'], 'different names do not compete');
  });

  it('keeps what it published while the connection or the pods are not known', async () => {
    cluster.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources: [nacosService()] });
    await cluster.reconcile('shop/orders');
    cluster.directory.fail(DEFAULT_CONNECTION, new BridgeError('REFERENCE_MISSING', 'Secret gone'));
    cluster.put({ slices: [slice([])] });
    await assert.rejects(cluster.reconcile('shop/orders'), /Secret gone/);
    assert.deepEqual(held(), { 'DEFAULT_GROUP orders': ['10.0.0.1'] });
    cluster.connect();
    cluster.arePodsKnown = false;
    cluster.put({ resources: [nacosService({ podAnnotations: 'Use' }, { generation: 2 })] });
    await cluster.reconcile('shop/orders');
    assert.deepEqual(held(), { 'DEFAULT_GROUP orders': ['10.0.0.1'] });
  });

  it('leaves what it published at one client until another one has it, and keeps both equal meanwhile', async () => {
    cluster.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources: [nacosService()] });
    await cluster.reconcile('shop/orders');
    const elsewhere = new Registry();
    elsewhere.refuse = new BridgeError('NACOS_UNAUTHENTICATED', 'wrong password');
    cluster.connect(elsewhere);
    await cluster.reconcile('shop/orders');
    cluster.put({ slices: [slice([endpoint('10.0.0.2')])] });
    await cluster.reconcile('shop/orders');
    await cluster.clock.advance(3_600_000);
    assert.deepEqual(held(), { 'DEFAULT_GROUP orders': ['10.0.0.2'] });
    assert.equal(cluster.sender.formers.count(DEFAULT_CONNECTION), 1);
    elsewhere.refuse = undefined;
    cluster.sender.retry(cluster.client);
    await settle();
    await cluster.reconcile();
    assert.deepEqual(held(), {});
    assert.deepEqual([...elsewhere.records], [['DEFAULT_GROUP orders', ['10.0.0.2']]]);
    assert.equal(cluster.sender.formers.count(DEFAULT_CONNECTION), 0);
  });

  it('keeps a name where Nacos may have its record, although it was not confirmed when its connection changed', async () => {
    two({ connectionRef: { kind: 'NacosConnection', name: 'own' } });
    const own = new Registry();
    cluster.connect(own, 'shop/own');
    cluster.registry.isMute = true;
    await cluster.reconcile('shop/orders', 'shop/billing');
    const elsewhere = new Registry('elsewhere:8848');
    elsewhere.refuse = new BridgeError('NACOS_UNAUTHENTICATED', 'wrong password');
    cluster.connect(elsewhere);
    await cluster.reconcile('shop/orders');
    assert.deepEqual([held(), [...own.records]], [{ 'DEFAULT_GROUP shared': ['10.0.0.1'] }, []]);
  });

  it('withdraws everywhere what is deleted while it moves', async () => {
    cluster.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources: [nacosService()] });
    await cluster.reconcile('shop/orders');
    const elsewhere = new Registry();
    elsewhere.refuse = new BridgeError('TIMEOUT', 'no answer');
    cluster.connect(elsewhere);
    await cluster.reconcile('shop/orders');
    cluster.stores.services.replace([]);
    await cluster.reconcile('shop/orders');
    assert.deepEqual([held(), [...elsewhere.records]], [{}, []]);
  });

  it('withdraws what a connection held that is gone', async () => {
    cluster.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources: [nacosService()] });
    await cluster.reconcile('shop/orders');
    cluster.directory.remove(DEFAULT_CONNECTION);
    await assert.rejects(cluster.reconcile('shop/orders'), /no default connection/);
    await settle();
    assert.deepEqual(held(), {});
    assert.deepEqual(cluster.publications.records(), []);
  });

  describe('over a connection that allows some names only', () => {
    const rule = (names: readonly string[], isConfirmed = false) =>
      new Allowance({ title: 'NacosConnection main', rules: [{ services: names }], isConfirmed });
    const twoPorts = {
      ports: [
        { name: 'http', port: 80 },
        { name: 'grpc', port: 90 },
      ],
    };

    const sliceOf = (name: string) => {
      const labels = { 'kubernetes.io/service-name': name };
      return slice([endpoint('10.0.0.1')], { metadata: { name, namespace: 'shop', labels } });
    };

    async function publishMany(count: number): Promise<string[]> {
      const names = Array.from({ length: count }, (_, index) => `s${index}`);
      cluster.put({
        services: names.map((name) => service({ name })),
        slices: names.map(sliceOf),
        resources: [nacosService({ source: { serviceSelector: {} } })],
      });
      const keys = names.map((name) => `shop/${name}`);
      await cluster.reconcile(...keys);
      assert.equal(Object.keys(held()).length, count);
      return keys;
    }

    async function allow(allowance: Allowance, keys: readonly string[]): Promise<void> {
      cluster.connect(cluster.registry, DEFAULT_CONNECTION, allowance);
      await cluster.reconcile(...keys);
    }

    it('publishes no other, asks nothing for it, and says so', async () => {
      cluster.connect(cluster.registry, DEFAULT_CONNECTION, rule(['*-grpc']));
      const ports = twoPorts.ports.map(({ name }) => ({ name, port: 90 }));
      const slices = [slice([endpoint('10.0.0.1')], { ports })];
      cluster.put({ services: [service(twoPorts)], slices, resources: [nacosService()] });
      await cluster.reconcile('shop/orders');
      assert.deepEqual(held(), { 'DEFAULT_GROUP orders-grpc': ['10.0.0.1'] });
      const [publication] = cluster.publications.publicationsOf('NacosService shop/export').map(([, one]) => one);
      assert.equal(publication?.refusal?.error.code, 'NOT_ALLOWED');
      assert.match(publication?.refusal?.error.message ?? '', /NacosConnection main .*the service 'orders'.*'\*-grpc'/);
      assert.deepEqual(
        publication?.problems.map(({ field }) => field),
        ['allow'],
      );
    });

    it('withdraws at once what it does not allow any more', async () => {
      const keys = await publishMany(9);
      await allow(rule(['s1']), keys);
      assert.deepEqual(Object.keys(held()), ['DEFAULT_GROUP s1']);
    });

    it('publishes on what is more than half of ten or more, until it is confirmed', async () => {
      const keys = await publishMany(10);
      await allow(rule(['s1']), keys);
      assert.equal(Object.keys(held()).length, 10);
      const refusals = cluster.publications
        .publicationsOf('NacosService shop/export')
        .map(([, { refusal }]) => refusal?.held ?? 0);
      assert.deepEqual(
        refusals.toSorted((a, b) => a - b),
        [0, 1, 1, 1, 1, 1, 1, 1, 1, 1],
      );
      cluster.put({ services: [service({ name: 'new' })], slices: [] });
      await cluster.reconcile('shop/new');
      assert.equal(Object.keys(held()).length, 10, 'what was never allowed is not held');
      await allow(rule(['s1'], true), keys);
      assert.deepEqual(Object.keys(held()), ['DEFAULT_GROUP s1']);
    });

    it('withdraws half of ten', async () => {
      const keys = await publishMany(10);
      await allow(rule(['s0', 's1', 's2', 's3', 's4']), keys);
      assert.equal(Object.keys(held()).length, 5);
    });

    it('gives a name that it does not allow to nobody, and keeps nobody else from it', async () => {
      const older = nacosService({ serviceName: 'shared' }, { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' });
      const spec = { serviceName: 'shared', connectionRef: { kind: 'NacosConnection', name: 'other' } } as const;
      const younger = nacosService(spec, { name: 'b', creationTimestamp: '2026-01-02T00:00:00Z' });
      cluster.connect(cluster.registry, 'shop/other');
      cluster.connect(cluster.registry, DEFAULT_CONNECTION, rule(['elsewhere']));
      cluster.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources: [older, younger] });
      await cluster.reconcile('shop/orders');
      assert.deepEqual(held(), { 'DEFAULT_GROUP shared': ['10.0.0.1'] });
      const published = cluster.publications.records().map(({ address }) => address.connection);
      assert.deepEqual(published, ['shop/other']);
    });
  });

  it('does not withdraw what another connection wants at the client that was left', async () => {
    const spec = { connectionRef: { kind: 'NacosConnection', name: 'other' } } as const;
    const other = { name: 'other', creationTimestamp: '2026-01-02T00:00:00Z' };
    const oldest = { creationTimestamp: '2026-01-01T00:00:00Z' };
    const { client } = cluster;
    const servers = [cluster.registry.server];
    cluster.directory.set('shop/other', { title: '', client, servers, namespaceId: '', allowance: unrestricted });
    const resources = [nacosService({}, oldest), nacosService(spec, other)];
    cluster.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources });
    await cluster.reconcile('shop/orders');
    const problems = () =>
      cluster.publications.publicationsOf('NacosService shop/other').flatMap(([, { problems }]) => problems);
    assert.match(problems()[0]?.message ?? '', /published by NacosService shop\/export, which is older/);
    const elsewhere = new Registry('elsewhere:8848');
    elsewhere.refuse = new BridgeError('TIMEOUT', 'no answer');
    cluster.connect(elsewhere);
    await cluster.reconcile('shop/orders');
    assert.match(
      problems()[0]?.message ?? '',
      /published by NacosService shop\/export, which is older/,
      'the former client holds it for the older',
    );
    elsewhere.refuse = undefined;
    cluster.sender.retry(cluster.client);
    await settle();
    await cluster.reconcile();
    assert.deepEqual(problems(), []);
    assert.deepEqual(held(), { 'DEFAULT_GROUP orders': ['10.0.0.1'] });
  });

  it('counts over which connections it publishes', async () => {
    assert.deepEqual([...cluster.publications.connectionsInUse()], []);
    cluster.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources: [nacosService()] });
    await cluster.reconcile('shop/orders');
    assert.deepEqual([...cluster.publications.connectionsInUse()], [DEFAULT_CONNECTION]);
    assert.equal(cluster.publications.isKnown(DEFAULT_CONNECTION), true);
    cluster.directory.fail(DEFAULT_CONNECTION, new BridgeError('NACOS_UNREACHABLE', 'away'));
    await assert.rejects(cluster.reconcile('shop/orders'));
    assert.equal(cluster.publications.isKnown(DEFAULT_CONNECTION), false);
    cluster.stores.services.applyEvent('DELETED', {
      ...service(),
      metadata: { ...service().metadata, uid: 'shop/orders' },
    });
    await cluster.reconcile('shop/orders');
    assert.deepEqual([...cluster.publications.connectionsInUse()], []);
    assert.equal(cluster.publications.isKnown(DEFAULT_CONNECTION), true);
  });

  it('tries again within a minute what Nacos refused, for whatever reason', async () => {
    cluster.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources: [nacosService()] });
    cluster.registry.refuse = new BridgeError('NACOS_INVALID', 'a persistent service has the name');
    await cluster.reconcile('shop/orders');
    const record = () =>
      [...(cluster.publications.of('shop/orders').get('NacosService shop/export')?.records.values() ?? [])][0];
    assert.deepEqual(record()?.state, { failed: cluster.registry.refuse });
    cluster.registry.refuse = undefined;
    await cluster.clock.advance(60_000);
    assert.equal(record()?.state, 'confirmed');
    assert.deepEqual(held(), { 'DEFAULT_GROUP orders': ['10.0.0.1'] });
  });

  it('holds what a selector suddenly drops, until it is confirmed', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `s${String(index).padStart(2, '0')}`);
    const keys = names.map((name) => `shop/${name}`);
    const selecting = nacosService({ source: { serviceSelector: { matchLabels: { app: 'x' } } } });
    cluster.put({ services: names.map((name) => service({ name, labels: { app: 'x' } })), resources: [selecting] });
    await cluster.reconcile(...keys);
    assert.equal(Object.keys(held()).length, 12);
    cluster.put({ services: names.map((name) => service({ name, labels: { app: 'y' } })) });
    await cluster.reconcile(...keys);
    assert.equal(Object.keys(held()).length, 12);
    const annotations = { 'bridge.nacos.io/confirm-deletion': 'true' };
    cluster.put({ resources: [{ ...selecting, metadata: { ...selecting.metadata, annotations } }] });
    await cluster.reconcile(...keys);
    assert.deepEqual(held(), {});
  });

  it('lets Services go that are deleted, however many', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `s${String(index).padStart(2, '0')}`);
    const selecting = nacosService({ source: { serviceSelector: { matchLabels: { app: 'x' } } } });
    cluster.put({ services: names.map((name) => service({ name, labels: { app: 'x' } })), resources: [selecting] });
    await cluster.reconcile(...names.map((name) => `shop/${name}`));
    cluster.stores.services.replace([]);
    await cluster.reconcile(...names.map((name) => `shop/${name}`));
    assert.deepEqual(held(), {});
  });
});
