import assert from 'node:assert/strict';
import { silentLogger } from '../../operator/logger.ts';
import { ApiView, type View } from '../../operator/service-sync/api-view.ts';
import { FakeClock } from '../fake-clock.ts';

describe('the view of the API server before a redo', () => {
  let clock: FakeClock;
  let refreshes: number;
  let isUnreachable: boolean;

  beforeEach(async () => {
    clock = new FakeClock();
    await clock.advance(100_000);
    [refreshes, isUnreachable] = [0, false];
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
    assert.equal(
      await new ApiView(
        () => [view(14_000), view(0)],
        () => isUnreachable,
        clock,
        silentLogger,
      ).ensureFresh(),
      false,
    );
    assert.equal(refreshes, 0);
  });

  it('is refreshed where it is older, or was never confirmed', async () => {
    const views = [view(60_000), view(undefined), view(1000)];
    assert.equal(
      await new ApiView(
        () => views,
        () => isUnreachable,
        clock,
        silentLogger,
      ).ensureFresh(),
      true,
    );
    assert.equal(refreshes, 2);
  });

  it('counts as refreshed when only some of it is refused', async () => {
    const views = [view(60_000, () => Promise.reject(new Error('refused'))), view(60_000)];
    assert.equal(
      await new ApiView(
        () => views,
        () => isUnreachable,
        clock,
        silentLogger,
      ).ensureFresh(),
      true,
    );
  });

  it('is taken as it is when the API server refuses, or does not answer in time', async () => {
    const refusing = view(60_000, () => Promise.reject(new Error('refused')));
    assert.equal(
      await new ApiView(
        () => [refusing],
        () => isUnreachable,
        clock,
        silentLogger,
      ).ensureFresh(),
      false,
    );
    const silent = view(60_000, () => new Promise(() => {}));
    const waiting = new ApiView(
      () => [silent],
      () => isUnreachable,
      clock,
      silentLogger,
    ).ensureFresh();
    await clock.advance(5000);
    assert.equal(await waiting, false);
    assert.deepEqual(clock.waitingMs, []);
  });

  it('is taken as it is, at once, when the API server was just tried in vain', async () => {
    isUnreachable = true;
    const apiView = new ApiView(
      () => [view(60_000)],
      () => isUnreachable,
      clock,
      silentLogger,
    );
    assert.equal(await apiView.ensureFresh(), false);
    assert.equal(refreshes, 0);
  });

  it('is listed whole when that is asked for, but for what never was', async () => {
    const views = [view(60_000), view(undefined), view(0)];
    await new ApiView(
      () => views,
      () => isUnreachable,
      clock,
      silentLogger,
    ).relist();
    assert.equal(refreshes, 2);
    const refusing = view(0, () => Promise.reject(new Error('refused')));
    const refused = new ApiView(
      () => [view(0), refusing],
      () => isUnreachable,
      clock,
      silentLogger,
    );
    await assert.rejects(refused.relist(), /refused/);
  });
});
