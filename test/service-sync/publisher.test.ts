import assert from 'node:assert/strict';
import type { NacosService } from '../../operator/api/resources.ts';
import { ConnectionDirectory, type ConnectionHandle } from '../../operator/connections/connection-directory.ts';
import { DEFAULT_CONNECTION } from '../../operator/connections/connection-key.ts';
import { BridgeError } from '../../operator/errors.ts';
import { objectKey, type KubeObject } from '../../operator/kube/resource.ts';
import type { NacosClient } from '../../operator/nacos/client.ts';
import type { Instance, ServiceKey } from '../../operator/nacos/naming/naming-types.ts';
import type { PodMetadata } from '../../operator/service-sync/pod-metadata.ts';
import { PublicationBook } from '../../operator/service-sync/publication-book.ts';
import { Publisher } from '../../operator/service-sync/publisher.ts';
import { newResourceStore, newServiceStore, newSliceStore } from '../../operator/service-sync/service-publisher.ts';
import type { EndpointSlice, Service } from '../../operator/service-sync/kube-objects.ts';
import { SelectionGuard } from '../../operator/service-sync/selection-guard.ts';
import { FakeClock } from '../fake-clock.ts';
import { endpoint, nacosService, service, slice } from './objects.ts';

/** A registry in memory: what it holds is what the tests look at. */
class Registry {
  readonly records = new Map<string, string[]>();
  refuse: BridgeError | undefined;

  async publish({ group, serviceName }: ServiceKey, instances: readonly Instance[]): Promise<void> {
    if (this.refuse) throw this.refuse;
    this.records.set(
      `${group} ${serviceName}`,
      instances.map(({ ip }) => ip),
    );
  }

  async withdraw({ group, serviceName }: ServiceKey): Promise<void> {
    this.records.delete(`${group} ${serviceName}`);
  }
}

/** A cluster in stores, and a publisher that is told of each change as the queue would. */
class World {
  readonly registry = new Registry();
  readonly directory = new ConnectionDirectory();
  readonly book = new PublicationBook();
  readonly clock = new FakeClock();
  readonly guard = new SelectionGuard(this.clock);
  readonly services = newServiceStore();
  readonly slices = newSliceStore();
  readonly resources = newResourceStore();
  readonly publisher: Publisher;
  arePodsKnown = true;
  #affected: string[] = [];
  #version = 0;

  constructor() {
    this.connect();
    const pods = { isSynced: () => this.arePodsKnown, get: () => undefined } as unknown as PodMetadata;
    const { book, directory, guard, resources, services, slices } = this;
    this.publisher = new Publisher({
      book,
      directory,
      guard,
      resources,
      services,
      slices,
      clusterId: () => 'c1',
      pods,
      onAffected: (key) => this.#affected.push(key),
    });
  }

  connect(registry = this.registry, connection = DEFAULT_CONNECTION): void {
    const handle = { title: '', client: { naming: registry }, namespaceId: '' } as unknown as ConnectionHandle;
    this.directory.set(connection, handle);
  }

  get client(): NacosClient {
    return this.directory.find(DEFAULT_CONNECTION).client;
  }

  put(...objects: { services?: Service[]; slices?: EndpointSlice[]; resources?: NacosService[] }[]): void {
    for (const { services = [], slices = [], resources = [] } of objects) {
      for (const one of services) this.services.applyEvent('MODIFIED', this.#versioned(one));
      for (const one of slices) this.slices.applyEvent('MODIFIED', this.#versioned(one));
      for (const one of resources) this.resources.applyEvent('MODIFIED', this.#versioned(one));
    }
  }

  /** Looks at these Services and at all that are affected. */
  async look(...keys: string[]): Promise<void> {
    this.#affected = keys;
    for (let key = this.#affected.shift(); key !== undefined; key = this.#affected.shift()) {
      await this.publisher.declare(key);
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

describe('the publisher', () => {
  let world: World;

  beforeEach(() => {
    world = new World();
  });

  const held = () => Object.fromEntries([...world.registry.records].toSorted(([a], [b]) => (a < b ? -1 : 1)));

  it('publishes the endpoints of a Service and follows them', async () => {
    world.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources: [nacosService()] });
    await world.look('shop/orders');
    assert.deepEqual(held(), { 'DEFAULT_GROUP orders': ['10.0.0.1'] });
    world.put({ slices: [slice([endpoint('10.0.0.1'), endpoint('10.0.0.2')])] });
    await world.look('shop/orders');
    assert.deepEqual(held(), { 'DEFAULT_GROUP orders': ['10.0.0.1', '10.0.0.2'] });
  });

  it('says whether anything had to be sent', async () => {
    world.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources: [nacosService()] });
    assert.equal(await world.publisher.declare('shop/orders'), true);
    assert.equal(await world.publisher.declare('shop/orders'), false);
  });

  it('withdraws what is not asked for any more: a port, the resource, the Service', async () => {
    const ports = [
      { name: 'http', port: 80 },
      { name: 'grpc', port: 90 },
    ];
    world.put({ services: [service({ ports })], slices: [], resources: [nacosService()] });
    await world.look('shop/orders');
    assert.deepEqual(Object.keys(held()), ['DEFAULT_GROUP orders', 'DEFAULT_GROUP orders-grpc']);
    world.put({ services: [service()] });
    await world.look('shop/orders');
    assert.deepEqual(Object.keys(held()), ['DEFAULT_GROUP orders']);
    world.resources.applyEvent('DELETED', {
      ...nacosService(),
      metadata: { ...nacosService().metadata, uid: 'shop/export' },
    });
    await world.look('shop/orders');
    assert.deepEqual(held(), {});
    assert.deepEqual(world.book.services(), []);
  });

  it('gives a name to the oldest that wants it, and to the next when that goes', async () => {
    const older = nacosService({ serviceName: 'shared' }, { name: 'a', creationTimestamp: '2026-01-01T00:00:00Z' });
    const younger = nacosService(
      { serviceName: 'shared', source: { serviceRef: { name: 'billing' } } },
      { name: 'b', creationTimestamp: '2026-01-02T00:00:00Z' },
    );
    const labels = { 'kubernetes.io/service-name': 'billing' };
    const billing = slice([endpoint('10.0.0.9')], { metadata: { name: 'billing-x', namespace: 'shop', labels } });
    world.put({
      services: [service(), service({ name: 'billing' })],
      slices: [slice([endpoint('10.0.0.1')]), billing],
    });
    world.put({ resources: [younger] });
    await world.look('shop/billing');
    assert.deepEqual(held(), { 'DEFAULT_GROUP shared': ['10.0.0.9'] });
    world.put({ resources: [older] });
    await world.look('shop/orders');
    assert.deepEqual(held(), { 'DEFAULT_GROUP shared': ['10.0.0.1'] });
    const [problem] = world.book.of('shop/billing').get('NacosService shop/b')?.problems ?? [];
    assert.match(problem?.message ?? '', /'shared' in group 'DEFAULT_GROUP' is published by an older export/);
    world.resources.applyEvent('DELETED', { ...older, metadata: { ...older.metadata, uid: 'shop/a' } });
    await world.look('shop/orders');
    assert.deepEqual(held(), { 'DEFAULT_GROUP shared': ['10.0.0.9'] });
  });

  it('lets a resource come before the annotation of the Service', async () => {
    const annotations = { 'bridge.nacos.io/export': 'true' };
    world.put({ services: [service({ annotations })], slices: [slice([endpoint('10.0.0.1')])] });
    await world.look('shop/orders');
    assert.deepEqual(Object.keys(held()), ['DEFAULT_GROUP orders']);
    world.put({ resources: [nacosService({ group: 'SHOP' })] });
    await world.look('shop/orders');
    assert.deepEqual(Object.keys(held()), ['DEFAULT_GROUP orders', 'SHOP orders'], 'different names do not compete');
  });

  it('keeps what it published while the connection or the pods are not known', async () => {
    world.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources: [nacosService()] });
    await world.look('shop/orders');
    world.directory.fail(DEFAULT_CONNECTION, new BridgeError('REFERENCE_MISSING', 'Secret gone'));
    world.put({ slices: [slice([])] });
    await assert.rejects(world.look('shop/orders'), /Secret gone/);
    assert.deepEqual(held(), { 'DEFAULT_GROUP orders': ['10.0.0.1'] });
    world.connect();
    world.arePodsKnown = false;
    world.put({ resources: [nacosService({ podAnnotations: 'Use' }, { generation: 2 })] });
    await world.look('shop/orders');
    assert.deepEqual(held(), { 'DEFAULT_GROUP orders': ['10.0.0.1'] });
  });

  it('leaves what it published at one client until another one has it, when its connection moves', async () => {
    world.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources: [nacosService()] });
    await world.look('shop/orders');
    const former = world.client;
    const elsewhere = new Registry();
    world.connect(elsewhere);
    await world.look('shop/orders');
    assert.deepEqual([...elsewhere.records.keys()], ['DEFAULT_GROUP orders']);
    assert.deepEqual(Object.keys(held()), ['DEFAULT_GROUP orders']);
    await world.publisher.leave(former);
    assert.deepEqual(held(), {});
    assert.deepEqual([...elsewhere.records.keys()], ['DEFAULT_GROUP orders']);
  });

  it('does not withdraw what another connection wants at the client that was left', async () => {
    const spec = { connectionRef: { kind: 'NacosConnection', name: 'other' } } as const;
    const other = { name: 'other', creationTimestamp: '2026-01-02T00:00:00Z' };
    const oldest = { creationTimestamp: '2026-01-01T00:00:00Z' };
    const { client } = world;
    world.directory.set('shop/other', { title: '', client, namespaceId: '' });
    const resources = [nacosService({}, oldest), nacosService(spec, other)];
    world.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources });
    await world.look('shop/orders');
    const problems = world.book.publicationsOf('NacosService shop/other').flatMap(([, { problems }]) => problems);
    assert.match(problems[0]?.message ?? '', /published by an older export/);
    world.connect(new Registry());
    await world.look('shop/orders');
    await world.publisher.leave(client);
    assert.deepEqual(held(), { 'DEFAULT_GROUP orders': ['10.0.0.1'] });
  });

  it('counts over which connections it publishes', async () => {
    assert.deepEqual([...world.book.connectionsInUse()], []);
    world.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources: [nacosService()] });
    await world.look('shop/orders');
    assert.deepEqual([...world.book.connectionsInUse()], [DEFAULT_CONNECTION]);
    assert.equal(world.book.isKnown(DEFAULT_CONNECTION), true);
    world.directory.fail(DEFAULT_CONNECTION, new BridgeError('NACOS_UNREACHABLE', 'away'));
    await assert.rejects(world.look('shop/orders'));
    assert.equal(world.book.isKnown(DEFAULT_CONNECTION), false);
    world.services.applyEvent('DELETED', { ...service(), metadata: { ...service().metadata, uid: 'shop/orders' } });
    await world.look('shop/orders');
    assert.deepEqual([...world.book.connectionsInUse()], []);
    assert.equal(world.book.isKnown(DEFAULT_CONNECTION), true);
  });

  it('remembers what Nacos refused, and goes on with the rest', async () => {
    world.put({ services: [service()], slices: [slice([endpoint('10.0.0.1')])], resources: [nacosService()] });
    world.registry.refuse = new BridgeError('NACOS_FORBIDDEN', 'no right');
    await assert.rejects(world.look('shop/orders'), /no right/);
    const [record] = world.book.of('shop/orders').get('NacosService shop/export')?.records.values() ?? [];
    assert.deepEqual(record?.state, { failed: world.registry.refuse });
    world.registry.refuse = undefined;
    await world.look('shop/orders');
    assert.deepEqual(held(), { 'DEFAULT_GROUP orders': ['10.0.0.1'] });
  });

  it('holds what a selector suddenly drops, until it is confirmed', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `s${String(index).padStart(2, '0')}`);
    const keys = names.map((name) => `shop/${name}`);
    const selecting = nacosService({ source: { serviceSelector: { matchLabels: { app: 'x' } } } });
    world.put({ services: names.map((name) => service({ name, labels: { app: 'x' } })), resources: [selecting] });
    await world.look(...keys);
    assert.equal(Object.keys(held()).length, 12);
    world.put({ services: names.map((name) => service({ name, labels: { app: 'y' } })) });
    await world.look(...keys);
    assert.equal(Object.keys(held()).length, 12);
    const annotations = { 'bridge.nacos.io/confirm-deletion': 'true' };
    world.put({ resources: [{ ...selecting, metadata: { ...selecting.metadata, annotations } }] });
    await world.look(...keys);
    assert.deepEqual(held(), {});
  });

  it('lets Services go that are deleted, however many', async () => {
    const names = Array.from({ length: 12 }, (_, index) => `s${String(index).padStart(2, '0')}`);
    const selecting = nacosService({ source: { serviceSelector: { matchLabels: { app: 'x' } } } });
    world.put({ services: names.map((name) => service({ name, labels: { app: 'x' } })), resources: [selecting] });
    await world.look(...names.map((name) => `shop/${name}`));
    world.services.replace([]);
    await world.look(...names.map((name) => `shop/${name}`));
    assert.deepEqual(held(), {});
  });
});
