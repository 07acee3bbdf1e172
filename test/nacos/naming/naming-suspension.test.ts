import assert from 'node:assert/strict';
import type { NamingClient } from '../../../operator/nacos/naming/naming-client.ts';
import { clientFor, nacosServer, type ObservedNacos, stopAll } from '../client-for.ts';
import { instance, observerOf, service, writes } from './naming-samples.ts';
import { until } from '../until.ts';

describe('a naming client that is suspended', () => {
  afterEach(stopAll);

  let nacos: ObservedNacos;
  let naming: NamingClient;

  beforeEach(async () => {
    nacos = await nacosServer();
    naming = clientFor([nacos], { maxInstancesPerConnection: 1 }).client.naming;
    await naming.publish(service('a'), [instance('10.0.0.1')]);
    await naming.publish(service('b'), [instance('10.0.0.2')]);
    await naming.connections.suspend();
    await until('gone', () => nacos.counts.instances === 0);
    nacos.operations.length = 0;
  });

  it('holds nothing, on no connection', () => {
    assert.deepEqual([naming.connections.count, nacos.connections], [0, 1]);
    assert.deepEqual(naming.published, { services: 0, instances: 0 });
  });

  it('takes wishes and sends nothing', async () => {
    await naming.publish(service('a'), [instance('10.0.0.9')]);
    await naming.publish(service('c'), [instance('10.0.0.3')]);
    await naming.withdraw(service('b'));
    await naming.connections.suspend();
    assert.deepEqual(nacos.only(...writes), []);
    assert.equal(naming.connections.count, 0);
  });

  it('sends the wishes of the moment once it goes on', async () => {
    await naming.publish(service('a'), [instance('10.0.0.9')]);
    await naming.publish(service('c'), [instance('10.0.0.3')]);
    await naming.withdraw(service('b'));
    naming.connections.resume();
    assert.equal(naming.isSettled, false);
    await until('settled', () => naming.isSettled);
    const { sees } = observerOf(nacos);
    for (const [name, ips] of Object.entries({ a: '10.0.0.9', b: '', c: '10.0.0.3' })) await sees(name, ips);
    assert.equal(nacos.counts.instances, 2);
  });

  it('publishes as before after it went on', async () => {
    naming.connections.resume();
    await naming.publish(service('a'), [instance('10.0.0.4')]);
    await until('settled', () => naming.isSettled);
    const { sees } = observerOf(nacos);
    for (const [name, ips] of Object.entries({ a: '10.0.0.4', b: '10.0.0.2' })) await sees(name, ips);
  });
});
