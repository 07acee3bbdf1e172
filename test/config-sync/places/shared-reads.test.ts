import assert from 'node:assert/strict';
import { SharedReads } from '../../../operator/config-sync/places/shared-reads.ts';
import type { KubeObject } from '../../../operator/kube/resource.ts';
import { FakeClock, settle } from '../../fake-clock.ts';

describe('a shared read', () => {
  let clock: FakeClock;
  let readers: number;
  /** What the API server has, and what the watch has told of it, by name. */
  let stored: Map<string, string>;
  let told: Map<string, string>;
  let asked: string[];
  let failure: Error | undefined;
  let reads: SharedReads<KubeObject>;

  const objectOf = (name: string, resourceVersion: string | undefined): KubeObject | undefined =>
    resourceVersion === undefined ? undefined : { metadata: { name, namespace: 'ns', uid: name, resourceVersion } };

  beforeEach(() => {
    clock = new FakeClock();
    readers = 2;
    [stored, told] = [new Map([['a', '1']]), new Map([['a', '1']])];
    asked = [];
    failure = undefined;
    reads = new SharedReads({
      client: {
        get: async (name) => {
          asked.push(name);
          if (failure) throw failure;
          return objectOf(name, stored.get(name));
        },
      },
      metadata: {
        get: (key) => {
          const name = key.slice('ns/'.length);
          return objectOf(name, told.get(name));
        },
      },
      readersOf: () => readers,
      clock,
    });
  });

  const versionOf = async (name = 'a') => (await reads.get(name, 'ns'))?.metadata.resourceVersion;

  it('is made once for all who ask, at once and a moment later', async () => {
    assert.deepEqual(await Promise.all([versionOf(), versionOf()]), ['1', '1']);
    assert.equal(await versionOf(), '1');
    assert.equal(asked.length, 1);
  });

  it('is made again when the watch has told of another version', async () => {
    await versionOf();
    stored.set('a', '2');
    assert.equal(await versionOf(), '1', 'nobody knows yet');
    told.set('a', '2');
    assert.equal(await versionOf(), '2');
    assert.equal(asked.length, 2);
  });

  it('serves also those who hear later of what it has seen already', async () => {
    stored.set('a', '2');
    assert.equal(await versionOf(), '2');
    told.set('a', '2');
    assert.equal(await versionOf(), '2');
    assert.equal(asked.length, 1);
  });

  it('is made again while the one that is under way may be of an older version', async () => {
    const first = versionOf();
    told.set('a', '2');
    stored.set('a', '2');
    await Promise.all([first, versionOf()]);
    assert.equal(asked.length, 2);
  });

  it('is kept for a moment only', async () => {
    await versionOf();
    await clock.advance(2000);
    await versionOf();
    assert.equal(asked.length, 2);
  });

  it('is not kept for the only one who needs it', async () => {
    readers = 1;
    await Promise.all([versionOf(), versionOf()]);
    assert.equal(asked.length, 1);
    await versionOf();
    assert.equal(asked.length, 2);
  });

  it('is not kept when it was forgotten, or failed', async () => {
    await versionOf();
    reads.forget('a', 'ns');
    failure = new Error('away');
    await assert.rejects(versionOf(), /away/);
    failure = undefined;
    await settle();
    await versionOf();
    assert.equal(asked.length, 3);
  });

  it('is kept of sixteen objects', async () => {
    const names = Array.from({ length: 17 }, (_, index) => `object-${index}`);
    for (const name of names) await versionOf(name);
    asked = [];
    for (const name of names.slice(1)) await versionOf(name);
    assert.deepEqual(asked, []);
    await versionOf(names[0]);
    assert.deepEqual(asked, ['object-0']);
  });

  it('knows an object that is not there as well', async () => {
    assert.equal(await versionOf('none'), undefined);
    assert.equal(await versionOf('none'), undefined);
    told.set('none', '5');
    stored.set('none', '5');
    assert.equal(await versionOf('none'), '5');
    assert.equal(asked.length, 2);
  });
});
