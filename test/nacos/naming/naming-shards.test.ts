import assert from 'node:assert/strict';
import { FakeClock } from '../../fake-clock.ts';
import { clientFor, fakeNacos, stopAll } from '../client-for.ts';
import { instances, loads, service } from './naming-samples.ts';
import { until } from '../until.ts';

describe('the naming client', () => {
  afterEach(stopAll);

  describe('shards', () => {
    it('spreads services over connections of limited size, and closes those that become empty', async () => {
      const fake = await fakeNacos();
      const { naming } = clientFor([fake], { maxInstancesPerConnection: 10 }).client;
      const sizes = [4, 4, 4, 25, 2, 6];
      await Promise.all(sizes.map((size, index) => naming.publish(service(`s${index}`), instances(size, index))));
      assert.deepEqual(loads(fake), [10, 10, 25]);
      assert.deepEqual([naming.connections.count, naming.published], [3, { services: 6, instances: 45 }]);
      for (const index of [3, 0, 1, 4]) await naming.withdraw(service(`s${index}`));
      await until('closed', () => fake.connections === 2);
      assert.deepEqual([naming.connections.count, naming.published], [1, { services: 2, instances: 10 }]);
    });

    it('moves a service that outgrows its connection without a moment in which it is not there', async () => {
      const fake = await fakeNacos();
      const { naming } = clientFor([fake], { maxInstancesPerConnection: 10 }).client;
      await naming.publish(service('stays'), instances(5, 1));
      await naming.publish(service('grows'), instances(5, 2));
      await naming.publish(service('grows'), instances(6, 2));
      assert.deepEqual(loads(fake), [5, 6]);
      const order = fake.naming.requests.filter(({ service: key }) => key.endsWith('grows')).slice(1);
      assert.deepEqual(
        order.map(({ type }) => type),
        ['BatchInstanceRequest', 'InstanceRequest'],
      );
      assert.notEqual(order[0]?.peer, order[1]?.peer);
      const seen = fake.naming.history.filter((state) => state.service.endsWith('grows'));
      assert.ok(seen.every(({ hosts }) => hosts.length >= 5));
    });

    it('keeps a service where it is, with its new list, when another connection cannot be had', async () => {
      const fake = await fakeNacos();
      const { naming } = clientFor([fake], { maxInstancesPerConnection: 10, requestTimeoutMs: 200 }).client;
      await naming.publish(service('stays'), instances(5, 1));
      await naming.publish(service('grows'), instances(5, 2));
      fake.faults.silentTypes.add('ServerCheckRequest');
      await naming.publish(service('grows'), instances(6, 2));
      assert.deepEqual(loads(fake), [11]);
      fake.faults.silentTypes.clear();
      await naming.publish(service('grows'), instances(7, 2));
      await until('moved', () => loads(fake).join() === '5,7');
    });

    it('begins at the same server with every connection', async () => {
      const fakes = [await fakeNacos(), await fakeNacos(), await fakeNacos()];
      const { naming } = clientFor(fakes, { maxInstancesPerConnection: 1 }).client;
      await Promise.all([0, 1, 2].map((index) => naming.publish(service(`s${index}`), instances(1, index))));
      assert.deepEqual(
        fakes.map((fake) => loads(fake)),
        [[1, 1, 1], [], []],
      );
    });

    it('moves every connection to another server, where all is before it is given up here', async () => {
      const fakes = [await fakeNacos(), await fakeNacos()];
      const clock = new FakeClock();
      const { naming } = clientFor(fakes, { maxInstancesPerConnection: 1, clock }).client;
      await Promise.all([0, 1].map((index) => naming.publish(service(`s${index}`), instances(1, index))));
      await clock.advance(10_000);
      const held = fakes[0]!.naming;
      const [, begunWith] = fakes.map((fake) => fake.naming.requests.length);
      naming.connections.leaveServers();
      await until(
        'moved',
        () => loads(fakes[1]!).length === 2 && held.slots.size === 0,
        () => clock.advance(10),
      );
      assert.equal(begunWith, 0);
      assert.deepEqual(naming.connections.servers, [fakes[1]!.address]);
    });

    it('stays, without making anything again, when there is no other server', async () => {
      const fakes = [await fakeNacos(), await fakeNacos()];
      const { client, logged } = clientFor(fakes);
      const { naming } = client;
      await naming.publish(service('s'), instances(1));
      fakes[1]!.stopGrpc();
      const before = fakes[0]!.naming.requests.length;
      naming.connections.leaveServers();
      await until('tried', () => logged.some((line) => line.includes('a server could not be reached')));
      assert.equal(fakes[0]!.naming.requests.length, before);
      assert.deepEqual(naming.connections.servers, [fakes[0]!.address]);
    });

    it('keeps the last connection for a while after it became empty', async () => {
      const [fake, clock] = [await fakeNacos(), new FakeClock()];
      const { naming } = clientFor([fake], { clock }).client;
      await naming.publish(service('s'), instances(1));
      await naming.withdraw(service('s'));
      await clock.advance(1_000);
      assert.equal(naming.connections.count, 1);
      const passTime = (): Promise<void> => clock.advance(1_000);
      await until('closed', () => fake.connections === 1 && naming.connections.count === 0, passTime);
      assert.ok(clock.monotonic() >= 60_000);
      await naming.publish(service('s'), instances(2));
      assert.equal(naming.connections.count, 1);
    });

    it('takes its subscriptions along when it closes a connection', async () => {
      const fake = await fakeNacos();
      const { naming } = clientFor([fake], { maxInstancesPerConnection: 5 }).client;
      await naming.publish(service('a'), instances(5, 1));
      await naming.publish(service('b'), instances(5, 2));
      const heard: number[] = [];
      naming.subscribe(service('b'), ({ hosts }) => heard.push(hosts.length));
      await until('heard', () => heard.length === 1);
      await naming.withdraw(service('b'));
      await until('closed', () => naming.connections.count === 1 && heard.length === 2);
      const other = clientFor([fake]).client.naming;
      await other.publish(service('b'), instances(3, 3));
      await until('pushed', () => heard.length === 3);
      assert.deepEqual(heard, [5, 0, 3]);
    });
  });
});
