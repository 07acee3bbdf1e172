import assert from 'node:assert/strict';
import { TokenBuckets } from '../../operator/kube/token-buckets.ts';
import { FakeClock } from '../fake-clock.ts';

describe('token buckets by key', () => {
  it('let the burst of each key through, and forget no key that has used some of it', async () => {
    const clock = new FakeClock();
    const buckets = new TokenBuckets({ burst: 2, refillMs: 1000, clock });
    const busy = ['a', 'a', 'a', 'b'].map((key) => buckets.take(key));
    assert.deepEqual(busy, [true, true, false, true]);
    for (let key = 0; key < 5000; key++) assert.ok(buckets.take(`other ${key}`));
    assert.equal(buckets.take('a'), false);
    await clock.advance(1000);
    for (let key = 5000; key < 9000; key++) assert.ok(buckets.take(`other ${key}`));
    assert.deepEqual([buckets.take('a'), buckets.take('a')], [true, false]);
  });
});
