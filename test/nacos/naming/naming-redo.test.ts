import assert from 'node:assert/strict';
import { clientFor, nacosServer, stopAll } from '../client-for.ts';
import { instances, isCode, listen, observerOf, service, writes } from './naming-samples.ts';
import { until } from '../until.ts';

const [register] = writes;
const subscribe = 'SubscribeServiceRequest';

describe('the redo on a new naming connection', () => {
  afterEach(stopAll);

  it('sends all records, then all subscriptions, then what is asked, after the connection was lost', async () => {
    const nacos = await nacosServer();
    const { client, registry } = clientFor([nacos]);
    const names = Array.from({ length: 40 }, (_, index) => `s${index}`);
    await Promise.all(names.map((name, index) => client.naming.publish(service(name), instances(2, index))));
    for (const name of names.slice(0, 5)) client.naming.subscribe(service(name), () => {});
    await until('subscribed', () => nacos.count(subscribe) === 5);
    await nacos.stopServing();
    await until('lost', () => client.naming.connections.count === 0);
    nacos.operations.length = 0;
    await nacos.startServing();
    await until('asked', () => client.naming.connections.count === 1);
    await client.naming.query(service('s1'));
    const expected = [...names.map(() => register), ...Array<string>(5).fill(subscribe), 'ServiceQueryRequest'];
    assert.deepEqual(nacos.only(...writes, subscribe, 'ServiceQueryRequest'), expected);
    assert.deepEqual(client.naming.published, { services: 40, instances: 80 });
    const metrics = await registry.metrics();
    assert.match(metrics, /^naming_redo_total\{kind="record"\} 40$/m);
    assert.match(metrics, /^naming_redo_total\{kind="subscription"\} 5$/m);
    assert.match(metrics, /^nacos_naming_connections 1$/m);
  });

  it('lets its owner bring everything up to date first', async () => {
    const nacos = await nacosServer();
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    const beforeRedo = async (): Promise<void> => {
      calls += 1;
      if (calls > 1) await gate.promise;
    };
    const { naming } = clientFor([nacos], { beforeRedo }).client;
    await naming.publish(service('gone'), instances(1));
    await naming.publish(service('changed'), instances(1));
    nacos.operations.length = 0;
    await nacos.restart();
    await until('asked', () => calls === 2);
    const changes = [
      naming.publish(service('changed'), instances(2)),
      naming.withdraw(service('gone')),
      naming.publish(service('new'), instances(3)),
    ];
    assert.deepEqual(nacos.only(...writes), []);
    gate.resolve();
    await Promise.all(changes);
    assert.deepEqual(nacos.only(...writes), [register, register]);
    assert.deepEqual(naming.published, { services: 2, instances: 5 });
    assert.equal(nacos.counts.instances, 5);
  });

  it('goes on when its owner cannot bring anything up to date', async () => {
    const nacos = await nacosServer();
    const { client, logged } = clientFor([nacos], { beforeRedo: () => Promise.reject(new Error('no view')) });
    await client.naming.publish(service('s'), instances(1));
    await nacos.restart();
    await until('again', () => nacos.counts.instances === 1);
    assert.ok(logged.some((line) => line.includes('no view')));
  });

  it('stops at once while its owner is still busy, and tells it', async () => {
    const [asked, told] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const beforeRedo = (signal: AbortSignal): Promise<void> => {
      asked.resolve();
      return new Promise(() => signal.addEventListener('abort', () => told.resolve()));
    };
    const { client } = clientFor([await nacosServer()], { beforeRedo });
    const waiting = client.naming.publish(service('s'), instances(1));
    const refused = assert.rejects(waiting, isCode('CONNECTION_NOT_READY'));
    await asked.promise;
    await Promise.all([client.stop(), told.promise, refused]);
  });

  it('sends the rest when one list is refused', async () => {
    const nacos = await nacosServer();
    const { naming } = clientFor([nacos]).client;
    for (const name of ['a', 'b', 'c']) await naming.publish(service(name), instances(1));
    await nacos.stopServing();
    nacos.refuses(register, 400, 1);
    await nacos.startServing();
    await until('the rest', () => naming.published.services === 2 && naming.isSettled);
    assert.equal(nacos.counts.instances, 2);
  });

  it('publishes on a new connection before it leaves the one that a server resets', async () => {
    const [one, two] = [await nacosServer(), await nacosServer()];
    const { naming } = clientFor([one, two]).client;
    const there = await listen(observerOf(two).naming, service('b'));
    for (const name of ['a', 'b']) await naming.publish(service(name), instances(2));
    const here = await listen(naming, service('a'));
    await one.resetConnections();
    await until('left', () => one.counts.instances === 0);
    assert.equal(two.counts.instances, 4);
    await until('there', () => there.heard.at(-1) === '10.1.0.0,10.1.0.1');
    await naming.publish(service('a'), instances(3));
    await until('pushed', () => here.heard.length === 2);
    assert.deepEqual(here.heard, ['10.1.0.0,10.1.0.1', '10.1.0.0,10.1.0.1,10.1.0.2']);
  });

  it('never leaves a service without a host when its only server resets it', async () => {
    const nacos = await nacosServer();
    const { naming } = clientFor([nacos]).client;
    await naming.publish(service('a'), instances(2));
    const { heard } = await listen(observerOf(nacos).naming, service('a'));
    const setups = nacos.count('ConnectionSetupRequest');
    await nacos.resetConnections();
    // Those of both clients, of configs and of services.
    await until('all left', () => nacos.count('ConnectionSetupRequest') === 2 * setups && nacos.connections === 4);
    assert.deepEqual([heard, nacos.counts.instances], [['10.1.0.0,10.1.0.1'], 2]);
  });

  it('stays where it is while no server takes another connection', async () => {
    const nacos = await nacosServer();
    const { naming } = clientFor([nacos]).client;
    await naming.publish(service('a'), instances(2));
    const observer = observerOf(nacos);
    const { heard } = await listen(observer.naming, service('a'));
    nacos.fails('silence', 'ServerCheckRequest');
    const checks = nacos.count('ServerCheckRequest');
    await nacos.resetConnections();
    await until('tried', () => nacos.count('ServerCheckRequest') > checks + 2);
    await naming.publish(service('a'), instances(3));
    await until('pushed', () => heard.length === 2);
    assert.deepEqual(heard, ['10.1.0.0,10.1.0.1', '10.1.0.0,10.1.0.1,10.1.0.2']);
  });
});
