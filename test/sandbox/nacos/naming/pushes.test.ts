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
