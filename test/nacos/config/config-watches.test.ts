import assert from 'node:assert/strict';
import { md5Of } from '../../../operator/nacos/config/config-snapshot.ts';
import { FakeClock } from '../../fake-clock.ts';
import { clientFor, fakeNacos, stopAll } from '../client-for.ts';
import { id, key, plain, shown } from './config-samples.ts';
import { until } from '../until.ts';

describe('the config client', () => {
  afterEach(stopAll);

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

    it('lets the server compare its own write instead of reading it again', async () => {
      const fake = await fakeNacos();
      fake.publish(id, 'old');
      const { client } = clientFor([fake]);
      client.config.watch(key, () => {});
      await until('listening', () => fake.count('ConfigBatchListenRequest') === 1);
      fake.faults.holdDumps = true;
      await client.config.publish(key, 'new', { ...plain, cas: { md5: md5Of('old') } });
      fake.dump();
      await until('told', () => fake.count('ConfigBatchListenRequest') === 2);
      assert.equal(fake.count('ConfigQueryRequest'), 1);
      fake.publish(id, 'theirs');
      fake.dump();
      await until('read', () => fake.count('ConfigQueryRequest') === 2);
    });

    it('reads what another wrote right after its own write, though the server tells of both at once', async () => {
      const fake = await fakeNacos();
      fake.publish(id, 'old');
      const { client } = clientFor([fake]);
      const seen: string[] = [];
      client.config.watch(key, (observation) => seen.push(shown(observation)));
      await until('listening', () => fake.count('ConfigBatchListenRequest') === 1);
      fake.faults.holdDumps = true;
      await client.config.publish(key, 'new', { ...plain, cas: { md5: md5Of('old') } });
      fake.publish(id, 'theirs');
      fake.dump();
      await until('read', () => seen.length === 3);
      assert.deepEqual(seen, ['old', 'new', 'theirs']);
    });

    it('reads what another wrote after it has written what was there already', async () => {
      const fake = await fakeNacos();
      fake.publish(id, 'same');
      const { client } = clientFor([fake]);
      const seen: string[] = [];
      client.config.watch(key, (observation) => seen.push(shown(observation)));
      await until('listening', () => fake.count('ConfigBatchListenRequest') === 1);
      await client.config.publish(key, 'same', { ...plain, tags: ['new'] });
      fake.publish(id, 'theirs');
      await until('read', () => seen.length === 2);
      assert.deepEqual(seen, ['same', 'theirs']);
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
});
