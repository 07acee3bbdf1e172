import assert from 'node:assert/strict';
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
    assert.deepEqual(types, ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled']);
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

  it('do not get the address that another has just given back', async () => {
    create('a');
    await world.advance(50);
    const before = pod('a')?.status?.podIP;
    world.delete('Pod', 'a', { gracePeriodSeconds: 0 });
    create('b');
    await world.advance(50);
    assert.ok(before);
    assert.notEqual(pod('b')?.status?.podIP, before);
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

  it('take no pods while they are cordoned, and then those that wait', async () => {
    const nodeOf = (name: string) => (world.get('Pod', name) as Pod).spec.nodeName;
    const create = (name: string) => world.create({ kind: 'Pod', metadata: { name }, spec: { containers } });
    world.patch('Node', 'alone', { spec: { unschedulable: true } });
    create('waiting');
    await world.advance(100);
    assert.equal(nodeOf('waiting'), undefined);
    world.create({ kind: 'Node', metadata: { name: 'another' } });
    await world.rest();
    assert.equal(nodeOf('waiting'), 'another');
    world.patch('Node', 'alone', { spec: { unschedulable: null } });
    create('next');
    await world.rest();
    assert.equal(nodeOf('next'), 'alone');
  });

  it('that people make become ready', async () => {
    world.create({ kind: 'Node', metadata: { name: 'another' } });
    await world.rest();
    assert.equal(readyOf('another'), 'True');
  });
});
