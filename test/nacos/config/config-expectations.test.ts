import assert from 'node:assert/strict';
import { absentMd5, md5Of } from '../../../operator/nacos/config/config-snapshot.ts';
import { FakeClock } from '../../fake-clock.ts';
import { clientFor, nacosServer, stopAll, wireServer } from '../client-for.ts';
import {
  heldConfig,
  key,
  listening,
  listens,
  plain,
  reads,
  servedConfig,
  shown,
  shownByMd5,
} from './config-samples.ts';
import { until } from '../until.ts';

const listen = 'ConfigBatchListenRequest';

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
  for (const { title, held, expectedMd5, heard, reads: expectedReads } of cases) {
    it(title, async () => {
      const { author, nacos } = await servedConfig(held);
      const { client } = clientFor([nacos]);
      const seen: string[] = [];
      const watch = client.config.watchVersions(key, (observation) => seen.push(shown(observation)), { expectedMd5 });
      assert.equal(watch.current, undefined, 'not before the server has said so');
      await until('heard', () => seen.length === 1);
      assert.deepEqual([seen, watch.current && shown(watch.current)], [[heard], heard]);
      assert.equal(reads(nacos), expectedReads);
      await author.publish('next');
      await until('next', () => seen.length === 2);
      assert.deepEqual(seen, [heard, 'next']);
    });
  }

  it('tells a thousand in one batch and reads those that differ', async () => {
    const { author, nacos } = await servedConfig();
    const at = (index: number) => ({ ...key, dataId: `d${index}` });
    for (const index of [0, 500]) await author.publish('other', at(index));
    const { client, connected } = clientFor([nacos]);
    await connected();
    const seen: string[] = [];
    for (let index = 0; index < 1_000; index += 1) {
      client.config.watchVersions(at(index), (observation) => seen.push(shown(observation)), {
        expectedMd5: absentMd5,
      });
    }
    await until('all', () => seen.length === 1_000);
    assert.equal(seen.filter((content) => content === 'other').length, 2);
    assert.deepEqual([listens(nacos), reads(nacos)], [1, 2]);
  });

  it('is told again after a reconnect that came before the answer', async () => {
    const { nacos } = await servedConfig('one');
    const { client, connected } = clientFor([nacos]);
    await connected();
    const speak = nacos.fails('silence', listen);
    const seen: string[] = [];
    const expectedMd5 = md5Of('one');
    client.config.watchVersions(key, (observation) => seen.push(shown(observation)), { expectedMd5 });
    await listening(nacos);
    speak();
    await nacos.resetConnections();
    await until('confirmed', () => seen.length === 1);
    assert.deepEqual([seen, reads(nacos)], [[shownByMd5('one')], 0]);
  });

  it('hears one change when it comes before the answer', async () => {
    const { author, nacos } = await servedConfig('one');
    const { client, connected } = clientFor([nacos]);
    await connected();
    nacos.fails('unanswered', listen);
    const seen: string[] = [];
    const expectedMd5 = md5Of('one');
    client.config.watchVersions(key, (observation) => seen.push(shown(observation)), { expectedMd5 });
    await listening(nacos);
    await author.publish('two');
    await until('read', () => seen.length === 1);
    assert.deepEqual(seen, ['two']);
  });

  it('never goes back behind its own write', async () => {
    const { nacos } = await heldConfig('old');
    const { client, connected } = clientFor([nacos]);
    await connected();
    await client.config.publish(key, 'new', plain);
    const seen: string[] = [];
    // The cache still has the old content, and would confirm it.
    const expectedMd5 = md5Of('old');
    client.config.watchVersions(key, (observation) => seen.push(shown(observation)), { expectedMd5 });
    await until('read', () => seen.length === 1);
    assert.deepEqual(seen, ['new']);
  });

  it('is overtaken by a write of our own that comes before the answer', async () => {
    const { nacos } = await servedConfig('old');
    const { client, connected } = clientFor([nacos]);
    await connected();
    const speak = nacos.fails('silence', listen);
    const seen: string[] = [];
    const expectedMd5 = md5Of('old');
    client.config.watchVersions(key, (observation) => seen.push(shown(observation)), { expectedMd5 });
    await listening(nacos);
    await client.config.publish(key, 'new', plain);
    speak();
    await nacos.resetConnections();
    await listening(nacos, 2);
    assert.deepEqual(seen, ['new']);
  });

  describe('when listening is refused, as by a server whose user may not read the namespace', () => {
    it('reads each key, which gets an answer of its own', async () => {
      const { nacos } = await servedConfig('one');
      const { client, connected } = clientFor([nacos]);
      await connected();
      nacos.refuses(listen, 403);
      const seen: string[] = [];
      client.config.watchVersions(key, (observation) => seen.push(shown(observation)), { expectedMd5: absentMd5 });
      await until('read', () => seen.length === 1);
      assert.deepEqual(seen, ['one']);
    });

    it('says of each key why it cannot be read', async () => {
      const nacos = await nacosServer();
      const { client, connected } = clientFor([nacos]);
      await connected();
      nacos.refuses(listen, 403);
      nacos.refuses('ConfigQueryRequest', 403);
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
      const nacos = await nacosServer();
      const { client, connected } = clientFor([nacos], { clock });
      await connected();
      nacos.refuses(listen, 403);
      const seen: string[] = [];
      client.config.watchVersions(key, (observation) => seen.push(shown(observation)));
      await listening(nacos);
      const later = { ...key, dataId: 'later' };
      client.config.watchVersions(later, (observation) => seen.push(shown(observation)), { expectedMd5: absentMd5 });
      await until('read', () => seen.length === 2);
      assert.equal(listens(nacos), 1);
    });
  });

  it('is in a batch of its namespace, since the server asks for the right to read by the first key alone', async () => {
    const server = await wireServer();
    const { client, connected } = clientFor([server]);
    await connected();
    let seen = 0;
    for (const [index, namespaceId] of ['', 'team', '', 'team'].entries()) {
      const address = { ...key, namespaceId, dataId: `d${index}` };
      client.config.watchVersions(address, () => (seen += 1), { expectedMd5: absentMd5 });
    }
    await until('confirmed', () => seen === 4);
    const tenants = server
      .bodies(listen)
      .map((body) => (body['configListenContexts'] as { tenant: string }[]).map(({ tenant }) => tenant));
    assert.deepEqual(
      tenants.map((batch) => new Set(batch).size),
      [1, 1],
    );
  });
});
