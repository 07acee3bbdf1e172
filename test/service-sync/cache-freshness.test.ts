import assert from 'node:assert/strict';
import { silentLogger } from '../../operator/logger.ts';
import { CacheFreshness, type Refreshable } from '../../operator/service-sync/cache-freshness.ts';
import { FakeClock } from '../fake-clock.ts';

describe('the freshness of the caches before a redo', () => {
  let clock: FakeClock;
  let refreshes: number;
  let isUnreachable: boolean;

  beforeEach(async () => {
    clock = new FakeClock();
    await clock.advance(100_000);
    [refreshes, isUnreachable] = [0, false];
  });

  function cache(confirmedAgoMs: number | undefined, refresh: () => Promise<void> = () => Promise.resolve()) {
    const lastConfirmedMonotonicMs = confirmedAgoMs === undefined ? undefined : clock.monotonic() - confirmedAgoMs;
    const counted = () => {
      refreshes += 1;
      return refresh();
    };
    return { lastConfirmedMonotonicMs, refresh: counted };
  }

  function freshness(...caches: Refreshable[]): CacheFreshness {
    return new CacheFreshness({
      caches: () => caches,
      isUnreachable: () => isUnreachable,
      clock,
      log: silentLogger,
    });
  }

  const refusing = (agoMs: number) => cache(agoMs, () => Promise.reject(new Error('refused')));

  it('is enough when all were confirmed within the lease duration', async () => {
    assert.equal(await freshness(cache(14_000), cache(0)).ensureFresh(), false);
    assert.equal(refreshes, 0);
  });

  it('comes by a refresh of those that are older, or were never confirmed', async () => {
    assert.equal(await freshness(cache(60_000), cache(undefined), cache(1000)).ensureFresh(), true);
    assert.equal(refreshes, 2);
  });

  it('counts as refreshed when only some of it is refused', async () => {
    assert.equal(await freshness(refusing(60_000), cache(60_000)).ensureFresh(), true);
  });

  it('is not waited for when the API server refuses, or does not answer in time', async () => {
    assert.equal(await freshness(refusing(60_000)).ensureFresh(), false);
    const waiting = freshness(cache(60_000, () => new Promise(() => {}))).ensureFresh();
    await clock.advance(5000);
    assert.equal(await waiting, false);
    assert.deepEqual(clock.waitingMs, []);
  });

  it('is not asked for when the API server was just tried in vain', async () => {
    isUnreachable = true;
    assert.equal(await freshness(cache(60_000)).ensureFresh(), false);
    assert.equal(refreshes, 0);
  });
});
