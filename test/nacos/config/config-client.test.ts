import assert from 'node:assert/strict';
import { md5Of } from '../../../operator/nacos/config/config-snapshot.ts';
import { FakeClock } from '../../fake-clock.ts';
import { clientFor, nacosServer, stopAll, wireServer } from '../client-for.ts';
import { heldConfig, isCode, key, plain, reads, servedConfig, shown } from './config-samples.ts';
import { until } from '../until.ts';

describe('the config client', () => {
  afterEach(stopAll);

  describe('publishing', () => {
    const contents: [string, string][] = [
      ['characters beyond the BMP', 'a: 😀 𝕏 ü'],
      ['CRLF, trailing blanks and no final newline', 'a: 1\r\nb: 2  \r\n\t '],
      ['a byte order mark and quotes', '\uFEFF"\\\u0000'],
      ['900 KB', 'ü😀'.repeat(150_000)],
      ['9 MiB', 'y'.repeat(9 * 1024 * 1024)],
    ];
    for (const [what, content] of contents) {
      it(`keeps ${what} byte for byte`, async () => {
        const { client } = clientFor([await nacosServer()]);
        const { md5 } = await client.config.publish(key, content, plain);
        const stored = await client.config.readStored(key);
        assert.ok(stored?.content === content && stored.md5 === md5);
        const found = await client.config.query(key);
        assert.ok(found?.content === content && found.md5 === md5);
      });
    }

    it('sends type, tags and description as Nacos names them, and of what is empty only a list of tags', async () => {
      const server = await wireServer();
      const { client } = clientFor([server]);
      const options = {
        type: 'yaml',
        tags: ['a', 'b'],
        description: 'what',
        appName: 'app',
        srcUser: 'me',
        cas: 'none',
      } as const;
      await client.config.publish({ ...key, namespaceId: 'public' }, 'x', options);
      await client.config.publish(key, 'x', plain);
      await client.config.publish(key, 'x', { ...plain, tags: [] });
      const [first, second, third] = server.bodies('ConfigPublishRequest');
      assert.equal(first?.['tenant'], '');
      const additions = { type: 'yaml', appName: 'app', src_user: 'me', config_tags: 'a,b', desc: 'what' };
      assert.deepEqual(first?.['additionMap'], additions);
      assert.deepEqual(second?.['additionMap'], { type: 'text' });
      assert.deepEqual(third?.['additionMap'], { type: 'text', config_tags: '' });
    });

    it('creates only what is absent, and updates only what it has seen', async () => {
      const { client } = clientFor([await nacosServer()]);
      const first = await client.config.publish(key, 'one', { ...plain, cas: 'create-only' });
      assert.equal(first.md5, md5Of('one'));
      await assert.rejects(
        client.config.publish(key, 'two', { ...plain, cas: 'create-only' }),
        isCode('NACOS_CAS_FAILED'),
      );
      await client.config.publish(key, 'two', { ...plain, cas: first });
      await assert.rejects(client.config.publish(key, 'three', { ...plain, cas: first }), isCode('NACOS_CAS_FAILED'));
      assert.equal((await client.config.readStored(key))?.content, 'two');
    });

    for (const [what, content, rule] of [
      ['blank', ' \n', /must not be blank/],
      ['larger than a message', 'z'.repeat(11 * 1024 * 1024), /must take at most \d+ bytes/],
      ['half a surrogate pair', 'a\uD800', /valid Unicode/],
    ] as const) {
      it(`sends nothing that is ${what}`, async () => {
        const nacos = await nacosServer();
        const { client } = clientFor([nacos]);
        await assert.rejects(client.config.publish(key, content, plain), isCode('INVALID_CONTENT', rule));
        assert.equal(nacos.count('ConfigPublishRequest'), 0);
      });
    }

    it('is never repeated when no answer comes', async () => {
      const clock = new FakeClock();
      const nacos = await nacosServer();
      const { client, connected } = clientFor([nacos], { clock });
      await connected();
      nacos.fails('silence', 'ConfigPublishRequest');
      let failure: unknown;
      client.config.publish(key, 'x', plain).catch((error: unknown) => (failure = error));
      await until('sent', () => nacos.count('ConfigPublishRequest') === 1);
      const isOver = (): boolean => failure !== undefined;
      await until('given up', isOver, () => clock.advance(1_000));
      assert.ok(isCode('TIMEOUT', /publish of g\/d: no answer within 20000 ms/)(failure));
      assert.equal(nacos.count('ConfigPublishRequest'), 1);
    });

    it('says that nothing was sent when the time is over before its turn', async () => {
      const clock = new FakeClock();
      const nacos = await nacosServer();
      const { client, connected } = clientFor([nacos], { clock, maxConcurrentRequests: 1 });
      await connected();
      nacos.fails('silence', 'ConfigQueryRequest');
      client.config.query(key).catch(() => {});
      await until('sent', () => nacos.count('ConfigQueryRequest') === 1);
      let failure: unknown;
      client.config.publish(key, 'x', plain).catch((error: unknown) => (failure = error));
      await until(
        'given up',
        () => failure !== undefined,
        () => clock.advance(1_000),
      );
      assert.ok(isCode('CONNECTION_NOT_READY', /publish of g\/d: not sent within 20000 ms/)(failure));
      assert.equal(nacos.count('ConfigPublishRequest'), 0);
    });

    it('fails when the connection goes while it waits', async () => {
      const nacos = await nacosServer();
      const { client, connected } = clientFor([nacos]);
      await connected();
      nacos.fails('silence', 'ConfigPublishRequest');
      const publish = client.config.publish(key, 'x', plain);
      const outcome = assert.rejects(publish, isCode('NACOS_UNREACHABLE'));
      await until('sent', () => nacos.count('ConfigPublishRequest') === 1);
      await nacos.stopServing();
      await outcome;
    });
  });

  describe('a config of which we are shown the beta version', () => {
    const query = 'ConfigQueryRequest';

    async function withBeta(content: string) {
      const { author, nacos } = await servedConfig('formal');
      const end = nacos.faults.add({ on: query, fault: { kind: 'beta', content } });
      const test = clientFor([nacos]);
      await test.connected();
      return { author, end, nacos, ...test };
    }

    it('is what the database holds', async () => {
      const { author, client } = await withBeta('beta');
      assert.equal((await client.config.query(key))?.content, 'beta');
      assert.equal((await client.config.read(key))?.content, 'formal');
      const seen: string[] = [];
      client.config.watch(key, (observation) => seen.push(shown(observation)));
      await until('read', () => seen.length === 1);
      await author.publish('changed');
      await until('changed', () => seen.length === 2);
      assert.deepEqual(seen, ['formal', 'changed']);
    });

    it('is published by compare-and-swap with the formal version, and our own write is never undone by the beta', async () => {
      const { client, nacos } = await withBeta('beta');
      const seen: string[] = [];
      client.config.watch(key, (observation) => seen.push(shown(observation)));
      await until('read', () => seen.length === 1);
      const md5 = (await client.config.read(key))?.md5 ?? '';
      await client.config.publish(key, 'ours', { ...plain, cas: { md5 } });
      assert.equal((await client.config.read(key))?.content, 'ours');
      assert.equal(await client.config.isUntouched(key), false);
      await until('read again', () => nacos.count(query) > 4);
      assert.deepEqual(seen, ['formal', 'ours']);
    });

    it('cannot be read where the database cannot be asked, and the beta is not taken for it', async () => {
      const { client, end, nacos } = await withBeta('beta');
      const answer = nacos.refuses('GET *', 403);
      await assert.rejects(client.config.read(key), isCode('NACOS_FAILED', /gray version.*admin API/));
      end();
      answer();
      assert.equal((await client.config.read(key))?.content, 'formal');
    });
  });

  describe('querying', () => {
    it('tells an absent config from a failure', async () => {
      const nacos = await nacosServer();
      const { client } = clientFor([nacos]);
      assert.equal(await client.config.query(key), undefined);
      nacos.refuses('ConfigQueryRequest', 300);
      await assert.rejects(
        client.config.query(key),
        isCode('CONNECTION_NOT_READY', /query of g\/d: Nacos answered 300/),
      );
    });

    it('takes a blank answer for an error', async () => {
      const server = await wireServer();
      server.answer('ConfigQueryRequest', 'ConfigQueryResponse', { resultCode: 200, content: '' });
      const { client } = clientFor([server]);
      await assert.rejects(client.config.query(key), isCode('NACOS_FAILED', /blank content/));
    });

    it('takes an answer of another type for an error', async () => {
      const server = await wireServer();
      server.answer('ConfigQueryRequest', 'HealthCheckResponse', { resultCode: 200 });
      const { client } = clientFor([server]);
      await assert.rejects(client.config.query(key), isCode('NACOS_FAILED', /unexpected HealthCheckResponse/));
    });

    it('reads again when content and md5 do not match', async () => {
      const server = await wireServer();
      const answer = (content: string): object => ({ resultCode: 200, content, md5: md5Of('new') });
      const answers = [answer('old'), answer('new')];
      server.answer('ConfigQueryRequest', 'ConfigQueryResponse', () => ({ ...answers.shift() }));
      const { client } = clientFor([server]);
      assert.equal((await client.config.query(key))?.content, 'new');
      assert.equal(server.count('ConfigQueryRequest'), 2);
    });

    it('reads again for as long as a large config takes to be written into the cache', async () => {
      const server = await wireServer();
      const busy = { resultCode: 500, errorCode: 400, message: 'requested file is being modified, please try later.' };
      const answers: object[] = Array.from({ length: 6 }, () => busy);
      const there = { resultCode: 200, content: 'new', md5: md5Of('new') };
      server.answer('ConfigQueryRequest', 'ConfigQueryResponse', () => ({ ...(answers.shift() ?? there) }));
      const { client } = clientFor([server]);
      assert.equal((await client.config.query(key))?.content, 'new');
      assert.equal(server.count('ConfigQueryRequest'), 7);
    });

    it('ends at once when it is given up', async () => {
      const nacos = await nacosServer();
      const { client, connected } = clientFor([nacos]);
      await connected();
      nacos.fails('silence', 'ConfigQueryRequest');
      const giving = new AbortController();
      const outcome = assert.rejects(client.config.query(key, giving.signal), isCode('ABORTED'));
      await until('sent', () => reads(nacos) === 1);
      giving.abort();
      await outcome;
    });
  });

  describe('reading after its own write', () => {
    it('asks the database when the cache is behind', async () => {
      const { nacos } = await heldConfig('old');
      const { client } = clientFor([nacos]);
      await client.config.publish(key, 'new', { ...plain, cas: { md5: md5Of('old') } });
      assert.equal((await client.config.query(key))?.content, 'old');
      assert.equal((await client.config.read(key))?.content, 'new');
      await client.config.remove(key);
      assert.equal((await client.config.query(key))?.content, 'old');
      assert.equal(await client.config.read(key), undefined);
    });

    it("sees another's later write through the database", async () => {
      const { author, nacos } = await heldConfig();
      const { client } = clientFor([nacos]);
      await client.config.publish(key, 'ours', { ...plain, cas: 'create-only' });
      await author.publish('theirs');
      assert.equal((await client.config.read(key))?.content, 'theirs');
    });

    const adminRead = 'GET /v3/admin/cs/config';

    it('waits for the cache when the admin API is not there', async () => {
      const clock = new FakeClock();
      const { dump, nacos } = await heldConfig('old');
      nacos.refuses(adminRead, 404);
      const { client, connected } = clientFor([nacos], { clock });
      await connected();
      await client.config.publish(key, 'new', { ...plain, cas: { md5: md5Of('old') } });
      let found: string | undefined;
      void client.config.read(key).then((snapshot) => (found = snapshot?.content));
      const passTime = (): Promise<void> => clock.advance(10);
      await until('three reads', () => reads(nacos) >= 3, passTime);
      assert.equal(found, undefined);
      await dump();
      await until('believed', () => found !== undefined, passTime);
      assert.equal(found, 'new');
    });

    it('believes the cache 10 s after the write', async () => {
      const clock = new FakeClock();
      const { author, nacos } = await servedConfig();
      nacos.refuses(adminRead, 404);
      const { client, connected } = clientFor([nacos], { clock });
      await connected();
      await client.config.publish(key, 'ours', plain);
      await author.publish('theirs');
      let found: string | undefined;
      void client.config.read(key).then((snapshot) => (found = snapshot?.content));
      await until(
        'believed',
        () => found !== undefined,
        () => clock.advance(50),
      );
      assert.equal(found, 'theirs');
      assert.ok(clock.monotonic() >= 10_000);
    });
  });

  describe('the admin API', () => {
    for (const generation of ['3.1', '2.3'] as const) {
      it(`reads the database of a server of ${generation}`, async () => {
        const nacos = await nacosServer({
          generation,
          auth: { password: 'p' },
          clock: new FakeClock(),
          dumpDelayMs: 80,
        });
        const { client } = clientFor([nacos], { credentials: { username: 'nacos', password: 'p' } });
        const told = { type: 'yaml', tags: ['a', 'b'], description: 'what', appName: 'app', srcUser: 'me' };
        await client.config.publish(key, 'new', { ...told, cas: 'none' });
        assert.equal(await client.config.query(key), undefined);
        const { lastModifiedMs, ...detail } = (await client.admin.getConfig(key)) ?? { lastModifiedMs: 0 };
        assert.deepEqual(detail, { content: 'new', md5: md5Of('new'), ...told, srcIp: '127.0.0.1' });
        assert.ok(lastModifiedMs > 0);
        assert.equal(await client.admin.getConfig({ ...key, dataId: 'absent' }), undefined);
      });
    }
  });
});
