import assert from 'node:assert/strict';
import type { Instance, ServiceKey } from '../../../operator/nacos/naming/naming-types.ts';
import type { NamingClient } from '../../../operator/nacos/naming/naming-client.ts';
import { clientFor, fakeNacos, stopAll } from '../client-for.ts';
import type { FakeNacos } from '../fake-nacos.ts';
import { until } from '../until.ts';

function service(serviceName: string): ServiceKey {
  return { namespaceId: '', group: 'g', serviceName };
}

function instance(ip: string): Instance {
  return { ip, port: 80, weight: 1, healthy: true, enabled: true, clusterName: 'DEFAULT', metadata: {} };
}

describe('a naming client that is suspended', () => {
  afterEach(stopAll);

  let fake: FakeNacos;
  let naming: NamingClient;

  beforeEach(async () => {
    fake = await fakeNacos();
    naming = clientFor([fake], { maxInstancesPerConnection: 1 }).client.naming;
    await naming.publish(service('a'), [instance('10.0.0.1')]);
    await naming.publish(service('b'), [instance('10.0.0.2')]);
    await naming.connections.suspend();
    await until('gone', () => fake.naming.records.length === 0);
  });

  it('holds nothing, on no connection', () => {
    assert.deepEqual([naming.connections.count, fake.connections], [0, 1]);
    assert.deepEqual(naming.published, { services: 0, instances: 0 });
  });

  it('takes wishes and sends nothing', async () => {
    const before = fake.naming.requests.length;
    await naming.publish(service('a'), [instance('10.0.0.9')]);
    await naming.publish(service('c'), [instance('10.0.0.3')]);
    await naming.withdraw(service('b'));
    await naming.connections.suspend();
    assert.equal(fake.naming.requests.length, before);
    assert.equal(naming.connections.count, 0);
  });

  it('sends the wishes of the moment once it goes on', async () => {
    await naming.publish(service('a'), [instance('10.0.0.9')]);
    await naming.publish(service('c'), [instance('10.0.0.3')]);
    await naming.withdraw(service('b'));
    naming.connections.resume();
    assert.equal(naming.isSettled, false);
    await until('settled', () => naming.isSettled);
    assert.deepEqual(fake.naming.records, ['public g a: 10.0.0.9', 'public g c: 10.0.0.3']);
  });

  it('publishes as before after it went on', async () => {
    naming.connections.resume();
    await naming.publish(service('a'), [instance('10.0.0.4')]);
    await until('settled', () => naming.isSettled);
    assert.deepEqual(fake.naming.records, ['public g a: 10.0.0.4', 'public g b: 10.0.0.2']);
  });
});
