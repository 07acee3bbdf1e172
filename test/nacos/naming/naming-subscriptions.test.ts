import assert from 'node:assert/strict';
import { isBridgeError } from '../../../operator/errors.ts';
import type { Instance, ServiceInfo, ServiceKey } from '../../../operator/nacos/naming/naming-types.ts';
import type { NamingClient } from '../../../operator/nacos/naming/naming-client.ts';
import { clientFor, fakeNacos, stopAll } from '../client-for.ts';
import type { FakeNacos } from '../fake-nacos.ts';
import { until } from '../until.ts';

const service: ServiceKey = { namespaceId: '', group: 'g', serviceName: 's' };
const id = 'public g s';

function instance(ip: string, changes: Partial<Instance> = {}): Instance {
  const plain = { port: 80, weight: 1, healthy: true, enabled: true, clusterName: 'DEFAULT', metadata: {} };
  return { ip, ...plain, ...changes };
}

function ipsOf({ hosts }: ServiceInfo): string {
  return hosts.map(({ ip }) => ip).join();
}

/** Everything that a subscription hears, as the addresses of the hosts. */
async function listen(naming: NamingClient, key = service): Promise<{ heard: string[]; stop(): void }> {
  const heard: string[] = [];
  const subscription = naming.subscribe(key, (info) => heard.push(ipsOf(info)));
  await until('the first word', () => heard.length === 1);
  return { heard, stop: () => subscription.stop() };
}

async function twoClients(): Promise<{ fake: FakeNacos; naming: NamingClient; other: NamingClient }> {
  const fake = await fakeNacos();
  return { fake, naming: clientFor([fake]).client.naming, other: clientFor([fake]).client.naming };
}

describe('naming subscriptions', () => {
  afterEach(stopAll);

  it('tell what there is, and then every change', async () => {
    const { fake, naming, other } = await twoClients();
    await other.publish(service, [instance('a')]);
    const { heard } = await listen(naming);
    await other.publish(service, [instance('a'), instance('b')]);
    await until('pushed', () => heard.length === 2);
    await other.withdraw(service);
    await until('pushed', () => heard.length === 3);
    assert.deepEqual(heard, ['a', 'a,b', '']);
    assert.deepEqual(fake.naming.requests.find(({ type }) => type === 'SubscribeServiceRequest')?.body, {
      namespace: 'public',
      serviceName: 's',
      groupName: 'g',
      subscribe: true,
      clusters: '',
    });
  });

  it('tell all that a server says of an instance', async () => {
    const { naming, other } = await twoClients();
    const full = instance('a', { port: 0, weight: 2.5, healthy: false, clusterName: 'c', metadata: { k: 'v' } });
    await other.publish(service, [full]);
    const { current } = await new Promise<{ current: ServiceInfo }>((resolve) => {
      naming.subscribe(service, (info) => resolve({ current: info }));
    });
    assert.deepEqual(current.hosts, [{ ...full, instanceId: 'a#0', ephemeral: true }]);
    assert.equal(current.reachProtectionThreshold, false);
    assert.ok(current.lastRefTimeMs > 0);
  });

  it('acknowledge every push before a listener sees it', async () => {
    const { fake, naming, other } = await twoClients();
    const order: string[] = [];
    naming.subscribe(service, () => order.push(`heard after ${fake.count('stream:NotifySubscriberResponse')}`));
    await until('heard', () => order.length === 1);
    await other.publish(service, [instance('a')]);
    await until('acknowledged', () => fake.count('stream:NotifySubscriberResponse') === 1);
    assert.equal(fake.received.find(({ type }) => type === 'stream:NotifySubscriberResponse')?.body['requestId'], '17');
    await until('heard', () => order.length === 2);
  });

  it('do not repeat what says the same', async () => {
    const { fake, naming, other } = await twoClients();
    await other.publish(service, [instance('a'), instance('b')]);
    const { heard } = await listen(naming);
    fake.naming.notify(id);
    await other.publish(service, [instance('b'), instance('a')]);
    await other.publish(service, [instance('c')]);
    await until('the change', () => heard.length > 1);
    assert.deepEqual(heard, ['a,b', 'c']);
  });

  it('ignore what is older than what is known', async () => {
    const { fake, naming } = await twoClients();
    const { heard } = await listen(naming);
    fake.naming.notify(id, { lastRefTime: 9_000_000, hosts: [instance('new')] });
    fake.naming.notify(id, { lastRefTime: 8_000_000, hosts: [instance('old')] });
    fake.naming.notify(id, { lastRefTime: 9_000_001, hosts: [instance('newest')] });
    await until('the last', () => heard.at(-1) === 'newest');
    assert.deepEqual(heard, ['', 'new', 'newest']);
  });

  it('believe the first word after a reconnect, whatever the clock of that server', async () => {
    const { fake, naming, other } = await twoClients();
    await other.publish(service, [instance('a')]);
    const { heard } = await listen(naming);
    fake.naming.faults.clockSkewMs = -500_000;
    fake.naming.faults.losePushes = true;
    fake.dropConnections('naming');
    await until('lost', () => naming.connections.count === 0);
    await other.publish(service, [instance('b')]);
    await until('heard', () => heard.at(-1) === 'b');
    fake.naming.faults.losePushes = false;
    await other.publish(service, [instance('c')]);
    await until('heard', () => heard.at(-1) === 'c');
  });

  it('are one at the server, however many listen', async () => {
    const { fake, naming, other } = await twoClients();
    const first = await listen(naming);
    const second = await listen(naming);
    await other.publish(service, [instance('a')]);
    await until('both', () => first.heard.length === 2 && second.heard.length === 2);
    first.stop();
    first.stop();
    await other.publish(service, [instance('b')]);
    await until('the other', () => second.heard.length === 3);
    assert.deepEqual(
      [first.heard, second.heard],
      [
        ['', 'a'],
        ['', 'a', 'b'],
      ],
    );
    assert.equal(fake.count('SubscribeServiceRequest'), 1);
    second.stop();
    await until('ended', () => fake.count('SubscribeServiceRequest') === 2);
    assert.equal(fake.naming.requests.at(-1)?.body['subscribe'], false);
  });

  it('survive a listener that fails', async () => {
    const { naming, other } = await twoClients();
    naming.subscribe(service, () => {
      throw new Error('listener');
    });
    const { heard } = await listen(naming);
    await other.publish(service, [instance('a')]);
    await until('heard', () => heard.length === 2);
  });

  it('of one name in two namespaces are told apart, although pushes are not', async () => {
    const { naming, other } = await twoClients();
    const elsewhere = { ...service, namespaceId: 'other' };
    const here = await listen(naming);
    const there = await listen(naming, elsewhere);
    await other.publish(elsewhere, [instance('b')]);
    await until('there', () => there.heard.length === 2);
    await other.publish(service, [instance('a')]);
    await until('here', () => here.heard.length === 2);
    assert.deepEqual(
      [here.heard, there.heard],
      [
        ['', 'a'],
        ['', 'b'],
      ],
    );
  });

  it('begin once the server is willing', async () => {
    const { fake, naming } = await twoClients();
    await naming.query(service);
    fake.naming.faults.failures.push({ code: 503, message: 'busy' });
    await listen(naming);
  });

  it('hear nothing of a service that was left and is subscribed to again but what there is', async () => {
    const { naming, other } = await twoClients();
    const first = await listen(naming);
    first.stop();
    const again = await listen(naming);
    await other.publish(service, [instance('a')]);
    await until('heard', () => again.heard.length === 2);
    assert.deepEqual(again.heard, ['', 'a']);
  });
});

describe('naming questions', () => {
  afterEach(stopAll);

  it('query a service, of all hosts or the healthy ones', async () => {
    const { fake, naming, other } = await twoClients();
    await other.publish(service, [instance('a'), instance('b', { healthy: false }), instance('c', { enabled: false })]);
    assert.equal(ipsOf(await naming.query(service)), 'a,b');
    assert.equal(ipsOf(await naming.query(service, { healthyOnly: true, clusters: ['c1', 'c2'] })), 'a');
    assert.equal(fake.naming.requests.at(-1)?.body['cluster'], 'c1,c2');
    assert.equal(ipsOf(await naming.query({ ...service, serviceName: 'absent' })), '');
  });

  it('list the services of a group', async () => {
    const { naming, other } = await twoClients();
    for (const serviceName of ['s1', 's2', 's3']) await other.publish({ ...service, serviceName }, [instance('a')]);
    const options = { namespaceId: '', group: 'g', pageSize: 2 };
    assert.deepEqual(await naming.list({ ...options, pageNo: 1 }), { count: 3, serviceNames: ['s1', 's2'] });
    assert.deepEqual(await naming.list({ ...options, pageNo: 2 }), { count: 3, serviceNames: ['s3'] });
  });

  it('register persistent instances, which outlive the client', async () => {
    const { fake, naming, other } = await twoClients();
    await other.registerPersistent(service, instance('a'));
    await other.registerPersistent(service, instance('b'));
    await other.deregisterPersistent(service, instance('a'));
    fake.dropConnections('naming');
    await until('lost', () => other.connections.count === 0);
    assert.equal(ipsOf(await naming.query(service)), 'b');
    assert.deepEqual(fake.naming.requests[0]?.body['instance'], {
      ...instance('a'),
      serviceName: 's',
      ephemeral: false,
    });
  });

  it('say that a server cannot hold persistent instances', async () => {
    const { naming } = clientFor([await fakeNacos({ generation: 1 })]).client;
    await assert.rejects(naming.registerPersistent(service, instance('a')), (error) => {
      return isBridgeError(error, 'NACOS_UNSUPPORTED') && error.message.includes('Nacos 2.3');
    });
  });

  it('end when the client was stopped', async () => {
    const { client } = clientFor([await fakeNacos()]);
    await client.naming.query(service);
    await client.stop();
    await assert.rejects(client.naming.query(service), (error) => isBridgeError(error, 'CONNECTION_NOT_READY'));
    await client.naming.withdraw(service);
  });
});
