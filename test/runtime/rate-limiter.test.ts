import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { RateLimiter } from '../../operator/runtime/rate-limiter.ts';
import { FakeClock } from '../fake-clock.ts';

describe('rate limiter', () => {
  it('doubles the delay of a key up to its limit, apart from other keys', () => {
    const limiter = new RateLimiter({ clock: new FakeClock(), maxMs: 3000, random: () => 0 });
    assert.deepEqual(
      [1, 2, 3, 4, 5].map(() => limiter.nextMs('a')),
      [500, 1000, 2000, 3000, 3000],
    );
    assert.equal(limiter.nextMs('b'), 500);
    assert.equal(limiter.retries('a'), 5);
    limiter.forget('a');
    assert.equal(limiter.retries('a'), 0);
    assert.equal(limiter.nextMs('a'), 500);
  });

  it('spreads many keys that fail together over the time that the bucket allows', async () => {
    const clock = new FakeClock();
    const limiter = new RateLimiter({ clock, retriesPerSecond: 10, burst: 100, random: () => 0 });
    const delays = Array.from({ length: 200 }, (_, index) => limiter.nextMs(`key-${index}`));
    assert.equal(Math.max(...delays.slice(0, 105)), 500);
    assert.equal(delays[199], 10_000);
    await clock.advance(20_000);
    assert.equal(limiter.nextMs('later'), 500, 'the bucket is filled again');
  });

  it('lets the failures of one lane delay no other', () => {
    const lane = (key: string) => key.slice(0, 1);
    const limiter = new RateLimiter({ clock: new FakeClock(), random: () => 0, lane });
    for (let index = 0; index < 1000; index += 1) limiter.nextMs(`a${index}`);
    assert.ok(limiter.nextMs('a') > 80_000);
    assert.equal(limiter.nextMs('b'), 500);
  });

  it('never waits less than half of the delay nor more than all of it', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.double({ min: 0, max: 0.999, noNaN: true }), (failures, random) => {
        const limiter = new RateLimiter({ clock: new FakeClock(), burst: 1000, random: () => random });
        for (let failure = 0; failure < failures; failure++) limiter.nextMs('a');
        const delayMs = limiter.nextMs('a');
        const fullMs = Math.min(500 * 2 ** failures, 300_000);
        assert.ok(delayMs >= fullMs / 2 && delayMs <= fullMs);
      }),
    );
  });
});
