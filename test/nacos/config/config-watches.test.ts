import assert from 'node:assert/strict';
import { absentMd5, md5Of } from '../../../operator/nacos/config/config-snapshot.ts';
import { FakeClock } from '../../fake-clock.ts';
import { clientFor, nacosServer, stopAll, wireServer } from '../client-for.ts';
import { authorOf, heldConfig, key, listening, listens, plain, reads, servedConfig, shown } from './config-samples.ts';
import type { ObservedNacos, TestClient } from '../client-for.ts';
import { until } from '../until.ts';

const hint = 'ConfigChangeNotifyRequest';

/** A watch of contents that has begun, and all that it hears. */
async function watching(nacos: ObservedNacos, options: Parameters<typeof clientFor>[1] = {}) {
  const test: TestClient = clientFor([nacos], options);
  const seen: string[] = [];
  const watch = test.client.config.watch(key, (observation) => seen.push(shown(observation)));
  await listening(nacos);
  return { ...test, seen, watch };
}

describe('the config client', () => {
  afterEach(stopAll);

  describe('watching', () => {
    it('delivers what is there, then each change once', async () => {
      const { author, nacos } = await servedConfig('one');
      const { client, connected } = clientFor([nacos]);
      await connected();
      const seen: string[] = [];
      const watch = client.config.watch(key, (observation) => seen.push(shown(observation)));
      assert.equal(watch.current, undefined);
      await listening(nacos);
      await author.publish('two');
      await until('second', () => seen.length === 2);
      await author.remove();
      await until('third', () => seen.length === 3);
      await author.publish('two');
      await until('fourth', () => seen.length === 4);
      assert.deepEqual(seen, ['one', 'two', '(absent)', 'two']);
      assert.equal(watch.current && shown(watch.current), 'two');
    });

    it('says that a config is absent', async () => {
      const { seen } = await watching(await nacosServer());
      assert.deepEqual(seen, ['(absent)']);
    });

    it('acknowledges a push before it reads', async () => {
      const server = await wireServer();
      let content = 'old';
      const md5 = (): string => md5Of(content);
      server.answer('ConfigQueryRequest', 'ConfigQueryResponse', () => ({ resultCode: 200, content, md5: md5() }));
      const seen: string[] = [];
      clientFor([server]).client.config.watch(key, (observation) => seen.push(shown(observation)));
      await until('listening', () => server.count('ConfigBatchListenRequest') === 1);
      server.received.length = 0;
      content = 'new';
      server.push(hint, { group: 'g', dataId: 'd' });
      await until('read', () => seen.includes('new'));
      assert.deepEqual(
        server.received.slice(0, 2).map(({ type }) => type),
        ['stream:ConfigChangeNotifyResponse', 'ConfigQueryRequest'],
      );
    });

    it('delivers its own writes at once, and not again when the server tells of them', async () => {
      const { dump, nacos } = await heldConfig('old');
      const { client, seen } = await watching(nacos);
      await client.config.publish(key, 'new', { ...plain, cas: { md5: md5Of('old') } });
      assert.deepEqual(seen, ['old', 'new']);
      await dump();
      await until('told', () => listens(nacos) >= 2);
      await client.config.remove(key);
      await dump();
      await until('told again', () => listens(nacos) >= 3);
      assert.deepEqual(seen, ['old', 'new', '(absent)']);
    });

    it('does not go back behind its own write for a hint that comes before the server can show it', async () => {
      const clock = new FakeClock();
      const nacos = await nacosServer({ clock, dumpDelayMs: 5_000 });
      const author = await authorOf(nacos);
      const { client, seen } = await watching(nacos);
      nacos.faults.add({ on: hint, fault: { kind: 'slow', delayMs: 1_000 }, times: 1 });
      await author.publish('theirs');
      await clock.advance(5_000);
      await client.config.publish(key, 'ours', plain);
      // The hint is of what the cache has by now, which is older than our write.
      await clock.advance(1_000);
      await until('read', () => reads(nacos) >= 2);
      await clock.advance(4_000);
      await until('hinted', () => nacos.count(hint) === 2);
      await until('told', () => listens(nacos) >= 3);
      assert.deepEqual(seen, ['(absent)', 'ours']);
    });

    it('lets the server compare its own write instead of reading it again', async () => {
      const { author, dump, nacos } = await heldConfig('old');
      const { client } = await watching(nacos);
      await client.config.publish(key, 'new', { ...plain, cas: { md5: md5Of('old') } });
      await dump();
      await until('told', () => listens(nacos) === 2);
      assert.equal(reads(nacos), 1);
      await author.publish('theirs');
      await dump();
      await until('read', () => reads(nacos) === 2);
    });

    it('reads what another wrote right after its own write, though the server tells of both at once', async () => {
      const { author, dump, nacos } = await heldConfig('old');
      const { client, seen } = await watching(nacos);
      await client.config.publish(key, 'new', { ...plain, cas: { md5: md5Of('old') } });
      await author.publish('theirs');
      await dump();
      await until('read', () => seen.length === 3);
      assert.deepEqual(seen, ['old', 'new', 'theirs']);
    });

    it('reads what another wrote after it has written what was there already', async () => {
      const { author, nacos } = await servedConfig('same');
      const { client, seen } = await watching(nacos);
      await client.config.publish(key, 'same', { ...plain, tags: ['new'] });
      await author.publish('theirs');
      await until('read', () => seen.length === 2);
      assert.deepEqual(seen, ['same', 'theirs']);
    });

    it('drops a read that one of its own writes has overtaken', async () => {
      const { nacos } = await servedConfig('old');
      const { client, connected } = clientFor([nacos]);
      await connected();
      const speak = nacos.fails('silence', 'ConfigQueryRequest');
      const seen: string[] = [];
      client.config.watch(key, (observation) => seen.push(shown(observation)));
      await until('reading', () => reads(nacos) === 1);
      await client.config.publish(key, 'new', plain);
      speak();
      await nacos.resetConnections();
      await listening(nacos);
      assert.deepEqual(seen, ['new']);
    });

    it('finds out after a reconnect what changed meanwhile', async () => {
      const { author, nacos } = await servedConfig('one');
      const { seen } = await watching(nacos);
      const speak = nacos.fails('silence', hint);
      await author.publish('two');
      speak();
      await nacos.resetConnections();
      await until('second', () => seen.length === 2);
      await listening(nacos, 3);
      await author.publish('three');
      await until('third', () => seen.length === 3);
      assert.deepEqual(seen, ['one', 'two', 'three']);
    });

    it('finds a change whose push was lost within 3 minutes', async () => {
      const clock = new FakeClock();
      const { author, nacos } = await servedConfig();
      const { seen } = await watching(nacos, { clock });
      nacos.fails('silence', hint);
      await author.publish('new');
      const sinceMs = clock.monotonic();
      await until(
        'found',
        () => seen.includes('new'),
        () => clock.advance(1_000),
      );
      assert.ok(clock.monotonic() - sinceMs <= 181_000);
    });

    it('listens to 1,200 configs in two batches, and reads one when one changes', async () => {
      const { author, nacos } = await servedConfig();
      const keys = Array.from({ length: 1_200 }, (_, index) => ({ ...key, dataId: `d${index}` }));
      const { client } = clientFor([nacos]);
      let seen = 0;
      // That there is nothing is expected, so nothing is read.
      for (const at of keys) client.config.watchVersions(at, () => (seen += 1), { expectedMd5: absentMd5 });
      await until('all', () => seen === 1_200);
      nacos.operations.length = 0;
      await nacos.resetConnections();
      await listening(nacos, 2);
      await author.publish('here', keys[7]);
      await until('changed', () => seen === 1_201);
      await until('told', () => listens(nacos) === 3);
      assert.equal(reads(nacos), 1);
    });

    it('shares one read among the watches of a key, and stops listening with the last', async () => {
      const { author, nacos } = await servedConfig('one');
      const { client, seen: first, watch } = await watching(nacos);
      const second: string[] = [];
      const other = client.config.watch({ ...key, namespaceId: 'public' }, (observation) =>
        second.push(shown(observation)),
      );
      assert.deepEqual(second, [], 'not from within the call');
      await until('second', () => second.length === 1);
      watch.stop();
      await author.publish('two');
      await until('two', () => second.length === 2);
      await listening(nacos, 2);
      other.stop();
      await listening(nacos, 3);
      const hints = nacos.count(hint);
      await author.publish('three');
      assert.deepEqual([first, second], [['one'], ['one', 'two']]);
      assert.deepEqual([reads(nacos), nacos.count(hint)], [2, hints]);
    });

    it('is not hurt by a listener that throws or rejects', async () => {
      const { author, nacos } = await servedConfig('one');
      const { client, logged, seen } = await watching(nacos);
      client.config.watch(key, () => assert.fail('thrown'));
      client.config.watch(key, () => Promise.reject(new Error('rejected')) as unknown as undefined);
      await author.publish('two');
      await until('second', () => seen.length === 2);
      for (const what of ['thrown', 'rejected']) assert.ok(logged.some((line) => line.includes(what)));
    });

    it('keeps trying a key that cannot be read, says why, and tells nothing meanwhile', async () => {
      const clock = new FakeClock();
      const { nacos } = await servedConfig('one');
      const serve = nacos.refuses('ConfigQueryRequest', 500);
      const { client, connected } = clientFor([nacos], { clock });
      await connected();
      const seen: string[] = [];
      const watch = client.config.watch(key, (observation) => seen.push(shown(observation)));
      const passTime = (): Promise<void> => clock.advance(50);
      await until('failed', () => watch.lastError !== undefined, passTime);
      assert.equal(watch.lastError?.code, 'NACOS_FAILED');
      serve();
      await until('read', () => seen.length === 1, passTime);
      assert.deepEqual([seen, watch.lastError], [['one'], undefined]);
    });
  });
});
