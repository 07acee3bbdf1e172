import assert from 'node:assert/strict';
import { SyncLag } from '../../operator/config-sync/metrics.ts';
import { FakeClock } from '../fake-clock.ts';

describe('sync lag', () => {
  let clock: FakeClock;
  let lag: SyncLag;
  let observed: string[];

  beforeEach(() => {
    clock = new FakeClock();
    observed = [];
    lag = new SyncLag(clock, (direction, lagMs) => observed.push(`${direction} ${lagMs}`));
  });

  it('counts from the first change that is not settled', async () => {
    lag.seen('to_nacos', 'ns/a');
    await clock.advance(100);
    lag.seen('to_nacos', 'ns/a');
    await clock.advance(50);
    lag.settled('to_nacos', 'ns/a', true);
    assert.deepEqual(observed, ['to_nacos 150']);
  });

  it('counts no change that took no write, and none twice', async () => {
    lag.seen('to_nacos', 'ns/a');
    lag.settled('to_nacos', 'ns/a', false);
    lag.settled('to_nacos', 'ns/a', true);
    assert.deepEqual(observed, []);
  });

  it('keeps directions and objects apart', async () => {
    lag.seen('to_nacos', 'ns/a');
    await clock.advance(10);
    lag.seen('to_kubernetes', 'ns/a');
    lag.settled('to_kubernetes', 'ns/b', true);
    lag.settled('to_kubernetes', 'ns/a', true);
    lag.forget('ns/a');
    lag.settled('to_nacos', 'ns/a', true);
    assert.deepEqual(observed, ['to_kubernetes 0']);
  });
});
