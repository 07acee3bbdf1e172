import assert from 'node:assert/strict';
import { ChangeLag } from '../../operator/runtime/change-lag.ts';
import { FakeClock } from '../fake-clock.ts';

describe('change lag', () => {
  let clock: FakeClock;
  let lag: ChangeLag;
  let observed: number[];

  beforeEach(() => {
    clock = new FakeClock();
    observed = [];
    lag = new ChangeLag(clock, (lagMs) => observed.push(lagMs));
  });

  it('counts from the first change that is not settled', async () => {
    lag.seen('ns/a');
    await clock.advance(100);
    lag.seen('ns/a');
    await clock.advance(50);
    lag.settled('ns/a', true);
    assert.deepEqual(observed, [150]);
  });

  it('counts no change that took no write, and none twice', async () => {
    lag.seen('ns/a');
    lag.settled('ns/a', false);
    lag.settled('ns/a', true);
    assert.deepEqual(observed, []);
  });

  it('keeps keys apart and forgets those that are gone', async () => {
    lag.seen('ns/a');
    lag.seen('ns/b');
    await clock.advance(10);
    lag.forget('ns/a');
    lag.settled('ns/a', true);
    lag.settled('ns/b', true);
    assert.deepEqual(observed, [10]);
  });
});
