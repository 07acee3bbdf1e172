import assert from 'node:assert/strict';
import type { NacosConfig } from '../../../operator/api/resources.ts';
import { InlineContents, type KeptConfig } from '../../../operator/config-sync/places/inline-contents.ts';
import { isBridgeError } from '../../../operator/errors.ts';
import { md5Of } from '../../../operator/nacos/index.ts';
import { FakeClock } from '../../fake-clock.ts';

function config(content: string | undefined, changes: { generation?: number; uid?: string; syncedMd5?: string } = {}) {
  const { generation = 1, syncedMd5, uid = 'uid' } = changes;
  const metadata = { name: uid, namespace: 'ns', uid, generation };
  const status = { observedGeneration: generation, ...(syncedMd5 && { syncedMd5 }) };
  return { metadata, spec: { group: 'g', ...(content !== undefined && { content }) }, status } as NacosConfig;
}

describe('the contents of NacosConfigs', () => {
  let clock: FakeClock;
  let stored: Map<string, NacosConfig>;
  let kept: Map<string, KeptConfig>;
  let asked: string[];
  let contents: InlineContents;

  beforeEach(() => {
    clock = new FakeClock();
    [stored, kept, asked] = [new Map(), new Map(), []];
    contents = new InlineContents({
      client: {
        get: async (name) => {
          asked.push(name);
          return stored.get(name);
        },
      },
      kept: (key) => kept.get(key),
      clock,
    });
  });

  /** As the API server and the store have it from now on. */
  function take(object: NacosConfig): KeptConfig {
    const stripped = contents.strip(structuredClone(object));
    stored.set(object.metadata.name, object);
    kept.set(`ns/${object.metadata.name}`, stripped);
    return stripped;
  }

  it('are not in what is kept, but their md5 is', () => {
    const { inlineMd5, metadata, spec } = take(config('text'));
    assert.deepEqual([spec.content, inlineMd5, metadata.uid], ['', md5Of('text'), 'uid']);
    const elsewhere = take(config(undefined, { uid: 'other' }));
    assert.deepEqual([elsewhere.spec.content, elsewhere.inlineMd5], [undefined, undefined]);
  });

  it('are held when they come in, until they were dealt with', async () => {
    const one = take(config('text'));
    assert.equal(await contents.read(one), 'text');
    assert.deepEqual(asked, []);
    contents.release(one);
    assert.equal(await contents.read(one), 'text');
    assert.deepEqual(asked, ['uid']);
  });

  it('are not held again when a status is written', async () => {
    contents.release(take(config('text')));
    await contents.read(take(config('text')));
    assert.deepEqual(asked, ['uid']);
  });

  it('are held again when they have changed', async () => {
    contents.release(take(config('text')));
    const changed = take(config('other', { generation: 2 }));
    assert.equal(changed.inlineMd5, md5Of('other'));
    assert.equal(await contents.read(changed), 'other');
    assert.deepEqual(asked, []);
  });

  it('are not held where the status says that they are in sync', async () => {
    const one = take(config('text', { syncedMd5: md5Of('text') }));
    assert.equal(await contents.read(one), 'text');
    assert.deepEqual(asked, ['uid']);
  });

  it('are a conflict when they are others by now, or of another object', async () => {
    const one = take(config('text', { syncedMd5: md5Of('text') }));
    for (const other of [config('new'), config('text', { uid: 'anew' }), undefined]) {
      if (other) stored.set('uid', other);
      else stored.delete('uid');
      await assert.rejects(contents.read(one), (error) => isBridgeError(error, 'KUBE_CONFLICT'));
    }
  });

  it('are held for half a minute, and 16 MiB of them, the latest', async () => {
    const mebibyte = 'x'.repeat(1024 * 1024);
    const all = Array.from({ length: 17 }, (_, index) => take(config(mebibyte, { uid: `uid-${index}` })));
    for (const one of all) await contents.read(one);
    assert.deepEqual(asked, ['uid-0']);
    await clock.advance(30_000);
    for (const one of all.slice(1)) await contents.read(one);
    assert.equal(asked.length, 17);
  });
});
