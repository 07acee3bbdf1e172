import assert from 'node:assert/strict';
import { md5Of } from '../../../operator/nacos/config/config-snapshot.ts';
import { FakeClock } from '../../fake-clock.ts';
import { clientFor, fakeNacos, stopAll } from '../client-for.ts';
import { id, isCode, key, plain } from './config-samples.ts';
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
        const fake = await fakeNacos();
        const { client } = clientFor([fake]);
        const { md5 } = await client.config.publish(key, content, plain);
        assert.equal(fake.database.get(id)?.content, content);
        const found = await client.config.query(key);
        assert.ok(found?.content === content && found.md5 === md5);
      });
    }

    it('sends type, tags and description as Nacos names them, and of what is empty only a list of tags', async () => {
      const fake = await fakeNacos();
      const { client } = clientFor([fake]);
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
      const [first, second, third] = fake.received.filter(({ type }) => type === 'ConfigPublishRequest');
      assert.equal(first?.body['tenant'], '');
      const additions = { type: 'yaml', appName: 'app', src_user: 'me', config_tags: 'a,b', desc: 'what' };
      assert.deepEqual(first?.body['additionMap'], additions);
      assert.deepEqual(second?.body['additionMap'], { type: 'text' });
      assert.deepEqual(third?.body['additionMap'], { type: 'text', config_tags: '' });
    });

    it('creates only what is absent, and updates only what it has seen', async () => {
      const fake = await fakeNacos();
      const { client } = clientFor([fake]);
      const first = await client.config.publish(key, 'one', { ...plain, cas: 'create-only' });
      assert.equal(first.md5, md5Of('one'));
      await assert.rejects(
        client.config.publish(key, 'two', { ...plain, cas: 'create-only' }),
        isCode('NACOS_CAS_FAILED'),
      );
      await client.config.publish(key, 'two', { ...plain, cas: first });
      await assert.rejects(client.config.publish(key, 'three', { ...plain, cas: first }), isCode('NACOS_CAS_FAILED'));
      assert.equal(fake.database.get(id)?.content, 'two');
    });

    for (const [what, content, rule] of [
      ['blank', ' \n', /must not be blank/],
      ['larger than a message', 'z'.repeat(11 * 1024 * 1024), /must take at most \d+ bytes/],
      ['half a surrogate pair', 'a\uD800', /valid Unicode/],
    ] as const) {
      it(`sends nothing that is ${what}`, async () => {
        const fake = await fakeNacos();
        const { client } = clientFor([fake]);
        await assert.rejects(client.config.publish(key, content, plain), isCode('INVALID_CONTENT', rule));
        assert.equal(fake.count('ConfigPublishRequest'), 0);
      });
    }

    it('is never repeated when no answer comes', async () => {
      const fake = await fakeNacos();
      const { client, connected } = clientFor([fake], { requestTimeoutMs: 100 });
      await connected();
      fake.faults.silentTypes.add('ConfigPublishRequest');
      await assert.rejects(
        client.config.publish(key, 'x', plain),
        isCode('TIMEOUT', /publish of g\/d: no answer within 100 ms/),
      );
      assert.equal(fake.count('ConfigPublishRequest'), 1);
    });

    it('fails when the connection goes while it waits', async () => {
      const fake = await fakeNacos();
      const { client, connected } = clientFor([fake]);
      await connected();
      fake.faults.silentTypes.add('ConfigPublishRequest');
      const publish = client.config.publish(key, 'x', plain);
      const outcome = assert.rejects(publish, isCode('NACOS_UNREACHABLE'));
      await until('sent', () => fake.count('ConfigPublishRequest') === 1);
      fake.stopGrpc();
      await outcome;
    });
  });

  describe('querying', () => {
    it('tells an absent config from a failure', async () => {
      const fake = await fakeNacos();
      const { client } = clientFor([fake]);
      assert.equal(await client.config.query(key), undefined);
      const error = { type: 'ErrorResponse', body: { resultCode: 500, errorCode: 300, message: 'Server is starting' } };
      fake.faults.answers.set('ConfigQueryRequest', error);
      await assert.rejects(
        client.config.query(key),
        isCode('CONNECTION_NOT_READY', /query of g\/d: Nacos answered 300/),
      );
    });

    it('takes a blank answer for an error', async () => {
      const fake = await fakeNacos();
      const { client } = clientFor([fake]);
      fake.faults.answers.set('ConfigQueryRequest', {
        type: 'ConfigQueryResponse',
        body: { resultCode: 200, content: '' },
      });
      await assert.rejects(client.config.query(key), isCode('NACOS_FAILED', /blank content/));
    });

    it('reads again when content and md5 do not match', async () => {
      const fake = await fakeNacos();
      const { client } = clientFor([fake]);
      const torn = { resultCode: 200, content: 'old', md5: md5Of('new') };
      fake.faults.answers.set('ConfigQueryRequest', { type: 'ConfigQueryResponse', body: torn });
      fake.publish(id, 'new');
      const query = client.config.query(key);
      await until('asked', () => fake.count('ConfigQueryRequest') === 1);
      fake.faults.answers.clear();
      assert.equal((await query)?.content, 'new');
    });

    it('ends at once when it is given up', async () => {
      const fake = await fakeNacos();
      const { client, connected } = clientFor([fake]);
      await connected();
      fake.faults.silentTypes.add('ConfigQueryRequest');
      const giving = new AbortController();
      const outcome = assert.rejects(client.config.query(key, giving.signal), isCode('ABORTED'));
      await until('sent', () => fake.count('ConfigQueryRequest') === 1);
      giving.abort();
      await outcome;
    });
  });

  describe('reading after its own write', () => {
    it('asks the database when the cache is behind', async () => {
      const fake = await fakeNacos();
      fake.publish(id, 'old');
      const { client } = clientFor([fake]);
      fake.faults.holdDumps = true;
      await client.config.publish(key, 'new', { ...plain, cas: { md5: md5Of('old') } });
      assert.equal((await client.config.query(key))?.content, 'old');
      assert.equal((await client.config.read(key))?.content, 'new');
      await client.config.remove(key);
      assert.equal((await client.config.query(key))?.content, 'old');
      assert.equal(await client.config.read(key), undefined);
    });

    it("sees another's later write through the database", async () => {
      const fake = await fakeNacos();
      const { client } = clientFor([fake]);
      fake.faults.holdDumps = true;
      await client.config.publish(key, 'ours', { ...plain, cas: 'create-only' });
      fake.publish(id, 'theirs');
      assert.equal((await client.config.read(key))?.content, 'theirs');
    });

    it('waits for the cache when the admin API is not there', async () => {
      const clock = new FakeClock();
      const fake = await fakeNacos();
      fake.faults.adminApi = false;
      fake.publish(id, 'old');
      const { client, connected } = clientFor([fake], { clock });
      await connected();
      fake.faults.holdDumps = true;
      await client.config.publish(key, 'new', { ...plain, cas: { md5: md5Of('old') } });
      let found: string | undefined;
      void client.config.read(key).then((snapshot) => (found = snapshot?.content));
      await until(
        'three reads',
        () => fake.count('ConfigQueryRequest') >= 3,
        () => clock.advance(10),
      );
      assert.equal(found, undefined);
      fake.dump();
      await until(
        'believed',
        () => found !== undefined,
        () => clock.advance(10),
      );
      assert.equal(found, 'new');
    });

    it('believes the cache 10 s after the write', async () => {
      const clock = new FakeClock();
      const fake = await fakeNacos();
      fake.faults.adminApi = false;
      const { client, connected } = clientFor([fake], { clock });
      await connected();
      await client.config.publish(key, 'ours', plain);
      fake.publish(id, 'theirs');
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
    for (const generation of [3, 2] as const) {
      it(`reads the database of a server of generation ${generation}`, async () => {
        const fake = await fakeNacos({ generation, password: 'p' });
        const { client } = clientFor([fake], { credentials: { username: 'nacos', password: 'p' } });
        fake.faults.holdDumps = true;
        await client.config.publish(key, 'new', { ...plain, type: 'yaml', tags: ['a', 'b'] });
        const { lastModifiedMs, ...detail } = (await client.admin.getConfig(key)) ?? { lastModifiedMs: 0 };
        assert.deepEqual(detail, {
          content: 'new',
          md5: md5Of('new'),
          type: 'yaml',
          tags: ['a', 'b'],
          description: '',
          appName: '',
          srcUser: 'someone',
          srcIp: '::1',
        });
        assert.ok(lastModifiedMs > 0);
        assert.equal(await client.admin.getConfig({ ...key, dataId: 'absent' }), undefined);
        assert.equal((await client.admin.serverState()).adminApi, generation === 3 ? 'v3' : 'v1');
      });
    }
  });
});
