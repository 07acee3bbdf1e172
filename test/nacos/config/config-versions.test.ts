import assert from 'node:assert/strict';
import { md5Of } from '../../../operator/nacos/config/config-snapshot.ts';
import type { VersionWatch } from '../../../operator/nacos/config/config-watch.ts';
import { clientFor, fakeNacos, stopAll } from '../client-for.ts';
import { id, isCode, key, plain, shown, shownByMd5 } from './config-samples.ts';
import type { FakeNacos } from '../fake-nacos.ts';
import { until } from '../until.ts';

describe('a watch of versions', () => {
  afterEach(stopAll);

  const now = ({ current }: { current?: Parameters<typeof shown>[0] | undefined }): string =>
    current === undefined ? '(unknown)' : shown(current);
  const release = (watch: VersionWatch): void => watch.release(watch.current!);
  const listening = (fake: FakeNacos, times = 1): Promise<void> =>
    until('listening', () => fake.count('ConfigBatchListenRequest') >= times);

  /** Of `one`, which was read. */
  async function watched() {
    const fake = await fakeNacos();
    fake.publish(id, 'one');
    const started = clientFor([fake]);
    const heard: string[] = [];
    const watch = started.client.config.watchVersions(key, (version) => heard.push(shown(version)));
    await listening(fake);
    return { fake, ...started, watch, heard, reads: () => fake.count('ConfigQueryRequest') };
  }

  it('has the content of a new version until it is released, and knows the md5 then', async () => {
    const { fake, watch, heard } = await watched();
    assert.equal(now(watch), 'one');
    release(watch);
    assert.equal(now(watch), shownByMd5('one'));
    fake.publish(id, 'two');
    await until('two', () => heard.length === 2);
    assert.deepEqual([now(watch), heard], ['two', ['one', 'two']]);
  });

  it('keeps the content of a version that is newer than the one which is released', async () => {
    const { fake, watch, heard } = await watched();
    const one = watch.current!;
    fake.publish(id, 'two');
    await until('two', () => heard.length === 2);
    watch.release(one);
    assert.equal(now(watch), 'two');
  });

  it('reads a content that was released, once, and tells nobody of it', async () => {
    const { watch, heard, reads } = await watched();
    release(watch);
    const loaded = await Promise.all([watch.load(), watch.load()]);
    assert.deepEqual(loaded.map(shown), ['one', 'one']);
    assert.deepEqual(shown(await watch.load()), 'one');
    assert.deepEqual([heard, reads()], [['one'], 2]);
    release(watch);
    assert.equal(now(watch), shownByMd5('one'));
  });

  it('reads nothing while the content is in memory', async () => {
    const { watch, reads } = await watched();
    assert.deepEqual([shown(await watch.load()), reads()], ['one', 1]);
  });

  it('loads what is there by now, and tells of it', async () => {
    const { fake, watch, heard, reads } = await watched();
    release(watch);
    fake.faults.losePushes = true;
    fake.publish(id, 'two');
    assert.equal(shown(await watch.load()), 'two');
    fake.remove(id);
    assert.equal(shown(await watch.load()), 'two');
    release(watch);
    assert.equal(shown(await watch.load()), '(absent)');
    assert.deepEqual([heard, reads()], [['one', 'two', '(absent)'], 3]);
  });

  it('never loads what was there before its own write', async () => {
    const { fake, client, watch } = await watched();
    fake.faults.holdDumps = true;
    await client.config.publish(key, 'two', { ...plain, cas: { md5: md5Of('one') } });
    release(watch);
    const loaded = watch.load();
    fake.dump();
    assert.equal(shown(await loaded), 'two');
  });

  it('does not keep what it reads when it hears that the released version is there still', async () => {
    const { fake, watch, heard, reads } = await watched();
    release(watch);
    fake.push('ConfigChangeNotifyRequest', { group: 'g', dataId: 'd', tenant: null });
    await until('read', () => reads() === 2);
    await listening(fake, 2);
    assert.deepEqual([now(watch), heard], [shownByMd5('one'), ['one']]);
  });

  it('knows the version alone after a reconnect, too', async () => {
    const { fake, watch, reads } = await watched();
    release(watch);
    fake.dropConnections();
    await listening(fake, 2);
    assert.deepEqual([now(watch), reads()], [shownByMd5('one'), 1]);
  });

  it('says why a content cannot be loaded, and loads it when it can be', async () => {
    const { fake, watch, connected } = await watched();
    release(watch);
    fake.faults.silentTypes.add('ConfigQueryRequest');
    const loading = watch.load();
    await until('reading', () => fake.count('ConfigQueryRequest') === 2);
    fake.stopGrpc();
    await assert.rejects(loading);
    await assert.rejects(watch.load(), isCode('CONNECTION_NOT_READY'));
    assert.equal(now(watch), shownByMd5('one'));
    fake.faults.silentTypes.clear();
    await fake.startGrpc();
    await connected();
    assert.equal(shown(await watch.load()), 'one');
  });

  it('does not wait for a content after it was stopped', async () => {
    const { fake, watch } = await watched();
    release(watch);
    fake.faults.silentTypes.add('ConfigQueryRequest');
    const loading = watch.load();
    await until('reading', () => fake.count('ConfigQueryRequest') === 2);
    const waiting = watch.load();
    watch.stop();
    fake.dropConnections();
    for (const each of [loading, waiting]) await assert.rejects(each);
  });

  describe('beside others of its key', () => {
    it('takes no content from those that have not released it', async () => {
      const { fake, client, watch, reads } = await watched();
      const other = client.config.watchVersions(key, () => {});
      await other.load();
      release(watch);
      assert.equal(now(watch), 'one');
      release(other);
      assert.equal(now(watch), shownByMd5('one'));
      fake.publish(id, 'two');
      await until('two', () => now(watch) === 'two');
      release(watch);
      assert.equal(now(other), 'two');
      other.stop();
      assert.equal(now(watch), shownByMd5('two'));
      assert.equal(reads(), 2);
    });

    it('takes no content from a watch of contents', async () => {
      const { client, watch, reads } = await watched();
      const contents = client.config.watch(key, () => {});
      release(watch);
      assert.deepEqual([now(contents), reads()], ['one', 1]);
      contents.stop();
      assert.equal(now(watch), shownByMd5('one'));
    });

    for (const [what, begin] of [
      ['released', {}],
      ['confirmed', { expectedMd5: md5Of('one') }],
    ] as const) {
      it(`lets a watch of contents have what was ${what}, and hears nothing of it`, async () => {
        const fake = await fakeNacos();
        fake.publish(id, 'one');
        const { client } = clientFor([fake]);
        const heard: string[] = [];
        const watch = client.config.watchVersions(key, (version) => heard.push(shown(version)), begin);
        await until('heard', () => heard.length === 1);
        release(watch);
        const before = [...heard];
        const seen: string[] = [];
        const contents = client.config.watch(key, (observation) => seen.push(shown(observation)));
        assert.equal(contents.current, undefined);
        await until('read', () => seen.length === 1);
        assert.deepEqual([seen, now(contents), heard], [['one'], 'one', before]);
        fake.publish(id, 'two');
        await until('two', () => seen.length === 2);
        assert.deepEqual(
          [seen, heard],
          [
            ['one', 'two'],
            [...before, 'two'],
          ],
        );
      });
    }

    it('lets a watch of contents read while an expectation is not confirmed yet', async () => {
      const fake = await fakeNacos();
      fake.publish(id, 'one');
      const { client, connected } = clientFor([fake]);
      await connected();
      fake.faults.silentTypes.add('ConfigBatchListenRequest');
      const heard: string[] = [];
      client.config.watchVersions(key, (version) => heard.push(shown(version)), { expectedMd5: md5Of('one') });
      client.config.watch(key, (observation) => heard.push(shown(observation)));
      await until('both', () => heard.length === 2);
      assert.deepEqual(heard, ['one', 'one']);
    });
  });
});
