import assert from 'node:assert/strict';
import { isBridgeError } from '../../../operator/errors.ts';
import type { ServiceInfo } from '../../../operator/nacos/naming/naming-types.ts';
import { FakeClock } from '../../fake-clock.ts';
import { clientFor, nacosServer, stopAll, wireServer } from '../client-for.ts';
import { instance, ipsOf, listen, service } from './naming-samples.ts';
import { until } from '../until.ts';

const s = service('s');
const subscribe = 'SubscribeServiceRequest';

async function twoClients() {
  const nacos = await nacosServer();
  return { nacos, naming: clientFor([nacos]).client.naming, other: clientFor([nacos]).client.naming };
}

describe('naming subscriptions', () => {
  afterEach(stopAll);

  it('tell what there is, and then every change', async () => {
    const { naming, other } = await twoClients();
    await other.publish(s, [instance('a')]);
    const { heard } = await listen(naming, s);
    await other.publish(s, [instance('a'), instance('b')]);
    await until('pushed', () => heard.length === 2);
    await other.withdraw(s);
    await until('pushed', () => heard.length === 3);
    assert.deepEqual(heard, ['a', 'a,b', '']);
  });

  it('tell all that a server says of an instance', async () => {
    const { naming, other } = await twoClients();
    const full = instance('a', { port: 0, weight: 2.5, healthy: false, clusterName: 'c', metadata: { k: 'v' } });
    await other.publish(s, [full]);
    const info = await new Promise<ServiceInfo>((resolve) => naming.subscribe(s, resolve));
    const { instanceId, ...host } = info.hosts[0]!;
    assert.deepEqual(host, { ...full, ephemeral: true });
    assert.ok(instanceId.startsWith('a#0#'));
    assert.equal(info.reachProtectionThreshold, false);
    assert.ok(info.lastRefTimeMs > 0);
  });

  it('do not repeat what says the same', async () => {
    const { naming, other } = await twoClients();
    await other.publish(s, [instance('a'), instance('b')]);
    const { heard } = await listen(naming, s);
    await other.publish(s, [instance('b'), instance('a')]);
    await other.publish(s, [instance('c')]);
    await until('the change', () => heard.length > 1);
    assert.deepEqual(heard, ['a,b', 'c']);
  });

  it('acknowledge every push, and ignore what is older than what is known', async () => {
    const server = await wireServer();
    server.answer(subscribe, 'SubscribeServiceResponse', { resultCode: 200, serviceInfo: { hosts: [] } });
    const { naming } = clientFor([server]).client;
    const { heard } = await listen(naming, s);
    assert.deepEqual(server.bodies(subscribe), [
      { namespace: 'public', serviceName: 's', groupName: 'g', subscribe: true, clusters: '' },
    ]);
    const push = (ip: string, lastRefTime: number): void => {
      const serviceInfo = { name: 's', groupName: 'g', lastRefTime, hosts: [instance(ip)] };
      server.push('NotifySubscriberRequest', { serviceInfo }, 'naming');
    };
    push('new', 9_000);
    push('old', 8_000);
    push('newest', 9_001);
    await until('the last', () => heard.at(-1) === 'newest');
    await until('acknowledged', () => server.count('stream:NotifySubscriberResponse') === 3);
    assert.deepEqual(heard, ['', 'new', 'newest']);
    assert.equal(server.bodies('stream:NotifySubscriberResponse')[0]?.['requestId'], '7');
  });

  it('believe the first word after a reconnect, whatever the clock of that server', async () => {
    const clock = new FakeClock(Date.parse('2020-01-01T00:00:00Z'));
    const [ahead, behind] = [await nacosServer(), await nacosServer({ clock })];
    const { naming } = clientFor([ahead, behind]).client;
    await clientFor([ahead]).client.naming.publish(s, [instance('a')]);
    const other = clientFor([behind]).client.naming;
    await other.publish(s, [instance('b')]);
    const { heard } = await listen(naming, s);
    await ahead.stopServing();
    await until('heard', () => heard.at(-1) === 'b');
    await other.publish(s, [instance('c')]);
    await clock.advance(1);
    await until('heard', () => heard.at(-1) === 'c');
    assert.deepEqual(heard, ['a', 'b', 'c']);
  });

  it('are one at the server, however many listen', async () => {
    const { nacos, naming, other } = await twoClients();
    const first = await listen(naming, s);
    const second = await listen(naming, s);
    await other.publish(s, [instance('a')]);
    await until('both', () => first.heard.length === 2 && second.heard.length === 2);
    first.stop();
    first.stop();
    await other.publish(s, [instance('b')]);
    await until('the other', () => second.heard.length === 3);
    assert.deepEqual(
      [first.heard, second.heard],
      [
        ['', 'a'],
        ['', 'a', 'b'],
      ],
    );
    assert.deepEqual([nacos.count(subscribe), nacos.counts.subscriptions], [1, 1]);
    second.stop();
    await until('ended', () => nacos.counts.subscriptions === 0);
    assert.equal(nacos.count(subscribe), 2);
  });

  it('survive a listener that fails', async () => {
    const { naming, other } = await twoClients();
    naming.subscribe(s, () => {
      throw new Error('listener');
    });
    const { heard } = await listen(naming, s);
    await other.publish(s, [instance('a')]);
    await until('heard', () => heard.length === 2);
  });

  it('of one name in two namespaces are told apart, although pushes are not', async () => {
    const { naming, other } = await twoClients();
    const elsewhere = service('s', 'other');
    const here = await listen(naming, s);
    const there = await listen(naming, elsewhere);
    await other.publish(elsewhere, [instance('b')]);
    await until('there', () => there.heard.length === 2);
    await other.publish(s, [instance('a')]);
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
    const { nacos, naming } = await twoClients();
    await naming.query(s);
    nacos.refuses(subscribe, 503, 1);
    await listen(naming, s);
  });

  it('hear nothing of a service that was left and is subscribed to again but what there is', async () => {
    const { naming, other } = await twoClients();
    const first = await listen(naming, s);
    first.stop();
    const again = await listen(naming, s);
    await other.publish(s, [instance('a')]);
    await until('heard', () => again.heard.length === 2);
    assert.deepEqual(again.heard, ['', 'a']);
  });
});

describe('naming questions', () => {
  afterEach(stopAll);

  it('query a service, of all hosts or the healthy ones of some clusters', async () => {
    const { naming, other } = await twoClients();
    await other.publish(s, [
      instance('a', { clusterName: 'c1' }),
      instance('b', { clusterName: 'c2', healthy: false }),
      instance('c', { enabled: false }),
      instance('d', { clusterName: 'c3' }),
    ]);
    const whole = await listen(naming, s);
    await until('all', () => whole.heard.at(-1) === 'a,b,d');
    assert.equal(ipsOf(await naming.query(s)), 'a,b,d');
    assert.equal(ipsOf(await naming.query(s, { healthyOnly: true, clusters: ['c1', 'c2'] })), 'a');
    assert.equal(ipsOf(await naming.query(service('absent'))), '');
  });

  it('list the services of a group', async () => {
    const { naming, other } = await twoClients();
    for (const serviceName of ['s1', 's2', 's3']) await other.publish(service(serviceName), [instance('a')]);
    const options = { namespaceId: '', group: 'g', pageSize: 2 };
    const pages = [await naming.list({ ...options, pageNo: 1 }), await naming.list({ ...options, pageNo: 2 })];
    assert.deepEqual(
      pages.map(({ count, serviceNames }) => [count, serviceNames.length]),
      [
        [3, 2],
        [3, 1],
      ],
    );
    assert.deepEqual(pages.flatMap(({ serviceNames }) => serviceNames).sort(), ['s1', 's2', 's3']);
  });

  it('register persistent instances, which outlive the client', async () => {
    const nacos = await nacosServer();
    const owner = clientFor([nacos]).client;
    await owner.naming.registerPersistent(s, instance('a'));
    await owner.naming.registerPersistent(s, instance('b'));
    await owner.naming.deregisterPersistent(s, instance('a'));
    await owner.stop();
    const { hosts } = await clientFor([nacos]).client.naming.query(s);
    assert.deepEqual(
      hosts.map(({ ephemeral, ip }) => [ip, ephemeral]),
      [['b', false]],
    );
  });

  it('end when the client was stopped', async () => {
    const { client } = clientFor([await nacosServer()]);
    await client.naming.query(s);
    await client.stop();
    await assert.rejects(client.naming.query(s), (error) => isBridgeError(error, 'CONNECTION_NOT_READY'));
    await client.naming.withdraw(s);
  });
});
