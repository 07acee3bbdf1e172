import assert from 'node:assert/strict';
import { BridgeError } from '../../operator/errors.ts';
import type { NacosClient } from '../../operator/nacos/client.ts';
import type { Publication, PublishedRecord } from '../../operator/service-sync/publications.ts';
import { RecordSender } from '../../operator/service-sync/record-sender.ts';
import { FakeClock, settle } from '../fake-clock.ts';

/** Answers when the test says so. */
class Client {
  readonly asked: { service: string; answer: PromiseWithResolvers<void> }[] = [];
  readonly connections = { count: 1, isSuspended: false, serverCount: 1 };
  state: object = { kind: 'connected', authenticated: true };
  /** Services of which Nacos has something, or may. */
  readonly taken = new Set<string>();

  mayHold({ serviceName }: { serviceName: string }): boolean {
    return this.taken.has(serviceName);
  }

  publish({ serviceName }: { serviceName: string }): Promise<void> {
    const answer = Promise.withResolvers<void>();
    this.asked.push({ service: serviceName, answer });
    return answer.promise;
  }

  async withdraw(): Promise<void> {}

  async confirm(): Promise<void> {
    for (const { answer, service } of this.asked.splice(0)) {
      this.taken.add(service);
      answer.resolve();
    }
    await settle();
  }

  get client(): NacosClient {
    const state = () => this.state;
    return Object.defineProperty({ naming: this }, 'state', { get: state }) as unknown as NacosClient;
  }
}

describe('the sender of records', () => {
  let clock: FakeClock;
  let sender: RecordSender;
  let events: string[];
  let clients: Record<'a' | 'b' | 'c', Client>;
  const of = new Map<Client, NacosClient>();

  const clientOf = (client: Client): NacosClient => {
    const known = of.get(client) ?? client.client;
    of.set(client, known);
    return known;
  };

  beforeEach(() => {
    clock = new FakeClock();
    events = [];
    clients = { a: new Client(), b: new Client(), c: new Client() };
    sender = new RecordSender({ clock, isFree: () => true, onState: (id) => events.push(`state ${id}`) });
    sender.onSettled((service, hasChanged) => events.push(`settled ${service} ${hasChanged}`));
    sender.onMoved((service) => events.push(`moved ${service}`));
    sender.onRelease(() => events.push('released'));
  });

  afterEach(() => sender.stop());

  /** The one record of a Service, over a connection, at a client. */
  function want(
    client: Client,
    ip = '10.0.0.1',
    isKnown = true,
    { name = 's', connection = 'main', isEmpty = false } = {},
  ): PublishedRecord {
    const record = {
      address: {
        connection,
        client: clientOf(client),
        service: { namespaceId: '', group: 'G', serviceName: name },
      },
      instances: isEmpty ? [] : [{ ip, port: 80 }],
      counts: { total: 1, ready: 1, draining: 0, published: 1 },
      state: 'pending',
    } as unknown as PublishedRecord;
    const publication = { export: { id: 'e' }, records: new Map([['r', record]]), problems: [], isKnown };
    sender.want(name, [publication as unknown as Publication]);
    return record;
  }

  it('tells when it was confirmed, and since when it was not', async () => {
    await clock.advance(1000);
    const first = want(clients.a);
    const sinceMs = clock.now();
    await clock.advance(5000);
    const second = want(clients.a, '10.0.0.2');
    assert.deepEqual([first.pendingSinceMs, second.pendingSinceMs], [sinceMs, sinceMs]);
    await clients.a.confirm();
    assert.deepEqual(
      [first.state, second.state],
      ['pending', 'confirmed'],
      'of a list that was replaced nothing is told',
    );
    assert.deepEqual(events, ['state e', 'settled s true']);
    assert.equal(want(clients.a, '10.0.0.3').pendingSinceMs, clock.now());
  });

  it('is at two clients at most: the one of now, and the last that has confirmed it', async () => {
    want(clients.a);
    await clients.a.confirm();
    want(clients.b);
    want(clients.c);
    assert.deepEqual(
      [clients.a, clients.b, clients.c].map((client) => sender.uses(clientOf(client))),
      [true, false, true],
    );
    await clients.b.confirm();
    assert.equal(sender.uses(clientOf(clients.a)), true, 'an answer of a client that was left counts for nothing');
    events = [];
    await clients.c.confirm();
    assert.deepEqual(events, ['state e', 'moved s', 'settled s true']);
    want(clients.c);
    assert.equal(sender.uses(clientOf(clients.a)), false);
    assert.ok(events.includes('released'));
  });

  it('stays where Nacos may have it, although the answer was still to come when its connection changed', async () => {
    want(clients.a);
    clients.a.taken.add('s');
    want(clients.b);
    await clock.advance(8001);
    assert.deepEqual([sender.uses(clientOf(clients.a)), sender.formers.count('main')], [true, 1]);
    assert.equal(clients.a.asked.length, 2, 'and is kept there as it is wanted');
    await clients.a.confirm();
    assert.equal(sender.uses(clientOf(clients.a)), true);
    await clients.b.confirm();
    want(clients.b);
    assert.deepEqual([sender.uses(clientOf(clients.a)), sender.formers.count('main')], [false, 0]);
  });

  it('leaves a client that was never sent it', async () => {
    want(clients.a);
    want(clients.b);
    assert.equal(sender.uses(clientOf(clients.a)), false);
    await clock.advance(8001);
    assert.equal(sender.formers.count('main'), 0);
  });

  it('stays at its former client until the other servers know, too, that the one of now has it', async () => {
    want(clients.a);
    await clients.a.confirm();
    clients.b.connections.serverCount = 3;
    const record = want(clients.b);
    await clients.b.confirm();
    assert.equal(record.state, 'confirmed');
    want(clients.b, '10.0.0.2');
    await clock.advance(2999);
    assert.equal(sender.uses(clientOf(clients.a)), true);
    assert.ok(!events.includes('moved s'));
    await clients.b.confirm();
    await clock.advance(3000);
    assert.ok(events.includes('moved s'));
    want(clients.b, '10.0.0.2');
    assert.equal(sender.uses(clientOf(clients.a)), false);
  });

  it('takes no word of a client that is suspended for Nacos having it', async () => {
    want(clients.a);
    await clients.a.confirm();
    const record = want(clients.b);
    clients.b.connections.isSuspended = true;
    await clients.b.confirm();
    assert.deepEqual([record.state, sender.uses(clientOf(clients.a))], ['pending', true]);
    clients.b.connections.isSuspended = false;
    await clock.advance(1000);
    await clients.b.confirm();
    assert.equal(record.state, 'confirmed');
    want(clients.b);
    assert.equal(sender.uses(clientOf(clients.a)), false);
  });

  it('stays at its former client while it has no instances and it is not known whether the one of now works', async () => {
    want(clients.a);
    await clients.a.confirm();
    clients.b.state = { kind: 'connected', authenticated: false };
    want(clients.b, undefined, true, { isEmpty: true });
    await clients.b.confirm();
    want(clients.b, '10.0.0.2');
    assert.equal(sender.uses(clientOf(clients.a)), true);
    want(clients.b, undefined, true, { isEmpty: true });
    await clients.b.confirm();
    clients.b.state = { kind: 'connected', authenticated: true };
    sender.retry(clientOf(clients.b));
    await clients.b.confirm();
    want(clients.b, undefined, true, { isEmpty: true });
    assert.equal(sender.uses(clientOf(clients.a)), false);
  });

  it('counts the connections that have something confirmed at a client that is connected', async () => {
    want(clients.a);
    assert.equal(sender.confirmedConnections, 0);
    await clients.a.confirm();
    assert.equal(sender.confirmedConnections, 1);
    want(clients.b);
    assert.equal(sender.confirmedConnections, 1, 'the former client still has it');
    clients.a.connections.count = 0;
    assert.equal(sender.confirmedConnections, 0);
  });

  it('tells of a former client only when that lasts', async () => {
    const told: string[] = [];
    sender.formers.onChange((connection) => told.push(`${connection} ${sender.formers.count(connection)}`));
    want(clients.a);
    await clients.a.confirm();
    want(clients.b);
    assert.equal(sender.formers.count('main'), 0);
    await clock.advance(8001);
    assert.deepEqual(told, ['main 1']);
    sender.dropFormer('main');
    assert.ok(events.includes('moved s'));
    want(clients.b);
    assert.deepEqual(told, ['main 1', 'main 0']);
    assert.equal(sender.uses(clientOf(clients.a)), false);
  });

  it('says of a former client nothing that its connection does not concern', async () => {
    const told: string[] = [];
    sender.formers.onChange((connection) => told.push(`${connection} ${sender.formers.count(connection)}`));
    want(clients.a);
    await clients.a.confirm();
    want(clients.b, undefined, true, { connection: 'other' });
    await clock.advance(8001);
    assert.deepEqual(told, ['other 1']);
    want(clients.b);
    assert.deepEqual(told, ['other 1', 'other 0']);
    await clock.advance(8001);
    assert.deepEqual(told, ['other 1', 'other 0', 'main 1']);
    await clients.b.confirm();
    want(clients.b);
    assert.deepEqual([sender.formers.total, sender.formers.count('main')], [0, 0]);
  });

  it('leaves a former client that is dropped also while it is not known what is to be published', async () => {
    want(clients.a);
    await clients.a.confirm();
    want(clients.b);
    sender.dropFormer('main');
    want(clients.b, '10.0.0.2', false);
    assert.equal(sender.uses(clientOf(clients.a)), false);
    assert.deepEqual(
      clients.b.asked.map(({ service }) => service),
      ['s'],
      'nothing else is sent',
    );
  });

  it('tries again with pauses of up to a minute, for as long as it fails, and at once when it is told to', async () => {
    const record = want(clients.a);
    const refusal = new BridgeError('NACOS_INVALID', 'refused');
    const refuse = async () => {
      const refused = clients.a.asked.splice(0);
      for (const { answer } of refused) answer.reject(refusal);
      await settle();
      return refused.length;
    };
    await refuse();
    assert.deepEqual(record.state, { failed: refusal });
    for (let attempt = 1; attempt < 20; attempt += 1) {
      await clock.advance(60_000);
      assert.equal(await refuse(), 1, `attempt ${attempt}`);
    }
    sender.retry(clientOf(clients.a));
    await clients.a.confirm();
    assert.equal(record.state, 'confirmed');
    await clock.advance(120_000);
    assert.deepEqual(clients.a.asked, []);
  });

  it('lets one that is refused for long keep no other waiting', async () => {
    want(clients.a);
    const answerAll = async (failure: BridgeError) => {
      const asked = clients.a.asked.splice(0);
      for (const { answer } of asked) answer.reject(failure);
      await settle();
      return asked.map(({ service }) => service);
    };
    for (let attempt = 1; attempt < 20; attempt += 1) {
      await answerAll(new BridgeError('NACOS_INVALID', 'refused'));
      await clock.advance(60_000);
    }
    await answerAll(new BridgeError('NACOS_INVALID', 'refused'));
    want(clients.a, '10.0.0.2', true, { name: 'other' });
    await answerAll(new BridgeError('TIMEOUT', 'no answer'));
    await clock.advance(1000);
    assert.deepEqual(
      clients.a.asked.map(({ service }) => service),
      ['other'],
    );
  });
});
