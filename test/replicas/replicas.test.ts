import assert from 'node:assert/strict';
import type { NamingSubscription } from '../../operator/nacos/naming/naming-subscriptions.ts';
import type { ServiceKey } from '../../operator/nacos/naming/naming-types.ts';
import { clientFor, nacosServer, type ObservedNacos, stopAll } from '../nacos/client-for.ts';
import { FakeClock } from '../fake-clock.ts';
import { until } from '../nacos/until.ts';
import { FakeReplica, type World } from './fake-replica.ts';

const ORDERS: ServiceKey = { namespaceId: '', group: 'g', serviceName: 'orders' };
const ENTRIES: ServiceKey = { namespaceId: '', group: 'nacos-bridge-system', serviceName: 'nacos-bridge' };

/** What any client of the server sees: the addresses of the service, and what replicas say of themselves. */
class Onlooker {
  /** Every state that was seen, as addresses. */
  readonly seen: string[] = [];
  /** What the service had when the first entry was seen. */
  beforeEntries: string | undefined;
  readonly #entries: ReadonlyMap<string, NamingSubscription>;

  constructor(nacos: ObservedNacos) {
    const { naming } = clientFor([nacos]).client;
    naming.subscribe(ORDERS, ({ hosts }) => this.seen.push(hosts.map(({ ip }) => ip).join(' ')));
    const entriesIn = (namespaceId: string): [string, NamingSubscription] => [
      namespaceId,
      naming.subscribe({ ...ENTRIES, namespaceId }, ({ hosts }) => {
        if (hosts.length > 0) this.beforeEntries ??= this.seen.at(-1);
      }),
    ];
    this.#entries = new Map(['', 'dev'].map(entriesIn));
  }

  entries(namespaceId = ''): Readonly<Record<string, string>>[] {
    return (this.#entries.get(namespaceId)?.current?.hosts ?? []).map(({ metadata }) => metadata);
  }

  entryOf(identity: string): Readonly<Record<string, string>> | undefined {
    return this.entries().find((entry) => entry['identity'] === identity);
  }

  /** The states that were seen since the service began, each once. */
  get states(): string[] {
    return [...new Set(this.seen.slice(this.seen.findIndex((ips) => ips !== '')))];
  }
}

describe('replicas that publish the same services', () => {
  let nacos: ObservedNacos;
  let onlooker: Onlooker;
  let world: World;
  let replicas: FakeReplica[];

  beforeEach(async () => {
    nacos = await nacosServer();
    onlooker = new Onlooker(nacos);
    world = new Map([['orders', ['10.0.0.1', '10.0.0.2']]]);
    replicas = [];
    await until('subscribed', () => onlooker.seen.length === 1);
  });
  afterEach(async () => {
    for (const replica of replicas) await replica.stop();
    await stopAll();
  });

  async function begin(...names: (string | FakeClock)[]): Promise<FakeReplica[]> {
    const clock = names.find((name) => name instanceof FakeClock);
    const identities = names.filter((name) => typeof name === 'string');
    replicas = identities.map((identity) => new FakeReplica(identity, world, [nacos], { replicasClock: clock }));
    for (const replica of replicas) replica.start();
    await until('all entries', () => onlooker.entries().length === identities.length);
    await until('all records', () => records() === identities.length);
    return replicas;
  }

  /** How many replicas have the service registered, as Nacos has confirmed. */
  function records(): number {
    return replicas.filter(({ naming }) => naming.published.services > 0).length;
  }

  it('say who they are, after their records are there', async () => {
    await begin('a', 'b');
    assert.deepEqual(
      onlooker
        .entries()
        .map((entry) => `${entry['identity']} ${entry['kubernetes']}`)
        .toSorted(),
      ['a Synced', 'b Synced'],
    );
    assert.equal(onlooker.beforeEntries, '10.0.0.1 10.0.0.2');
  });

  it('relieve one that has lost the API server, which takes its dead instances along, and take it back', async () => {
    const [a, b] = await begin('a', 'b');
    b!.lose();
    world.set('orders', ['10.0.0.2']);
    a!.watch();
    await until('relieved', () => b!.states === 'relieved' && records() === 1);
    await until('gone', () => onlooker.seen.at(-1) === '10.0.0.2');
    assert.equal(onlooker.entryOf('a')?.['relieves'], `b/${onlooker.entryOf('b')?.['epoch']}`);
    assert.ok(a!.lists >= 1 && a!.renewals >= 1);
    b!.recover();
    await until('both', () => b!.states === 'sighted' && records() === 2);
    await until('nobody is named', () => onlooker.entryOf('a')?.['relieves'] === undefined);
    await until('synced', () => onlooker.entryOf('b')?.['kubernetes'] === 'Synced');
    assert.deepEqual(onlooker.states, ['10.0.0.1 10.0.0.2', '10.0.0.2']);
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
    const other = await nacosServer();
    replicas = ['a', 'b'].map((identity) => new FakeReplica(identity, world, [nacos, other]));
    const beganMs = performance.now();
    for (const replica of replicas) replica.start();
    await until('both publish', () => replicas.every(({ naming }) => naming.published.services === 1));
    replicas[1]!.lose();
    await until('relieved', () => replicas[1]!.states === 'relieved');
    assert.ok(performance.now() - beganMs >= 3_000);
  });

  it('do not wait again, with several servers, when the list brings nothing new', async () => {
    const other = await nacosServer();
    const clock = new FakeClock();
    const options = { replicasClock: clock };
    replicas = ['a', 'b'].map((identity) => new FakeReplica(identity, world, [nacos, other], options));
    for (const replica of replicas) replica.start();
    await until('both publish', () => replicas.every(({ naming }) => naming.published.services === 1));
    await clock.advance(10_000);
    const lists = replicas[0]!.lists;
    replicas[1]!.lose();
    const beganMs = clock.monotonic();
    await until(
      'relieved',
      () => replicas[1]!.states === 'relieved',
      () => clock.advance(10),
    );
    assert.ok(replicas[0]!.lists > lists);
    assert.ok(clock.monotonic() - beganMs < 3_000, `${clock.monotonic() - beganMs} ms`);
  });

  it('go on when pushes are lost: the relieved one publishes again although it was not told', async () => {
    const [a, b] = await begin('a', 'b');
    b!.lose();
    await until('relieved', () => b!.states === 'relieved' && records() === 1);
    nacos.fails('silence', 'NotifySubscriberRequest');
    a!.lose();
    await until('again', () => b!.states === 'blind' && records() === 2);
  });

  it('publish on while they are relieved in one of their Nacos namespaces only', async () => {
    const inBoth = { namespaceIds: ['', 'dev'] };
    replicas = [new FakeReplica('a', world, [nacos]), new FakeReplica('b', world, [nacos], inBoth)];
    for (const replica of replicas) replica.start();
    await until('all entries', () => onlooker.entries().length === 2 && onlooker.entries('dev').length === 1);
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
    assert.deepEqual(onlooker.states, ['10.0.0.1 10.0.0.2']);
  });

  it('relieve nobody of a connection that they do not know yet, and are held up by no other', async () => {
    const [a, b] = [
      new FakeReplica('a', world, [nacos], { namespaceIds: ['', 'new@', 'broken@'] }),
      new FakeReplica('b', world, [nacos], { namespaceIds: ['', 'new@'] }),
    ];
    replicas = [a, b];
    for (const connection of ['new@', 'broken@']) a.unusable.add(connection);
    for (const replica of replicas) replica.start();
    await until('all', () => onlooker.entries().length === 2 && records() === 2);
    b.lose();
    await until('listed', () => a.lists > 0 && a.renewals > 0 && a.naming.isSettled);
    a.renew();
    // What is said after that would name the blind one if it were to be named.
    a.use('', 'new@', 'broken@', 'more@');
    const connections = (): number => (onlooker.entryOf('a')?.['connections'] ?? '').split(',').length;
    await until('said anew', () => connections() === 2);
    assert.equal(onlooker.entryOf('a')?.['relieves'], undefined);
    assert.equal(b.states, 'blind');
    a.unusable.delete('new@');
    a.watch();
    await until('relieved', () => b.states === 'relieved');
  });

  it('are blind by one resource alone, and say which', async () => {
    const [, b] = await begin('a', 'b');
    b!.seesNothing = true;
    await until('relieved', () => b!.states === 'relieved' && records() === 1);
    assert.deepEqual(b!.replicas.blindness, ['endpointslices']);
    assert.match(await b!.registry.metrics(), /^replica_blind\{resource="endpointslices"\} 1$/m);
    b!.seesNothing = false;
    await until('both', () => b!.states === 'sighted' && records() === 2);
    assert.deepEqual(b!.replicas.blindness, []);
    assert.deepEqual(onlooker.states, ['10.0.0.1 10.0.0.2']);
  });

  it('stay where another one publishes, though they have nothing to publish there, until it has not either', async () => {
    const clock = new FakeClock();
    const [a, b] = await begin('a', 'b', clock);
    const pass = (): Promise<void> => clock.advance(100);
    b!.lose();
    await until('relieved', () => b!.states === 'relieved' && records() === 1, pass);
    a!.use();
    await until('idle', () => onlooker.entryOf('a')?.['connections'] === undefined, pass);
    await clock.advance(60_000);
    assert.equal(onlooker.entryOf('a')?.['relieves'], `b/${onlooker.entryOf('b')?.['epoch']}`);
    b!.recover();
    await until('both', () => b!.states === 'sighted' && records() === 2, pass);
    b!.use();
    await until('nobody', () => onlooker.entries().length === 0, pass);
  });

  it('keep a client that a connection has left for as long as another one publishes over it', async () => {
    const clock = new FakeClock();
    const [a, b] = await begin('a', 'b', clock);
    const pass = (): Promise<void> => clock.advance(100);
    let isGone = false;
    void a!.leave().then(() => (isGone = true));
    await until('idle', () => onlooker.entryOf('a')?.['connections'] === undefined, pass);
    b!.lose();
    await until('relieved', () => b!.states === 'relieved', pass);
    await clock.advance(60_000);
    assert.equal(isGone, false);
    b!.recover();
    b!.use();
    await until('let go', () => isGone, pass);
  });

  it('do not stay closed by an entry that another one has left behind', async () => {
    const [a, b] = await begin('a', 'b');
    b!.lose();
    await until('relieved', () => b!.states === 'relieved' && records() === 1);
    const remainder = onlooker.entryOf('a');
    const somebody = clientFor([nacos]).client.naming;
    const host = { ip: '10.9.9.9', port: 1, weight: 1, healthy: true, enabled: true, clusterName: 'DEFAULT' };
    await somebody.publish(ENTRIES, [{ ...host, metadata: { ...remainder } }]);
    await until('two of one', () => onlooker.entries().filter((entry) => entry['identity'] === 'a').length === 2);
    a!.lose();
    await until('again', () => b!.states === 'blind' && records() === 2);
  });

  it('warn of another installation that publishes the same namespaces, and relieve none of its replicas', async () => {
    const scope = { installation: 'other/bridge', digest: 'all', namespaces: ['shop'] };
    replicas = [new FakeReplica('a', world, [nacos]), new FakeReplica('b', world, [nacos], { scope })];
    for (const replica of replicas) replica.start();
    await until('verdicts', () => replicas.every(({ verdicts }) => verdicts.at(-1) === 'InstallationsOverlap'));
    assert.match(await replicas[0]!.registry.metrics(), /^replica_installations_overlapping 1$/m);
    replicas[1]!.lose();
    await until('lost', () => onlooker.entryOf('b')?.['kubernetes'] === 'Lost');
    const lists = replicas[0]!.lists;
    world.set('orders', ['10.0.0.2']);
    replicas[0]!.watch();
    await until('known', () => replicas[0]!.naming.isSettled);
    assert.equal(replicas[1]!.states, 'blind');
    assert.equal(replicas[0]!.lists, lists);
  });

  it('close nothing when all of them have lost it', async () => {
    await begin('a', 'b', 'c');
    for (const replica of replicas) replica.lose();
    await until('all say so', () => onlooker.entries().every((entry) => entry['kubernetes'] === 'Lost'));
    await until('all know', () => replicas.every(({ states }) => states === 'blind'));
    assert.equal(records(), 3);
    assert.deepEqual(onlooker.states, ['10.0.0.1 10.0.0.2']);
  });

  it('publish again when the one that relieved them loses the API server as well', async () => {
    const [a, b] = await begin('a', 'b');
    b!.lose();
    await until('relieved', () => records() === 1);
    a!.lose();
    await until('both', () => records() === 2);
    assert.equal(b!.states, 'blind');
    assert.deepEqual(onlooker.states, ['10.0.0.1 10.0.0.2']);
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
  });

  it('name nobody while a record of their own is not confirmed', async () => {
    const [a, b] = await begin('a', 'b');
    world.set('payments', ['10.0.0.3']);
    nacos.faults.add({ on: 'BatchInstanceRequest', fault: { kind: 'silence' }, times: 1 });
    const struck = nacos.faults.strikes + 1;
    a!.watch();
    await until('sent', () => nacos.faults.strikes === struck);
    b!.lose();
    await until('listed', () => a!.lists > 0);
    assert.equal(b!.states, 'blind');
    // On its next connection it sends the record again.
    await nacos.resetConnections();
    await until('relieved', () => b!.states === 'relieved');
  });

  it('withdraw nothing where Nacos refuses their entries, and say so', async () => {
    const somebody = clientFor([nacos]).client.naming;
    const plain = { port: 1, weight: 1, healthy: true, enabled: true, clusterName: 'DEFAULT', metadata: {} };
    await somebody.registerPersistent(ENTRIES, { ip: '10.9.9.9', ...plain });
    replicas = ['a', 'b'].map((identity) => new FakeReplica(identity, world, [nacos]));
    for (const replica of replicas) replica.start();
    await until('records', () => records() === 2);
    await until('verdicts', () => replicas.every(({ verdicts }) => verdicts.at(-1) === 'RefusedByNacos'));
    replicas[1]!.lose();
    await until('blind', () => replicas[1]!.states === 'blind');
    assert.equal(records(), 2);
    assert.match(await replicas[0]!.registry.metrics(), /^replica_entries_refused 1$/m);
  });

  it('let a client go where Nacos refuses their entries, or cannot be reached', async () => {
    const somebody = clientFor([nacos]).client.naming;
    const plain = { port: 1, weight: 1, healthy: true, enabled: true, clusterName: 'DEFAULT', metadata: {} };
    await somebody.registerPersistent(ENTRIES, { ip: '10.9.9.9', ...plain });
    const clock = new FakeClock();
    replicas = [new FakeReplica('a', world, [nacos], { replicasClock: clock })];
    replicas[0]!.start();
    await until('a verdict', () => replicas[0]!.verdicts.at(-1) === 'RefusedByNacos');
    const away = await nacosServer();
    replicas.push(new FakeReplica('b', world, [away], { replicasClock: clock }));
    await away.stopServing();
    replicas[1]!.start();
    for (const replica of replicas) {
      let isGone = false;
      void replica.leave().then(() => (isGone = true));
      await until(
        'let go',
        () => isGone,
        () => clock.advance(1000),
      );
    }
  });

  it('go to different servers, without a gap, when all are at one', async () => {
    const other = await nacosServer();
    const clock = new FakeClock();
    const options = { replicasClock: clock };
    replicas = ['a', 'b'].map((identity) => new FakeReplica(identity, world, [nacos, other], options));
    for (const replica of replicas) replica.start();
    await until('both at the first', () => records() === 2 && onlooker.entries().length === 2);
    // And the two entries.
    const isOneAtEach = (): boolean => nacos.counts.instances === 2 + 2 && other.counts.instances === 2;
    await until('one at each', isOneAtEach, () => clock.advance(50));
    assert.deepEqual(replicas[0]!.naming.connections.servers, [nacos.address]);
    assert.deepEqual(replicas[1]!.naming.connections.servers, [other.address]);
    assert.deepEqual(onlooker.states, ['10.0.0.1 10.0.0.2']);
  });

  it('do not heed strangers, nor replicas of other clusters, installations, scopes and of the first release', async () => {
    const [a] = await begin('a');
    const host = { ip: '10.9.9.9', port: 1, weight: 1, healthy: true, enabled: true, clusterName: 'DEFAULT' };
    const stranger = clientFor([nacos]).client.naming;
    a!.lose();
    await until('lost', () => onlooker.entryOf('a')?.['kubernetes'] === 'Lost');
    const relieves = `a/${onlooker.entryOf('a')?.['epoch']}`;
    const entry = { identity: 'z', kubernetes: 'Synced', relieves, revision: '1' };
    const equal = { 'k8s.cluster': 'cluster-1', installation: 'system/bridge', scope: 'all' };
    await stranger.publish(ENTRIES, [
      { ...host, metadata: { ...entry, ...equal, 'k8s.cluster': 'cluster-2' } },
      { ...host, metadata: { ...entry, ...equal, kubernetes: 'Maybe' } },
      { ...host, metadata: { ...entry, ...equal, installation: 'other/bridge' } },
      { ...host, metadata: { ...entry, ...equal, scope: 'some' } },
      // As the first release wrote it.
      { ...host, metadata: { ...entry, 'k8s.cluster': 'cluster-1' } },
    ]);
    await stranger.publish(ENTRIES, [{ ...host, metadata: { ...entry, ...equal } }]);
    // The last one is an equal of ours, so what came before it was seen too.
    await until('relieved', () => a!.states === 'relieved');
    assert.equal(a!.logged.filter((line) => line.includes('publishes in place')).length, 1);
  });
});
