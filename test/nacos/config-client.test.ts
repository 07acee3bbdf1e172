import assert from 'node:assert/strict';
import { isBridgeError } from '../../operator/errors.ts';
import type { ErrorCode } from '../../operator/errors.ts';
import { md5Of } from '../../operator/nacos/config-snapshot.ts';
import type { ConfigObservation } from '../../operator/nacos/config-snapshot.ts';
import { FakeClock } from '../fake-clock.ts';
import { clientFor, fakeNacos, stopAll } from './client-for.ts';
import { until } from './until.ts';

const key = { namespaceId: '', group: 'g', dataId: 'd' };
const id = ' g d';
const plain = { type: 'text', tags: [], cas: 'none' } as const;

function isCode(code: ErrorCode, message = /./): (error: unknown) => boolean {
  return (error) => isBridgeError(error, code) && message.test(error.message);
}

function shown(observation: ConfigObservation): string {
  return observation.kind === 'present' ? observation.snapshot.content : '(absent)';
}

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

    it('sends type, tags and description as Nacos names them, and nothing that is empty', async () => {
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
      const [first, second] = fake.received.filter(({ type }) => type === 'ConfigPublishRequest');
      assert.equal(first?.body['tenant'], '');
      const additions = { type: 'yaml', appName: 'app', src_user: 'me', config_tags: 'a,b', desc: 'what' };
      assert.deepEqual(first?.body['additionMap'], additions);
      assert.deepEqual(second?.body['additionMap'], { type: 'text' });
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

  describe('watching', () => {
    it('delivers what is there, then each change once', async () => {
      const fake = await fakeNacos();
      fake.publish(id, 'one');
      const { client } = clientFor([fake]);
      const seen: string[] = [];
      const watch = client.config.watch(key, (observation) => seen.push(shown(observation)));
      assert.equal(watch.current, undefined);
      await until('first', () => seen.length === 1);
      await until('listening', () => fake.count('ConfigBatchListenRequest') === 1);
      fake.publish(id, 'two');
      await until('second', () => seen.length === 2);
      fake.remove(id);
      await until('third', () => seen.length === 3);
      fake.publish(id, 'two');
      await until('fourth', () => seen.length === 4);
      assert.deepEqual(seen, ['one', 'two', '(absent)', 'two']);
      assert.equal(watch.current && shown(watch.current), 'two');
    });

    it('says that a config is absent', async () => {
      const { client } = clientFor([await fakeNacos()]);
      const seen: string[] = [];
      client.config.watch(key, (observation) => seen.push(shown(observation)));
      await until('first', () => seen.length === 1);
      assert.deepEqual(seen, ['(absent)']);
    });

    it('acknowledges a push before it reads', async () => {
      const fake = await fakeNacos();
      const { client } = clientFor([fake]);
      const seen: string[] = [];
      client.config.watch(key, (observation) => seen.push(shown(observation)));
      await until('listening', () => fake.count('ConfigBatchListenRequest') === 1);
      fake.received.length = 0;
      fake.publish(id, 'new');
      await until('read', () => seen.includes('new'));
      assert.deepEqual(
        fake.received.slice(0, 2).map(({ type }) => type),
        ['stream:ConfigChangeNotifyResponse', 'ConfigQueryRequest'],
      );
    });

    it('delivers its own writes at once, and not again when the server tells of them', async () => {
      const fake = await fakeNacos();
      fake.publish(id, 'old');
      const { client } = clientFor([fake]);
      const seen: string[] = [];
      client.config.watch(key, (observation) => seen.push(shown(observation)));
      await until('listening', () => fake.count('ConfigBatchListenRequest') === 1);
      fake.faults.holdDumps = true;
      await client.config.publish(key, 'new', { ...plain, cas: { md5: md5Of('old') } });
      assert.deepEqual(seen, ['old', 'new']);
      // A hint that comes too early: the cache still has the old content.
      fake.push('ConfigChangeNotifyRequest', { group: 'g', dataId: 'd', tenant: null });
      await until('read', () => fake.count('ConfigQueryRequest') >= 2);
      fake.dump();
      await until('told', () => fake.count('ConfigBatchListenRequest') >= 2);
      await client.config.remove(key);
      fake.dump();
      await until('told again', () => fake.count('ConfigBatchListenRequest') >= 3);
      assert.deepEqual(seen, ['old', 'new', '(absent)']);
    });

    it('drops a read that one of its own writes has overtaken', async () => {
      const fake = await fakeNacos();
      fake.publish(id, 'old');
      const { client, connected } = clientFor([fake]);
      await connected();
      fake.faults.silentTypes.add('ConfigQueryRequest');
      const seen: string[] = [];
      client.config.watch(key, (observation) => seen.push(shown(observation)));
      await until('reading', () => fake.count('ConfigQueryRequest') === 1);
      await client.config.publish(key, 'new', plain);
      fake.faults.silentTypes.clear();
      fake.dropConnections();
      await until('listening', () => fake.count('ConfigBatchListenRequest') >= 1);
      assert.deepEqual(seen, ['new']);
    });

    it('finds out after a reconnect what changed meanwhile', async () => {
      const fake = await fakeNacos();
      fake.publish(id, 'one');
      const { client, connected } = clientFor([fake]);
      const seen: string[] = [];
      client.config.watch(key, (observation) => seen.push(shown(observation)));
      await until('listening', () => fake.count('ConfigBatchListenRequest') === 1);
      fake.stopGrpc();
      fake.publish(id, 'two');
      await fake.startGrpc();
      await connected();
      await until('second', () => seen.length === 2);
      fake.publish(id, 'three');
      await until('third', () => seen.length === 3);
      assert.deepEqual(seen, ['one', 'two', 'three']);
    });

    it('finds a change whose push was lost within 3 minutes', async () => {
      const clock = new FakeClock();
      const fake = await fakeNacos();
      const { client } = clientFor([fake], { clock });
      const seen: string[] = [];
      client.config.watch(key, (observation) => seen.push(shown(observation)));
      await until('listening', () => fake.count('ConfigBatchListenRequest') === 1);
      fake.faults.losePushes = true;
      fake.publish(id, 'new');
      const sinceMs = clock.monotonic();
      await until(
        'found',
        () => seen.includes('new'),
        () => clock.advance(1_000),
      );
      assert.ok(clock.monotonic() - sinceMs <= 181_000);
    });

    it('listens to 1,200 configs in two batches, and reads one when one changes', async () => {
      const fake = await fakeNacos();
      const { client } = clientFor([fake]);
      let seen = 0;
      for (let index = 0; index < 1_200; index += 1) {
        fake.publish(` g d${index}`, `content ${index}`);
        client.config.watch({ ...key, dataId: `d${index}` }, () => (seen += 1));
      }
      await until('all', () => seen === 1_200, undefined, 15_000);
      const batches = (): number[] =>
        fake.received
          .filter(({ type }) => type === 'ConfigBatchListenRequest')
          .map(({ body }) => (body['configListenContexts'] as unknown[]).length);
      const told = (): number => batches().reduce((sum, size) => sum + size, 0);
      await until('listening', () => told() === 1_200);
      fake.dropConnections();
      fake.received.length = 0;
      await until('listening again', () => told() >= 1_200);
      assert.deepEqual(batches(), [1_000, 200]);
      fake.publish(' g d7', 'changed');
      await until('changed', () => seen === 1_201);
      await until('told', () => batches().length === 3);
      assert.equal(fake.count('ConfigQueryRequest'), 1);
      assert.equal(batches()[2], 1);
    }).timeout(20_000);

    it('shares one read among the watches of a key, and stops listening with the last', async () => {
      const fake = await fakeNacos();
      fake.publish(id, 'one');
      const { client } = clientFor([fake]);
      const [first, second]: [string[], string[]] = [[], []];
      const watch = client.config.watch(key, (observation) => first.push(shown(observation)));
      await until('listening', () => fake.count('ConfigBatchListenRequest') === 1);
      const other = client.config.watch({ ...key, namespaceId: 'public' }, (observation) =>
        second.push(shown(observation)),
      );
      assert.deepEqual(second, [], 'not from within the call');
      await until('second', () => second.length === 1);
      watch.stop();
      fake.publish(id, 'two');
      await until('two', () => second.length === 2);
      other.stop();
      await until('left', () => fake.received.some(({ body }) => body['listen'] === false));
      assert.deepEqual([first, second], [['one'], ['one', 'two']]);
      assert.equal(fake.count('ConfigQueryRequest'), 2);
    });

    it('is not hurt by a listener that throws or rejects', async () => {
      const fake = await fakeNacos();
      fake.publish(id, 'one');
      const { client, logged } = clientFor([fake]);
      const seen: string[] = [];
      client.config.watch(key, () => assert.fail('thrown'));
      client.config.watch(key, () => Promise.reject(new Error('rejected')) as unknown as undefined);
      client.config.watch(key, (observation) => seen.push(shown(observation)));
      await until('listening', () => fake.count('ConfigBatchListenRequest') === 1);
      fake.publish(id, 'two');
      await until('second', () => seen.length === 2);
      for (const what of ['thrown', 'rejected']) assert.ok(logged.some((line) => line.includes(what)));
    });

    it('keeps trying a key that cannot be read, says why, and tells nothing meanwhile', async () => {
      const clock = new FakeClock();
      const fake = await fakeNacos();
      fake.publish(id, 'one');
      fake.faults.answers.set('ConfigQueryRequest', {
        type: 'ConfigQueryResponse',
        body: { resultCode: 200, content: ' ' },
      });
      const { client, connected } = clientFor([fake], { clock });
      await connected();
      const seen: string[] = [];
      const watch = client.config.watch(key, (observation) => seen.push(shown(observation)));
      await until(
        'failed',
        () => watch.lastError !== undefined,
        () => clock.advance(50),
      );
      assert.equal(watch.lastError?.code, 'NACOS_FAILED');
      fake.faults.answers.clear();
      await until(
        'read',
        () => seen.length === 1,
        () => clock.advance(50),
      );
      assert.deepEqual([seen, watch.lastError], [['one'], undefined]);
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
