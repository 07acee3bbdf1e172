import assert from 'node:assert/strict';
import { instance, NamingWorld } from './naming-world.ts';
import type { Client } from './naming-world.ts';

const [a1, a2] = [instance('10.0.0.1'), instance('10.0.0.2')];

describe('the pushes of the embedded Nacos', () => {
  let world: NamingWorld;
  let publisher: Client;
  let subscriber: Client;

  beforeEach(() => {
    world = new NamingWorld();
    publisher = world.connect();
    subscriber = world.connect();
  });

  afterEach(() => world.naming.stop());

  it('tells a new subscriber of the service once, also of one that does not exist', async () => {
    await subscriber.subscribe();
    await subscriber.subscribe();
    await world.push();
    await world.push();
    assert.deepEqual(subscriber.told, [[]]);
  });

  it('gathers the changes of half a second into one push of the newest state', async () => {
    await subscriber.subscribe();
    await world.push();
    subscriber.pushes.length = 0;
    await publisher.batch([a1]);
    await world.clock.advance(300);
    await publisher.batch([a1, a2]);
    await world.clock.advance(199);
    assert.deepEqual(subscriber.told, []);
    await world.clock.advance(1);
    assert.deepEqual(subscriber.told, [['10.0.0.1', '10.0.0.2']]);
  });

  it('tells each subscriber of the clusters that it asked for', async () => {
    await subscriber.subscribe({ clusters: 'b' });
    await publisher.subscribe();
    await publisher.batch([a1, { ...a2, clusterName: 'b' }]);
    await world.push();
    assert.deepEqual([subscriber.told, publisher.told], [[['10.0.0.2']], [['10.0.0.1', '10.0.0.2']]]);
  });

  it('tells nothing any more after the end of a subscription', async () => {
    await subscriber.subscribe();
    await subscriber.subscribe({ subscribe: false });
    await publisher.batch([a1]);
    await world.push();
    assert.deepEqual(subscriber.pushes, []);
  });

  it('pushes again what was not acknowledged, with what there is by then, to that subscriber alone', async () => {
    const healthy = world.connect();
    await healthy.subscribe();
    await subscriber.subscribe();
    subscriber.acknowledges = false;
    await publisher.batch([a1]);
    await world.push();
    subscriber.acknowledges = true;
    await world.clock.advance(1_000);
    await world.push();
    assert.deepEqual([subscriber.told, healthy.told], [[['10.0.0.1'], ['10.0.0.1']], [['10.0.0.1']]]);
    await world.clock.advance(10_000);
    assert.equal(subscriber.pushes.length, 2);
  });

  it('gives up on a subscriber whose connection ended', async () => {
    await subscriber.subscribe();
    subscriber.acknowledges = false;
    await world.push();
    subscriber.close();
    await world.clock.advance(10_000);
    assert.equal(subscriber.pushes.length, 1);
  });
});

describe('the watches of service names of the embedded Nacos', () => {
  const pattern = { groupKeyPattern: 'public>>shop>>or*', receivedGroupKeys: [], watchType: 'WATCH' };
  let world: NamingWorld;
  let client: Client;
  let watcher: Client;

  beforeEach(() => {
    world = new NamingWorld();
    client = world.connect();
    watcher = world.connect();
  });

  afterEach(() => world.naming.stop());

  function told(): unknown[] {
    return watcher.pushes.map(({ body }) => [
      body['syncType'],
      body['serviceKey'] ?? body['contexts'],
      ...(body['changedType'] === undefined ? [] : [body['changedType']]),
    ]);
  }

  it('tells what there is, that it was all, and then what comes and goes', async () => {
    await client.batch([a1]);
    await watcher.call('NamingFuzzyWatchRequest', { ...pattern, initializing: true });
    await world.push();
    assert.deepEqual(told(), [
      ['FUZZY_WATCH_INIT_NOTIFY', [{ serviceKey: 'public@@shop@@orders', changedType: 'ADD_SERVICE' }]],
      ['FINISH_FUZZY_WATCH_INIT_NOTIFY', []],
    ]);
    watcher.pushes.length = 0;
    await client.batch([a1], { serviceName: 'origin' });
    await client.batch([a2], { serviceName: 'origin' });
    await client.batch([a1], { serviceName: 'basket' });
    await client.deregister();
    await world.push();
    assert.deepEqual(told(), [
      ['FUZZY_WATCH_RESOURCE_CHANGED', 'public@@shop@@origin', 'ADD_SERVICE'],
      ['FUZZY_WATCH_RESOURCE_CHANGED', 'public@@shop@@orders', 'DELETE_SERVICE'],
    ]);
  });

  it('tells a watcher that knows some only the difference, ten at a time', async () => {
    for (let i = 0; i < 11; i += 1) await client.batch([a1], { serviceName: `or${i}` });
    const receivedGroupKeys = ['public@@shop@@or0', 'public@@shop@@orGone'];
    await watcher.call('NamingFuzzyWatchRequest', { ...pattern, receivedGroupKeys, initializing: false });
    await world.push();
    const batches = watcher.pushes.map(({ body }) => [body['totalBatch'], body['currentBatch'], body['contexts']]);
    assert.deepEqual(
      batches.map(([total, current, contexts]) => [total, current, (contexts as unknown[]).length]),
      [
        [2, 1, 10],
        [2, 2, 1],
      ],
    );
  });

  it('takes no more than twenty patterns, and there is none on 2.3', async () => {
    for (let i = 0; i < 20; i += 1) {
      await watcher.call('NamingFuzzyWatchRequest', { ...pattern, groupKeyPattern: `public>>shop>>${i}` });
    }
    const answer = await watcher.call('NamingFuzzyWatchRequest', pattern);
    assert.deepEqual([answer['errorCode'], answer['success']], [50_310, false]);
    const old = new NamingWorld('2.3');
    assert.equal(old.naming.part.handlers['NamingFuzzyWatchRequest'], undefined);
    old.naming.stop();
  });
});
