import assert from 'node:assert/strict';
import { PodAddresses } from '../../../../sandbox/kubernetes/controllers/pod-addresses.ts';
import type { Node, Pod } from '../../../../sandbox/kubernetes/controllers/shapes.ts';
import { ControllerWorld } from './controller-world.ts';

const containers = [{ name: 'main', image: 'one' }];

describe('pods', () => {
  let world: ControllerWorld;

  beforeEach(async () => {
    world = await ControllerWorld.start({ podStartDelayMs: 40, longestPodGraceMs: 1000 });
  });

  afterEach(() => world.stop());

  function create(name: string, metadata: object = {}, spec: object = {}): void {
    world.create({ kind: 'Pod', metadata: { name, ...metadata }, spec: { containers, ...spec } });
  }

  const pod = (name = 'web') => world.get('Pod', name) as Pod | undefined;
  const phase = (name = 'web') => pod(name)?.status?.phase;
  const condition = (type: string, name = 'web') => pod(name)?.status?.conditions?.find((one) => one.type === type);
  const readiness = (name = 'web') => [condition('Ready', name)?.status, condition('ContainersReady', name)?.status];

  it('get a node at once, and run with an address and ready a moment later', async () => {
    create('web');
    await world.rest();
    assert.equal(pod()?.spec.nodeName, 'sandbox');
    assert.notEqual(phase(), 'Running');
    await world.advance(50);
    assert.equal(phase(), 'Running');
    assert.match(pod()?.status?.podIP ?? '', /^10\.244\.\d+\.\d+$/);
    assert.deepEqual(readiness(), ['True', 'True']);
    const types = pod()?.status?.conditions?.map(({ type }) => type);
    assert.deepEqual(types, ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled']);
    const reasons = world.list('Event').map((event) => event['reason']);
    assert.deepEqual(reasons, ['Scheduled']);
  });

  it('run on the node that they name, whether it exists or not', async () => {
    create('web', {}, { nodeName: 'other' });
    await world.advance(50);
    assert.equal(pod()?.spec.nodeName, 'other');
    assert.equal(phase(), 'Running');
  });

  it('are not ready while their annotation says so', async () => {
    create('web', { annotations: { 'embedded.kubernetes/ready': 'false' } });
    await world.advance(50);
    assert.equal(phase(), 'Running');
    assert.deepEqual(readiness(), ['False', 'False']);
    assert.equal(condition('Ready')?.message, 'containers with unready status: [main]');
    world.patch('Pod', 'web', { metadata: { annotations: { 'embedded.kubernetes/ready': 'true' } } });
    await world.rest();
    assert.deepEqual(readiness(), ['True', 'True']);
    world.patch('Pod', 'web', { metadata: { annotations: { 'embedded.kubernetes/ready': 'false' } } });
    await world.rest();
    assert.deepEqual(readiness(), ['False', 'False']);
    world.patch('Pod', 'web', { metadata: { annotations: null } });
    await world.rest();
    assert.deepEqual(readiness(), ['True', 'True']);
  });

  it('stay not ready when somebody writes that into their status', async () => {
    create('web');
    await world.advance(50);
    const conditions = [{ type: 'Ready', status: 'False' }];
    world.patch('Pod', 'web', { status: { conditions } }, 'status');
    await world.advance(1000, 100);
    assert.equal(condition('Ready')?.status, 'False');
  });

  it('are ready when their readiness gates are', async () => {
    create('web', {}, { readinessGates: [{ conditionType: 'test/gate' }] });
    await world.advance(50);
    assert.deepEqual(readiness(), ['False', 'True']);
    assert.match(condition('Ready')?.message ?? '', /readiness gate "test\/gate" does not exist/);
    const conditions = [...(pod()?.status?.conditions ?? []), { type: 'test/gate', status: 'True' }];
    world.patch('Pod', 'web', { status: { conditions } }, 'status');
    await world.rest();
    assert.deepEqual(readiness(), ['True', 'True']);
  });

  for (const [graceSeconds, longestMs] of [
    [30, 1000],
    [undefined, 1000],
    [1, 1000],
  ] as const) {
    it(`go within ${longestMs} ms after a deletion with a grace of ${graceSeconds ?? 'unsaid'} seconds`, async () => {
      create('web');
      await world.advance(50);
      world.delete('Pod', 'web', graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds });
      await world.advance(longestMs - 10, 90);
      assert.ok(pod()?.metadata.deletionTimestamp);
      assert.deepEqual(readiness(), ['True', 'True']);
      await world.advance(20);
      assert.equal(pod(), undefined);
    });
  }

  it('go at once when they are deleted with force', async () => {
    create('web');
    await world.advance(50);
    world.delete('Pod', 'web', { gracePeriodSeconds: 0 });
    assert.equal(pod(), undefined);
    await world.advance(2000, 500);
    assert.equal(pod(), undefined);
  });

  it('are held by finalizers, not ready, and go with these', async () => {
    create('web', { finalizers: ['test/hold'] });
    await world.advance(50);
    world.delete('Pod', 'web');
    await world.advance(2000, 100);
    assert.deepEqual(readiness(), ['False', 'False']);
    world.patch('Pod', 'web', { metadata: { finalizers: null } });
    await world.advance(100);
    assert.equal(pod(), undefined);
  });

  it('keep addresses apart, also from those given by controllers before', async () => {
    create('a');
    create('b');
    await world.advance(50);
    world.stop();
    world.startControllers();
    create('c');
    await world.advance(50);
    const addresses = world.list('Pod').map((pod) => (pod as Pod).status?.podIP);
    assert.equal(new Set(addresses).size, 3);
  });
});

describe('addresses of pods', () => {
  it('are all given out before one comes again, and then the one that is free for the longest time', () => {
    const addresses = new PodAddresses();
    const first = addresses.of('first');
    addresses.release('first');
    const seen = new Set<string>();
    for (let number = 0; number < 65_533; number += 1) seen.add(addresses.of(`pod-${number}`));
    assert.equal(seen.size, 65_533);
    assert.ok(!seen.has(first));
    assert.equal(addresses.of('another'), first);
    assert.equal(addresses.of('another'), first);
    assert.throws(() => addresses.of('one too many'), /no address is left/);
  });
});

describe('nodes', () => {
  let world: ControllerWorld;

  beforeEach(async () => {
    world = await ControllerWorld.start({ nodeName: 'alone' });
  });

  afterEach(() => world.stop());

  const readyOf = (name: string) =>
    (world.get('Node', name) as Node)?.status?.conditions?.find(({ type }) => type === 'Ready')?.status;

  it('exist without help and are ready, and come again', async () => {
    assert.equal(readyOf('alone'), 'True');
    world.delete('Node', 'alone');
    await world.rest();
    assert.equal(readyOf('alone'), 'True');
  });

  it('that people make become ready', async () => {
    world.create({ kind: 'Node', metadata: { name: 'another' } });
    await world.rest();
    assert.equal(readyOf('another'), 'True');
  });
});
