import assert from 'node:assert/strict';
import type { Endpoint, EndpointSlice, Pod } from '../../../../sandbox/kubernetes/controllers/shapes.ts';
import { ControllerWorld } from './controller-world.ts';

const serviceName = 'kubernetes.io/service-name';
const managedBy = 'endpointslice.kubernetes.io/managed-by';

describe('EndpointSlices', () => {
  let world: ControllerWorld;

  beforeEach(async () => {
    world = await ControllerWorld.start({ podStartDelayMs: 20, longestPodGraceMs: 1000 });
  });

  afterEach(() => world.stop());

  function service(name: string, spec: object = {}, labels: object = {}): void {
    const whole = { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec };
    world.create({ kind: 'Service', metadata: { name, labels }, spec: whole });
  }

  function pod(name: string, spec: object = {}, metadata: object = {}): void {
    const containers = [{ name: 'main', image: 'one' }];
    world.create({
      kind: 'Pod',
      metadata: { name, labels: { app: 'web' }, ...metadata },
      spec: { containers, ...spec },
    });
  }

  function slices(name = 'web'): EndpointSlice[] {
    const all = world.list('EndpointSlice') as readonly EndpointSlice[];
    return all.filter(({ metadata }) => metadata.labels?.[serviceName] === name);
  }

  const endpoints = (name = 'web'): Endpoint[] => slices(name).flatMap((slice) => slice.endpoints ?? []);
  const states = () =>
    Object.fromEntries(
      endpoints().map(({ targetRef, conditions: { ready, serving, terminating } }) => [
        targetRef?.name ?? '',
        [ready && 'ready', serving && 'serving', terminating && 'terminating'].filter(Boolean).join(' '),
      ]),
    );

  it('hold the pods that a Service selects, with all that consumers read', async () => {
    world.create({ kind: 'Node', metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'eu-1' } } });
    service('web', {}, { team: 'a' });
    pod('one', { nodeName: 'n1' });
    pod('other', {}, { labels: { app: 'other' } });
    await world.advance(100);
    const [slice, ...more] = slices();
    assert.deepEqual(more, []);
    assert.match(slice?.metadata.name ?? '', /^web-[b-z2-9]{5}$/);
    assert.equal(slice?.metadata.generateName, 'web-');
    assert.deepEqual(slice.metadata.labels, {
      team: 'a',
      [serviceName]: 'web',
      [managedBy]: 'endpointslice-controller.k8s.io',
    });
    const owner = slice.metadata.ownerReferences?.[0];
    assert.deepEqual(
      [owner?.kind, owner?.name, owner?.controller, owner?.blockOwnerDeletion],
      ['Service', 'web', true, true],
    );
    assert.equal(slice.addressType, 'IPv4');
    assert.deepEqual(slice.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }]);
    const one = world.get('Pod', 'one') as Pod | undefined;
    assert.deepEqual(slice.endpoints, [
      {
        addresses: [one?.status?.podIP],
        conditions: { ready: true, serving: true, terminating: false },
        nodeName: 'n1',
        targetRef: { kind: 'Pod', namespace: 'default', name: 'one', uid: one?.metadata.uid },
        zone: 'eu-1',
      },
    ]);
  });

  it('say so when there is no pod, and mark headless Services', async () => {
    service('web', { clusterIP: 'None' });
    await world.rest();
    const [slice] = slices();
    assert.deepEqual([slice?.endpoints ?? [], slice?.ports ?? []], [[], []]);
    assert.equal(slice?.metadata.labels?.['service.kubernetes.io/headless'], '');
  });

  it('follow readiness and the end of pods', async () => {
    service('web');
    for (const name of ['a', 'b', 'c']) pod(name);
    await world.advance(100);
    assert.deepEqual(states(), { a: 'ready serving', b: 'ready serving', c: 'ready serving' });
    world.patch('Pod', 'a', { metadata: { annotations: { 'embedded.kubernetes/ready': 'false' } } });
    world.delete('Pod', 'b');
    await world.rest();
    assert.deepEqual(states(), { a: '', b: 'serving terminating', c: 'ready serving' });
    await world.advance(1100, 100);
    assert.deepEqual(states(), { a: '', c: 'ready serving' });
    assert.equal(slices().length, 1);
  });

  it('call pods ready that are not when the Service asks for it', async () => {
    service('web', { publishNotReadyAddresses: true });
    pod('a', {}, { annotations: { 'embedded.kubernetes/ready': 'false' } });
    await world.advance(100);
    assert.deepEqual(states(), { a: 'ready' });
  });

  it('resolve ports by name in each pod, and keep pods with other numbers in another slice', async () => {
    service('web', {
      ports: [
        { name: 'http', port: 80, targetPort: 'www' },
        { name: 'grpc', port: 90 },
      ],
    });
    for (const [name, containerPort] of [
      ['a', 8080],
      ['b', 8081],
    ] as const) {
      pod(name, { containers: [{ name: 'main', image: 'one', ports: [{ name: 'www', containerPort }] }] });
    }
    pod('c');
    await world.advance(100);
    const found = slices().map(({ ports, endpoints }) => [
      endpoints?.map(({ targetRef }) => targetRef?.name).join(),
      ports?.map(({ name, port }) => `${name}=${port}`).join(),
    ]);
    assert.deepEqual(Object.fromEntries(found), {
      a: 'http=8080,grpc=90',
      b: 'http=8081,grpc=90',
      c: 'grpc=90',
    });
  });

  it('follow labels of pods and selectors of Services', async () => {
    service('web');
    pod('a');
    pod('b', {}, { labels: { app: 'other' } });
    await world.advance(100);
    world.patch('Pod', 'b', { metadata: { labels: { app: 'web' } } });
    await world.rest();
    assert.deepEqual(Object.keys(states()), ['a', 'b']);
    world.patch('Pod', 'a', { metadata: { labels: { app: 'other' } } });
    await world.rest();
    assert.deepEqual(Object.keys(states()), ['b']);
    world.patch('Service', 'web', { spec: { selector: { app: 'other' } } });
    await world.rest();
    assert.deepEqual(Object.keys(states()), ['a']);
  });

  it('follow the zone of a node', async () => {
    service('web');
    pod('a');
    await world.advance(100);
    world.patch('Node', 'sandbox', { metadata: { labels: { 'topology.kubernetes.io/zone': 'eu-2' } } });
    await world.rest();
    assert.deepEqual(
      endpoints().map(({ zone }) => zone),
      ['eu-2'],
    );
  });

  it('have at most a hundred endpoints, and are not moved about when pods go', async () => {
    service('web');
    for (let number = 100; number < 250; number += 1) pod(`p${number}`);
    await world.advance(200);
    const sizes = () =>
      slices()
        .map((slice) => slice.endpoints?.length ?? 0)
        .sort((a, b) => a - b);
    assert.equal(endpoints().length, 150);
    assert.ok(sizes().every((size) => size <= 100) && sizes().length === 2, sizes().join());
    world.changes.length = 0;
    world.delete('Pod', 'p120', { gracePeriodSeconds: 0 });
    await world.rest();
    const written = world.changes.filter(({ resource }) => resource.kind === 'EndpointSlice');
    assert.equal(written.length, 1);
    assert.equal(endpoints().length, 149);
  });

  it('of hand-made Services are left alone: without a selector, or managed by somebody else', async () => {
    service('bare', { selector: undefined });
    service('web');
    pod('a');
    const slice = (name: string, of: string) => ({
      kind: 'EndpointSlice',
      metadata: { name, labels: { [serviceName]: of, [managedBy]: 'somebody' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'] }],
      ports: [{ name: 'http', port: 80 }],
    });
    const versions = () => ['mine', 'more'].map((name) => world.get('EndpointSlice', name)?.metadata.resourceVersion);
    world.create(slice('mine', 'bare'));
    world.create(slice('more', 'web'));
    const before = versions();
    await world.advance(100);
    assert.deepEqual(versions(), before);
    assert.equal(slices('bare').length, 1);
    assert.equal(slices('web').length, 2);
  });

  it('are written again when somebody changes or deletes them', async () => {
    service('web');
    pod('a');
    await world.advance(100);
    world.patch('EndpointSlice', slices()[0]?.metadata.name ?? '', { endpoints: [] });
    await world.rest();
    assert.deepEqual(Object.keys(states()), ['a']);
    world.delete('EndpointSlice', slices()[0]?.metadata.name ?? '');
    await world.rest();
    assert.deepEqual(Object.keys(states()), ['a']);
  });

  it('go with their Service', async () => {
    service('web');
    pod('a');
    await world.advance(100);
    world.delete('Service', 'web');
    await world.rest();
    assert.deepEqual(slices(), []);
  });
});
