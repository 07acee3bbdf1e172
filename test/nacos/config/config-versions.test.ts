import assert from 'node:assert/strict';
import { md5Of } from '../../../operator/nacos/config/config-snapshot.ts';
import type { VersionWatch } from '../../../operator/nacos/config/config-watch.ts';
import { clientFor, stopAll } from '../client-for.ts';
import { heldConfig, isCode, key, listening, plain, reads, servedConfig, shown, shownByMd5 } from './config-samples.ts';
import { until } from '../until.ts';

const hint = 'ConfigChangeNotifyRequest';

describe('a watch of versions', () => {
  afterEach(stopAll);

  const now = ({ current }: { current?: Parameters<typeof shown>[0] | undefined }): string =>
    current === undefined ? '(unknown)' : shown(current);
  const release = (watch: VersionWatch): void => watch.release(watch.current!);

  /** Of `one`, which was read. */
  async function watched<Served extends Awaited<ReturnType<typeof servedConfig>>>(served: Served) {
    const { nacos } = served;
    const started = clientFor([nacos]);
    const heard: string[] = [];
    const watch = started.client.config.watchVersions(key, (version) => heard.push(shown(version)));
    await listening(nacos);
    return { ...served, ...started, watch, heard };
  }
  const watchedOne = async () => watched(await servedConfig('one'));

  it('has the content of a new version until it is released, and knows the md5 then', async () => {
    const { author, watch, heard } = await watchedOne();
    assert.equal(now(watch), 'one');
    release(watch);
    assert.equal(now(watch), shownByMd5('one'));
    await author.publish('two');
    await until('two', () => heard.length === 2);
    assert.deepEqual([now(watch), heard], ['two', ['one', 'two']]);
  });

  it('keeps the content of a version that is newer than the one which is released', async () => {
    const { author, watch, heard } = await watchedOne();
    const one = watch.current!;
    await author.publish('two');
    await until('two', () => heard.length === 2);
    watch.release(one);
    assert.equal(now(watch), 'two');
  });

  it('reads a content that was released, once, and tells nobody of it', async () => {
    const { nacos, watch, heard } = await watchedOne();
    release(watch);
    const loaded = await Promise.all([watch.load(), watch.load()]);
    assert.deepEqual(loaded.map(shown), ['one', 'one']);
    assert.deepEqual(shown(await watch.load()), 'one');
    assert.deepEqual([heard, reads(nacos)], [['one'], 2]);
    release(watch);
    assert.equal(now(watch), shownByMd5('one'));
  });

  it('reads nothing while the content is in memory', async () => {
    const { nacos, watch } = await watchedOne();
    assert.deepEqual([shown(await watch.load()), reads(nacos)], ['one', 1]);
  });

  it('loads what is there by now, and tells of it', async () => {
    const { author, nacos, watch, heard } = await watchedOne();
    release(watch);
    nacos.fails('silence', hint);
    await author.publish('two');
    assert.equal(shown(await watch.load()), 'two');
    await author.remove();
    assert.equal(shown(await watch.load()), 'two');
    release(watch);
    assert.equal(shown(await watch.load()), '(absent)');
    assert.deepEqual([heard, reads(nacos)], [['one', 'two', '(absent)'], 3]);
  });

  it('never loads what was there before its own write', async () => {
    const { dump, client, watch } = await watched(await heldConfig('one'));
    await client.config.publish(key, 'two', { ...plain, cas: { md5: md5Of('one') } });
    release(watch);
    const loaded = watch.load();
    await dump();
    assert.equal(shown(await loaded), 'two');
  });

  it('does not keep what it reads when it hears that the released version is there still', async () => {
    const { author, dump, nacos, pass, watch, heard } = await watched(await heldConfig('one'));
    release(watch);
    // The hint of another version comes when that is gone again.
    nacos.faults.add({ on: hint, fault: { kind: 'slow', delayMs: 1_000 }, times: 1 });
    nacos.fails('silence', hint);
    for (const content of ['two', 'one']) {
      await author.publish(content);
      await dump();
    }
    await pass(1_000);
    await until('read', () => reads(nacos) === 2);
    await listening(nacos, 2);
    assert.deepEqual([now(watch), heard], [shownByMd5('one'), ['one']]);
  });

  it('knows the version alone after a reconnect, too', async () => {
    const { nacos, watch } = await watchedOne();
    release(watch);
    await nacos.resetConnections();
    await listening(nacos, 2);
    assert.deepEqual([now(watch), reads(nacos)], [shownByMd5('one'), 1]);
  });

  it('says why a content cannot be loaded, and loads it when it can be', async () => {
    const { client, nacos, watch, connected } = await watchedOne();
    release(watch);
    const speak = nacos.fails('silence', 'ConfigQueryRequest');
    const loading = assert.rejects(watch.load());
    await until('reading', () => reads(nacos) === 2);
    await nacos.stopServing();
    await loading;
    await until('lost', () => client.state.kind !== 'connected');
    await assert.rejects(watch.load(), isCode('CONNECTION_NOT_READY'));
    assert.equal(now(watch), shownByMd5('one'));
    speak();
    await nacos.startServing();
    await connected();
    assert.equal(shown(await watch.load()), 'one');
  });

  it('does not wait for a content after it was stopped', async () => {
    const { nacos, watch } = await watchedOne();
    release(watch);
    nacos.fails('silence', 'ConfigQueryRequest');
    const waiting = [watch.load(), watch.load()].map((each) => assert.rejects(each));
    await until('reading', () => reads(nacos) === 2);
    watch.stop();
    await Promise.all(waiting);
  });

  describe('beside others of its key', () => {
    it('takes no content from those that have not released it', async () => {
      const { author, client, nacos, watch } = await watchedOne();
      const other = client.config.watchVersions(key, () => {});
      await other.load();
      release(watch);
      assert.equal(now(watch), 'one');
      release(other);
      assert.equal(now(watch), shownByMd5('one'));
      await author.publish('two');
      await until('two', () => now(watch) === 'two');
      release(watch);
      assert.equal(now(other), 'two');
      other.stop();
      assert.equal(now(watch), shownByMd5('two'));
      assert.equal(reads(nacos), 2);
    });

    it('takes no content from a watch of contents', async () => {
      const { client, nacos, watch } = await watchedOne();
      const contents = client.config.watch(key, () => {});
      release(watch);
      assert.deepEqual([now(contents), reads(nacos)], ['one', 1]);
      contents.stop();
      assert.equal(now(watch), shownByMd5('one'));
    });

    for (const [what, begin] of [
      ['released', {}],
      ['confirmed', { expectedMd5: md5Of('one') }],
    ] as const) {
      it(`lets a watch of contents have what was ${what}, and hears nothing of it`, async () => {
        const { author, nacos } = await servedConfig('one');
        const { client } = clientFor([nacos]);
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
        await listening(nacos);
        await author.publish('two');
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
      const { nacos } = await servedConfig('one');
      const { client, connected } = clientFor([nacos]);
      await connected();
      nacos.fails('silence', 'ConfigBatchListenRequest');
      const heard: string[] = [];
      client.config.watchVersions(key, (version) => heard.push(shown(version)), { expectedMd5: md5Of('one') });
      client.config.watch(key, (observation) => heard.push(shown(observation)));
      await until('both', () => heard.length === 2);
      assert.deepEqual(heard, ['one', 'one']);
    });
  });
});
