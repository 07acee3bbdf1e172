import assert from 'node:assert/strict';
import { absentMd5, md5Of } from '../../../operator/nacos/config/config-snapshot.ts';
import { FakeClock } from '../../fake-clock.ts';
import { clientFor, fakeNacos, stopAll } from '../client-for.ts';
import { id, key, plain, shown, shownByMd5 } from './config-samples.ts';
import type { FakeNacos } from '../fake-nacos.ts';
import { until } from '../until.ts';

describe('a watch that begins with an expectation', () => {
  afterEach(stopAll);

  const cases: {
    title: string;
    held: string | undefined;
    expectedMd5: string;
    /** What the listener hears, and what is read for it. */
    heard: string;
    reads: number;
  }[] = [
    { title: 'takes the expected version', held: 'one', expectedMd5: md5Of('one'), heard: shownByMd5('one'), reads: 0 },
    { title: 'takes the expected absence', held: undefined, expectedMd5: absentMd5, heard: '(absent)', reads: 0 },
    { title: 'reads another version', held: 'two', expectedMd5: md5Of('one'), heard: 'two', reads: 1 },
    { title: 'reads what should be absent', held: 'one', expectedMd5: absentMd5, heard: 'one', reads: 1 },
    { title: 'reads what is gone', held: undefined, expectedMd5: md5Of('one'), heard: '(absent)', reads: 1 },
  ];
  for (const { title, held, expectedMd5, heard, reads } of cases) {
    it(title, async () => {
      const fake = await fakeNacos();
      if (held !== undefined) fake.publish(id, held);
      const { client } = clientFor([fake]);
      const seen: string[] = [];
      const watch = client.config.watchVersions(key, (observation) => seen.push(shown(observation)), { expectedMd5 });
      assert.equal(watch.current, undefined, 'not before the server has said so');
      await until('heard', () => seen.length === 1);
      assert.deepEqual([seen, watch.current && shown(watch.current)], [[heard], heard]);
      assert.equal(fake.count('ConfigQueryRequest'), reads);
      fake.publish(id, 'next');
      await until('next', () => seen.length === 2);
      assert.deepEqual(seen, [heard, 'next']);
    });
  }

  it('tells a thousand in one batch and reads those that differ', async () => {
    const fake = await fakeNacos();
    const { client, connected } = clientFor([fake]);
    await connected();
    const seen: string[] = [];
    for (let index = 0; index < 1_000; index += 1) {
      fake.publish(` g d${index}`, index % 500 === 0 ? 'other' : `content ${index}`);
      const expectedMd5 = md5Of(`content ${index}`);
      client.config.watchVersions({ ...key, dataId: `d${index}` }, (observation) => seen.push(shown(observation)), {
        expectedMd5,
      });
    }
    await until('all', () => seen.length === 1_000);
    assert.equal(seen.filter((content) => content === 'other').length, 2);
    assert.equal(fake.count('ConfigBatchListenRequest'), 1);
    assert.equal(fake.count('ConfigQueryRequest'), 2);
  });

  it('is told again after a reconnect that came before the answer', async () => {
    const fake = await fakeNacos();
    fake.publish(id, 'one');
    const { client, connected } = clientFor([fake]);
    await connected();
    fake.faults.silentTypes.add('ConfigBatchListenRequest');
    const seen: string[] = [];
    const expectedMd5 = md5Of('one');
    client.config.watchVersions(key, (observation) => seen.push(shown(observation)), { expectedMd5 });
    await until('told', () => fake.count('ConfigBatchListenRequest') === 1);
    fake.faults.silentTypes.clear();
    fake.dropConnections();
    await until('confirmed', () => seen.length === 1);
    assert.deepEqual([seen, fake.count('ConfigQueryRequest')], [[shownByMd5('one')], 0]);
  });

  it('hears one change when it comes before the answer', async () => {
    const fake = await fakeNacos();
    fake.publish(id, 'one');
    const { client, connected } = clientFor([fake]);
    await connected();
    fake.faults.lostAnswers.add('ConfigBatchListenRequest');
    const seen: string[] = [];
    const expectedMd5 = md5Of('one');
    client.config.watchVersions(key, (observation) => seen.push(shown(observation)), { expectedMd5 });
    await until('told', () => fake.count('ConfigBatchListenRequest') === 1);
    fake.publish(id, 'two');
    await until('read', () => seen.length === 1);
    fake.faults.lostAnswers.clear();
    assert.deepEqual(seen, ['two']);
  });

  it('never goes back behind its own write', async () => {
    const fake = await fakeNacos();
    fake.publish(id, 'old');
    const { client, connected } = clientFor([fake]);
    await connected();
    fake.faults.holdDumps = true;
    await client.config.publish(key, 'new', plain);
    const seen: string[] = [];
    // The cache still has the old content, and would confirm it.
    const expectedMd5 = md5Of('old');
    client.config.watchVersions(key, (observation) => seen.push(shown(observation)), { expectedMd5 });
    await until('read', () => seen.length === 1);
    assert.deepEqual(seen, ['new']);
  });

  it('is overtaken by a write of our own that comes before the answer', async () => {
    const fake = await fakeNacos();
    fake.publish(id, 'old');
    const { client, connected } = clientFor([fake]);
    await connected();
    fake.faults.silentTypes.add('ConfigBatchListenRequest');
    const seen: string[] = [];
    const expectedMd5 = md5Of('old');
    client.config.watchVersions(key, (observation) => seen.push(shown(observation)), { expectedMd5 });
    await until('told', () => fake.count('ConfigBatchListenRequest') === 1);
    await client.config.publish(key, 'new', plain);
    fake.faults.silentTypes.clear();
    fake.dropConnections();
    await until('told again', () => fake.count('ConfigBatchListenRequest') === 2);
    assert.deepEqual(seen, ['new']);
  });

  describe('when listening is refused', () => {
    /** Each batch of the namespace is answered 403, as by a server whose user may not read it; keys are served. */
    function refuseListening(fake: FakeNacos): void {
      const type = 'ConfigChangeBatchListenResponse';
      const body = { resultCode: 500, errorCode: 403, message: 'authorization failed!', changedConfigs: [] };
      fake.faults.answers.set('ConfigBatchListenRequest', { type, body });
    }

    it('reads each key, which gets an answer of its own', async () => {
      const fake = await fakeNacos();
      fake.publish(id, 'one');
      const { client, connected } = clientFor([fake]);
      await connected();
      refuseListening(fake);
      const seen: string[] = [];
      client.config.watchVersions(key, (observation) => seen.push(shown(observation)), { expectedMd5: absentMd5 });
      await until('read', () => seen.length === 1);
      assert.deepEqual(seen, ['one']);
    });

    it('says of each key why it cannot be read', async () => {
      const fake = await fakeNacos();
      const { client, connected } = clientFor([fake]);
      await connected();
      refuseListening(fake);
      const body = { resultCode: 500, errorCode: 403, message: 'authorization failed!' };
      fake.faults.answers.set('ConfigQueryRequest', { type: 'ConfigQueryResponse', body });
      const watches = ['a', 'b'].map((dataId) =>
        client.config.watchVersions({ ...key, dataId }, () => assert.fail('nothing is known'), {
          expectedMd5: absentMd5,
        }),
      );
      await until('refused', () => watches.every(({ lastError }) => lastError !== undefined));
      assert.deepEqual(
        watches.map(({ current, lastError }) => [current, lastError?.code]),
        Array.from({ length: 2 }, () => [undefined, 'NACOS_UNAUTHENTICATED']),
      );
    });

    it('reads a later key at once while the batch waits to be told again', async () => {
      const clock = new FakeClock();
      const fake = await fakeNacos();
      const { client, connected } = clientFor([fake], { clock });
      await connected();
      refuseListening(fake);
      const seen: string[] = [];
      client.config.watchVersions(key, (observation) => seen.push(shown(observation)));
      await until('told', () => fake.count('ConfigBatchListenRequest') === 1);
      const later = { ...key, dataId: 'later' };
      client.config.watchVersions(later, (observation) => seen.push(shown(observation)), { expectedMd5: absentMd5 });
      await until('read', () => seen.length === 2);
      assert.equal(fake.count('ConfigBatchListenRequest'), 1);
    });
  });

  it('is in a batch of its namespace, since the server asks for the right to read by the first key alone', async () => {
    const fake = await fakeNacos();
    const { client, connected } = clientFor([fake]);
    await connected();
    let seen = 0;
    for (const [index, namespaceId] of ['', 'team', '', 'team'].entries()) {
      const address = { ...key, namespaceId, dataId: `d${index}` };
      client.config.watchVersions(address, () => (seen += 1), { expectedMd5: absentMd5 });
    }
    await until('confirmed', () => seen === 4);
    const tenants = fake.received
      .filter(({ type }) => type === 'ConfigBatchListenRequest')
      .map(({ body }) => (body['configListenContexts'] as { tenant: string }[]).map(({ tenant }) => tenant));
    assert.deepEqual(
      tenants.map((batch) => new Set(batch).size),
      [1, 1],
    );
  });
});
