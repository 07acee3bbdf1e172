import assert from 'node:assert/strict';
import { FakeClock } from '../../fake-clock.ts';
import { clientFor, nacosServer, stopAll } from '../client-for.ts';
import { instances, listen, observerOf, service, writes } from './naming-samples.ts';
import { until } from '../until.ts';

describe('the connections of a naming client', () => {
  afterEach(stopAll);

  it('hold a limited number of instances each, and close when they become empty', async () => {
    const nacos = await nacosServer();
    const { naming } = clientFor([nacos], { maxInstancesPerConnection: 10 }).client;
    const sizes = [4, 4, 4, 25, 2, 6];
    await Promise.all(sizes.map((size, index) => naming.publish(service(`s${index}`), instances(size, index))));
    assert.deepEqual([naming.connections.count, naming.published], [3, { services: 6, instances: 45 }]);
    assert.equal(nacos.counts.instances, 45);
    for (const index of [3, 0, 1, 4]) await naming.withdraw(service(`s${index}`));
    await until('closed', () => nacos.connections === 2);
    assert.deepEqual([naming.connections.count, naming.published], [1, { services: 2, instances: 10 }]);
    assert.equal(nacos.counts.instances, 10);
  });

  it('take over a service that outgrows another without a moment in which it is not there', async () => {
    const nacos = await nacosServer();
    const { naming } = clientFor([nacos], { maxInstancesPerConnection: 10 }).client;
    await naming.publish(service('stays'), instances(5, 1));
    await naming.publish(service('grows'), instances(5, 2));
    const { heard } = await listen(observerOf(nacos).naming, service('grows'));
    const before = nacos.only(...writes).length;
    await naming.publish(service('grows'), instances(6, 2));
    assert.deepEqual(nacos.only(...writes).slice(before), ['BatchInstanceRequest', 'InstanceRequest']);
    assert.deepEqual([naming.connections.count, nacos.counts.instances], [2, 11]);
    await until('pushed', () => heard.length > 1);
    assert.ok(heard.every((ips) => ips.split(',').length >= 5));
  });

  it('keep a service where it is, with its new list, when another connection cannot be had', async () => {
    const clock = new FakeClock();
    const nacos = await nacosServer();
    const { naming } = clientFor([nacos], { maxInstancesPerConnection: 10, clock }).client;
    await naming.publish(service('stays'), instances(5, 1));
    await naming.publish(service('grows'), instances(5, 2));
    const speak = nacos.fails('silence', 'ServerCheckRequest');
    const passTime = (): Promise<void> => clock.advance(200);
    let isDone = false;
    void naming.publish(service('grows'), instances(6, 2)).then(() => (isDone = true));
    await until('published', () => isDone, passTime);
    assert.deepEqual([naming.connections.count, naming.published.instances, nacos.counts.instances], [1, 11, 11]);
    speak();
    isDone = false;
    void naming.publish(service('grows'), instances(7, 2)).then(() => (isDone = true));
    await until('moved', () => isDone && naming.connections.count === 2, passTime);
    await until('held once', () => nacos.counts.instances === 12, passTime);
  });

  it('begin at the same server, every one of them', async () => {
    const servers = [await nacosServer(), await nacosServer(), await nacosServer()];
    const { naming } = clientFor(servers, { maxInstancesPerConnection: 1 }).client;
    await Promise.all([0, 1, 2].map((index) => naming.publish(service(`s${index}`), instances(1, index))));
    assert.equal(naming.connections.count, 3);
    assert.deepEqual(
      servers.map(({ counts }) => counts.instances),
      [3, 0, 0],
    );
  });

  it('move to another server, where all is before it is given up here', async () => {
    const [here, there] = [await nacosServer(), await nacosServer()];
    const clock = new FakeClock();
    const { naming } = clientFor([here, there], { maxInstancesPerConnection: 1, clock }).client;
    await Promise.all([0, 1].map((index) => naming.publish(service(`s${index}`), instances(1, index))));
    await clock.advance(10_000);
    assert.equal(there.counts.instances, 0);
    const held: number[] = [];
    naming.onChange(() => held.push(here.counts.instances + there.counts.instances));
    naming.connections.leaveServers();
    const isMoved = (): boolean => there.counts.instances === 2 && here.counts.instances === 0;
    await until('moved', isMoved, () => clock.advance(10));
    assert.ok(held.every((instances) => instances >= 2));
    assert.deepEqual(naming.connections.servers, [there.address]);
  });

  it('stay, without making anything again, when there is no other server', async () => {
    const [here, there] = [await nacosServer(), await nacosServer()];
    const { client, logged } = clientFor([here, there]);
    const { naming } = client;
    await naming.publish(service('s'), instances(1));
    await there.stopServing();
    naming.connections.leaveServers();
    await until('tried', () => logged.some((line) => line.includes('a server could not be reached')));
    assert.deepEqual(here.only(...writes), ['BatchInstanceRequest']);
    assert.deepEqual(naming.connections.servers, [here.address]);
  });

  it('are kept, the last one for a while, after they became empty', async () => {
    const [nacos, clock] = [await nacosServer(), new FakeClock()];
    const { naming } = clientFor([nacos], { clock }).client;
    await naming.publish(service('s'), instances(1));
    await naming.withdraw(service('s'));
    await clock.advance(1_000);
    assert.equal(naming.connections.count, 1);
    const isClosed = (): boolean => nacos.connections === 1 && naming.connections.count === 0;
    await until('closed', isClosed, () => clock.advance(1_000));
    assert.ok(clock.monotonic() >= 60_000);
    await naming.publish(service('s'), instances(2));
    assert.equal(naming.connections.count, 1);
  });

  it('take over the subscriptions of one that is closed', async () => {
    const nacos = await nacosServer();
    const { naming } = clientFor([nacos], { maxInstancesPerConnection: 5 }).client;
    await naming.publish(service('a'), instances(5, 1));
    await naming.publish(service('b'), instances(5, 2));
    const heard: number[] = [];
    naming.subscribe(service('b'), ({ hosts }) => heard.push(hosts.length));
    await until('heard', () => heard.length === 1);
    await naming.withdraw(service('b'));
    await until('closed', () => naming.connections.count === 1 && heard.length === 2);
    await observerOf(nacos).naming.publish(service('b'), instances(3, 3));
    await until('pushed', () => heard.length === 3);
    assert.deepEqual(heard, [5, 0, 3]);
  });
});
