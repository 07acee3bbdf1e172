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

  describe('when listening fails for a reason that passes', () => {
    it('is told again and reads nothing', async () => {
      const { nacos } = await servedConfig('one');
      const { client, connected } = clientFor([nacos]);
      await connected();
      nacos.refuses(listen, 503, 2);
      let seen = 0;
      for (let index = 0; index < 50; index += 1) {
        const at = { ...key, dataId: `d${index}` };
        client.config.watchVersions(at, () => (seen += 1), { expectedMd5: absentMd5 });
      }
      await until('confirmed', () => seen === 50);
      assert.deepEqual([listens(nacos), reads(nacos)], [3, 0]);
    });

    it('reads each key when it fails again and again', async () => {
      const clock = new FakeClock();
      const { nacos } = await servedConfig('one');
      const { client, connected } = clientFor([nacos], { clock });
      await connected();
      nacos.refuses(listen, 503);
      const seen: string[] = [];
      client.config.watchVersions(key, (observation) => seen.push(shown(observation)), { expectedMd5: absentMd5 });
      await until(
        'read',
        () => seen.length === 1,
        () => clock.advance(100),
      );
      assert.deepEqual(seen, ['one']);
      assert.ok(listens(nacos) > 3);
    });
  });

  it('is not held up by another namespace that may not be read', async () => {
    // The clock stands still: the namespace that is refused never comes to an end of its pause.
    const server = await wireServer();
    const forbidden = { resultCode: 500, errorCode: 403, message: 'authorization failed!' };
    const tenantOf = (body: object): unknown =>
      (body as { configListenContexts: { tenant: string }[] }).configListenContexts[0]?.tenant;
    server.answer(listen, 'ConfigChangeBatchListenResponse', (body) =>
      tenantOf(body) === 'closed' ? forbidden : { resultCode: 200, changedConfigs: [] },
    );
    server.answer('ConfigQueryRequest', 'ConfigQueryResponse', forbidden);
    const { client, connected } = clientFor([server], { clock: new FakeClock() });
    await connected();
    const heard: string[] = [];
    const watch = (namespaceId: string) =>
      client.config.watchVersions({ ...key, namespaceId }, () => heard.push(namespaceId), { expectedMd5: absentMd5 });
    const closed = watch('closed');
    await until('refused', () => closed.lastError !== undefined);
    watch('open');
    await until('confirmed', () => heard.length === 1);
    assert.deepEqual(heard, ['open']);
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
