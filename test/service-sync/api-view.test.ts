import assert from 'node:assert/strict';
import { silentLogger } from '../../operator/log.ts';
import { ApiView, type View } from '../../operator/service-sync/api-view.ts';
import { FakeClock } from '../fake-clock.ts';

describe('the view of the API server before a redo', () => {
  let clock: FakeClock;
  let refreshes: number;

  beforeEach(async () => {
    clock = new FakeClock();
    await clock.advance(100_000);
    refreshes = 0;
  });

  function view(confirmedAgoMs: number | undefined, refresh: () => Promise<void> = () => Promise.resolve()): View {
    const lastConfirmedMonotonicMs = confirmedAgoMs === undefined ? undefined : clock.monotonic() - confirmedAgoMs;
    const counted = () => {
      refreshes += 1;
      return refresh();
    };
    return { lastConfirmedMonotonicMs, refresh: counted };
  }

  it('is taken as it is when it was confirmed within the lease duration', async () => {
    assert.equal(await new ApiView(() => [view(14_000), view(0)], clock, silentLogger).ensureFresh(), false);
    assert.equal(refreshes, 0);
  });

  it('is refreshed where it is older, or was never confirmed', async () => {
    const views = [view(60_000), view(undefined), view(1000)];
    assert.equal(await new ApiView(() => views, clock, silentLogger).ensureFresh(), true);
    assert.equal(refreshes, 2);
  });

  it('counts as refreshed when only some of it is refused', async () => {
    const views = [view(60_000, () => Promise.reject(new Error('refused'))), view(60_000)];
    assert.equal(await new ApiView(() => views, clock, silentLogger).ensureFresh(), true);
  });

  it('is taken as it is when the API server refuses, or does not answer in time', async () => {
    const refusing = view(60_000, () => Promise.reject(new Error('refused')));
    assert.equal(await new ApiView(() => [refusing], clock, silentLogger).ensureFresh(), false);
    const silent = view(60_000, () => new Promise(() => {}));
    const waiting = new ApiView(() => [silent], clock, silentLogger).ensureFresh();
    await clock.advance(5000);
    assert.equal(await waiting, false);
    assert.deepEqual(clock.waitingMs, []);
  });
});
