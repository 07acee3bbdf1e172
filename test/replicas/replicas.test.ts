import assert from 'node:assert/strict';
import { clientFor, fakeNacos, stopAll } from '../nacos/client-for.ts';
import type { FakeNacos } from '../nacos/fake-nacos.ts';
import { FakeClock } from '../fake-clock.ts';
import { until } from '../nacos/until.ts';
import { FakeReplica, type World } from './fake-replica.ts';

const SERVICE = 'public g orders';

describe('replicas that publish the same services', () => {
  let nacos: FakeNacos;
  let world: World;
  let replicas: FakeReplica[];

  beforeEach(async () => {
    nacos = await fakeNacos();
    world = new Map([['orders', ['10.0.0.1', '10.0.0.2']]]);
    replicas = [];
  });
  afterEach(async () => {
    for (const replica of replicas) await replica.stop();
    await stopAll();
  });

  async function begin(...identities: string[]): Promise<FakeReplica[]> {
    replicas = identities.map((identity) => new FakeReplica(identity, world, [nacos]));
    for (const replica of replicas) replica.start();
    await until('all entries', () => entries().length === identities.length);
    await until('all records', () => records() === identities.length);
    return replicas;
  }

  function entries(namespaceId = 'public'): Record<string, string>[] {
    const service = `${namespaceId} nacos-bridge-system nacos-bridge`;
    const hosts = [...nacos.naming.slots.values()].flatMap((slots) => slots.get(service) ?? []);
    return hosts.map((host) => host['metadata'] as Record<string, string>);
  }

  function entryOf(identity: string): Record<string, string> | undefined {
    return entries().find((entry) => entry['identity'] === identity);
  }

  /** Connections that publish the service. */
  function records(): number {
    return [...nacos.naming.slots.values()].filter((slots) => slots.has(SERVICE)).length;
  }

  /** Every state that a subscriber could have seen, as sorted addresses. */
  function seen(): string[] {
    const states = nacos.naming.history.filter(({ service }) => service === SERVICE);
    return [...new Set(states.map(({ hosts }) => hosts.join(' ')))];
  }

  it('say who they are, after their records are there', async () => {
    await begin('a', 'b');
    assert.deepEqual(
      entries()
        .map((entry) => `${entry['identity']} ${entry['kubernetes']}`)
        .toSorted(),
      ['a Synced', 'b Synced'],
    );
    const order = nacos.naming.requests.filter(({ type }) => type === 'BatchInstanceRequest');
    assert.equal(order[0]?.service, SERVICE);
  });

  it('relieve one that has lost the API server, which takes its dead instances along, and take it back', async () => {
    const [a, b] = await begin('a', 'b');
    b!.lose();
    world.set('orders', ['10.0.0.2']);
    a!.watch();
    await until('relieved', () => b!.states === 'relieved' && records() === 1);
    assert.deepEqual(nacos.naming.hosts(SERVICE), ['10.0.0.2:80']);
    assert.equal(entryOf('a')?.['relieves'], `b/${entryOf('b')?.['epoch']}`);
    assert.ok(a!.lists >= 1 && a!.renewals >= 1);
    b!.recover();
    await until('both', () => b!.states === 'sighted' && records() === 2);
    await until('nobody is named', () => entryOf('a')?.['relieves'] === undefined);
    await until('synced', () => entryOf('b')?.['kubernetes'] === 'Synced');
    assert.deepEqual(seen(), ['10.0.0.1:80 10.0.0.2:80', '10.0.0.2:80']);
    const metrics = await a!.registry.metrics();
    assert.match(metrics, /^replica_reliefs_total\{role="gave"\} 1$/m);
    assert.match(metrics, /^replica_state\{state="sighted"\} 1$/m);
    assert.match(await b!.registry.metrics(), /^replica_reliefs_total\{role="took"\} 1$/m);
  });

  it('relieve also when the renewal of the Lease comes last, and nothing else happens', async () => {
    const [a, b] = await begin('a', 'b');
    a!.renewsLate = true;
    b!.lose();
    await until('listed', () => a!.lists > 0 && a!.renewals > 0);
    assert.equal(b!.states, 'blind');
    a!.renew();
    await until('relieved', () => b!.states === 'relieved' && records() === 1);
  });

  it('wait, before they relieve, until several servers know what they have published', async () => {
    const other = await fakeNacos();
    replicas = ['a', 'b'].map((identity) => new FakeReplica(identity, world, [nacos, other]));
    const beganMs = performance.now();
    for (const replica of replicas) replica.start();
    await until('both publish', () => replicas.every(({ naming }) => naming.published.services === 1));
    replicas[1]!.lose();
    await until('relieved', () => replicas[1]!.states === 'relieved', undefined, 8_000);
    assert.ok(performance.now() - beganMs >= 3_000);
  }).timeout(12_000);

  it('go on when pushes are lost: the relieved one publishes again although it was not told', async () => {
    const [a, b] = await begin('a', 'b');
    b!.lose();
    await until('relieved', () => b!.states === 'relieved' && records() === 1);
    nacos.naming.faults.losePushes = true;
    a!.lose();
    await until('again', () => b!.states === 'blind' && records() === 2, undefined, 8_000);
  }).timeout(15_000);

  it('publish on while they are relieved in one of their Nacos namespaces only', async () => {
    const inBoth = { namespaceIds: ['', 'dev'] };
    replicas = [new FakeReplica('a', world, [nacos]), new FakeReplica('b', world, [nacos], inBoth)];
    for (const replica of replicas) replica.start();
    await until('all entries', () => entries().length === 2 && entries('dev').length === 1);
    await until('all records', () => records() === 2);
    replicas[1]!.lose();
    await until('relieved in one', () => replicas[1]!.states === 'relieved,blind');
    assert.equal(replicas[1]!.naming.connections.isSuspended, false);
    assert.equal(records(), 2);
    const third = new FakeReplica('c', world, [nacos], { namespaceIds: ['dev'] });
    replicas.push(third);
    third.start();
    await until('relieved in both', () => replicas[1]!.states === 'relieved,relieved' && records() === 2);
    assert.equal(replicas[1]!.naming.connections.isSuspended, true);
    assert.deepEqual(seen(), ['10.0.0.1:80 10.0.0.2:80']);
  });

  it('close nothing when all of them have lost it', async () => {
    await begin('a', 'b', 'c');
    for (const replica of replicas) replica.lose();
    await until('all say so', () => entries().every((entry) => entry['kubernetes'] === 'Lost'));
    await until('all know', () => replicas.every(({ states }) => states === 'blind'));
    assert.equal(records(), 3);
    assert.deepEqual(seen(), ['10.0.0.1:80 10.0.0.2:80']);
  });

  it('publish again when the one that relieved them loses the API server as well', async () => {
    const [a, b] = await begin('a', 'b');
    b!.lose();
    await until('relieved', () => records() === 1);
    a!.lose();
    await until('both', () => records() === 2);
    assert.equal(b!.states, 'blind');
    assert.deepEqual(seen(), ['10.0.0.1:80 10.0.0.2:80']);
  });

  it('publish again when the one that relieved them is gone', async () => {
    const [a, b] = await begin('a', 'b');
    b!.lose();
    await until('relieved', () => records() === 1);
    await a!.naming.stop();
    await a!.stop();
    await until('again', () => b!.states === 'blind' && records() === 1);
  });

  it('publish again before the one that relieved them stops', async () => {
    const [a, b] = await begin('a', 'b');
    b!.lose();
    await until('relieved', () => records() === 1);
    await Promise.all([
      a!.replicas.stop(new AbortController().signal),
      until('both', () => b!.states === 'blind' && records() === 2),
    ]);
  }).timeout(6000);

  it('name nobody while a record of their own is not confirmed', async () => {
    const [a, b] = await begin('a', 'b');
    world.set('payments', ['10.0.0.3']);
    nacos.naming.faults.refused.set('payments', { code: 500, message: 'no space left' });
    a!.watch();
    b!.lose();
    await until('listed', () => a!.lists > 0);
    await until('refused', () => nacos.naming.requests.some(({ service }) => service === 'public g payments'));
    assert.equal(b!.states, 'blind');
    nacos.naming.faults.refused.clear();
    await until('relieved', () => b!.states === 'relieved');
  });

  it('withdraw nothing where Nacos refuses their entries, and say so', async () => {
    nacos = await fakeNacos({ password: 'secret' });
    nacos.naming.faults.refused.set('nacos-bridge', { code: 403, message: 'authorization failed!' });
    const credentials = { username: 'nacos', password: 'secret' };
    replicas = ['a', 'b'].map((identity) => new FakeReplica(identity, world, [nacos], { credentials }));
    for (const replica of replicas) replica.start();
    await until('records', () => records() === 2);
    await until('verdicts', () => replicas.every(({ verdicts }) => verdicts.at(-1) === 'Forbidden'));
    replicas[1]!.lose();
    await until('blind', () => replicas[1]!.states === 'blind');
    assert.equal(records(), 2);
    assert.match(await replicas[0]!.registry.metrics(), /^replica_entries_refused 1$/m);
  });

  it('go to different servers, without a gap, when all are at one', async () => {
    const other = await fakeNacos();
    const clock = new FakeClock();
    const options = { replicasClock: clock };
    replicas = ['a', 'b'].map((identity) => new FakeReplica(identity, world, [nacos, other], options));
    for (const replica of replicas) replica.start();
    await until('both at the first', () => records() === 2 && entries().length === 2);
    const isAtOther = () => [...other.naming.slots.values()].some((slots) => slots.has(SERVICE));
    await until(
      'one at each',
      () => records() === 1 && isAtOther(),
      () => clock.advance(50),
    );
    assert.deepEqual(replicas[0]!.naming.connections.servers, [nacos.address]);
    assert.deepEqual(replicas[1]!.naming.connections.servers, [other.address]);
    assert.deepEqual(seen(), ['10.0.0.1:80 10.0.0.2:80']);
  }).timeout(6000);

  it('do not heed strangers, nor replicas of other clusters', async () => {
    const [a] = await begin('a');
    const service = { namespaceId: '', group: 'nacos-bridge-system', serviceName: 'nacos-bridge' };
    const host = { ip: '10.9.9.9', port: 1, weight: 1, healthy: true, enabled: true, clusterName: 'DEFAULT' };
    const stranger = clientFor([nacos]).client.naming;
    a!.lose();
    await until('lost', () => entryOf('a')?.['kubernetes'] === 'Lost');
    const relieves = `a/${entryOf('a')?.['epoch']}`;
    const entry = { identity: 'z', kubernetes: 'Synced', relieves };
    await stranger.publish(service, [
      { ...host, metadata: { ...entry, 'k8s.cluster': 'cluster-2' } },
      { ...host, metadata: { ...entry, 'k8s.cluster': 'cluster-1', kubernetes: 'Maybe' } },
    ]);
    await stranger.publish(service, [{ ...host, metadata: { ...entry, 'k8s.cluster': 'cluster-1' } }]);
    // The last one is a replica of our cluster, so what came before it was seen too.
    await until('relieved', () => a!.states === 'relieved');
    assert.equal(a!.logged.filter((line) => line.includes('publishes in place')).length, 1);
  });
});
