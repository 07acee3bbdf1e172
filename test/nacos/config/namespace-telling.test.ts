import assert from 'node:assert/strict';
import { silentLogger } from '../../../operator/logger.ts';
import type { ConfigApi } from '../../../operator/nacos/config/config-api.ts';
import type { ConfigKey } from '../../../operator/nacos/config/config-key.ts';
import { md5Of } from '../../../operator/nacos/config/config-snapshot.ts';
import { NamespaceTelling } from '../../../operator/nacos/config/namespace-telling.ts';
import { WatchedConfig } from '../../../operator/nacos/config/watched-config.ts';
import { FakeClock, settle } from '../../fake-clock.ts';

const key = { namespaceId: '', group: 'g', dataId: 'd' };

/** Answers when the test says so. */
class Server {
  readonly asked: { readonly md5s: readonly string[]; readonly answer: PromiseWithResolvers<ConfigKey[]> }[] = [];

  listen(contexts: readonly { md5: string }[]): Promise<ConfigKey[]> {
    const answer = Promise.withResolvers<ConfigKey[]>();
    this.asked.push({ md5s: contexts.map(({ md5 }) => md5), answer });
    return answer.promise;
  }
}

describe('what is told of the keys of a namespace', () => {
  let clock: FakeClock;
  let server: Server;
  let telling: NamespaceTelling;
  let watched: WatchedConfig;
  let doubted: string[];

  beforeEach(() => {
    [clock, server, doubted] = [new FakeClock(), new Server(), []];
    telling = new NamespaceTelling({
      api: server as unknown as ConfigApi,
      clock,
      log: silentLogger,
      random: () => 0.5,
      signal: new AbortController().signal,
      onDoubt: ({ id }) => doubted.push(id),
    });
    const load = () => assert.fail('nothing is to be read');
    watched = new WatchedConfig(key, { log: silentLogger, load, onUnwatched: () => {} });
    watched.join({ needsContent: false, renew: () => {}, tell: () => {} });
  });

  async function asked(count: number): Promise<(typeof server.asked)[number]> {
    for (let waitedMs = 0; server.asked.length < count && waitedMs < 10_000; waitedMs += 50) await clock.advance(50);
    await new Promise((resolve) => setImmediate(resolve));
    const last = server.asked.at(-1);
    assert.ok(last && server.asked.length === count, `${server.asked.length} batches, and not ${count}`);
    return last;
  }

  for (const how of ['tell', 'record'] as const) {
    it(`is told again when it is named by '${how}' while a batch with it is under way`, async () => {
      watched.wrote({ kind: 'present', snapshot: { content: 'ours', md5: md5Of('ours') } } as never, {
        srcUser: undefined,
        answeredMs: 0,
      });
      telling.tell(watched);
      const first = await asked(1);
      // Somebody else has written right after the server had compared, and its push has overtaken the answer.
      telling[how](watched);
      first.answer.resolve([]);
      await settle();
      const second = await asked(2);
      assert.deepEqual(second.md5s, [md5Of('ours')]);
      second.answer.resolve([key]);
      await settle();
      assert.deepEqual(doubted, [watched.id]);
    });
  }

  it('is told again when the batch has failed', async () => {
    telling.tell(watched);
    (await asked(1)).answer.reject(new Error('the server is busy'));
    await settle();
    (await asked(2)).answer.resolve([]);
    await settle();
    await clock.advance(60_000);
    assert.equal(server.asked.length, 2);
  });
});
