import assert from 'node:assert/strict';
import { RequestLimiter } from '../../../operator/nacos/transport/request-limiter.ts';
import { settle } from '../../fake-clock.ts';

describe('the request limiter', () => {
  const never = new AbortController().signal;

  it('runs no more than its limit at a time, in order, also after failures', async () => {
    const limiter = new RequestLimiter(2);
    const started: number[] = [];
    const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
    const runs = gates.map((gate, index) =>
      limiter.run(() => {
        started.push(index);
        return gate.promise;
      }, never),
    );
    const outcomes = Promise.allSettled(runs);
    await settle();
    assert.deepEqual(started, [0, 1]);
    gates[1]?.reject(new Error('failed'));
    await settle();
    assert.deepEqual(started, [0, 1, 2]);
    for (const gate of gates) gate.resolve();
    assert.deepEqual(
      (await outcomes).map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
    );
    assert.deepEqual(started, [0, 1, 2, 3]);
  });

  it('never runs what was given up while it waited', async () => {
    const limiter = new RequestLimiter(1);
    const gate = Promise.withResolvers<void>();
    const first = limiter.run(() => gate.promise, never);
    const giving = new AbortController();
    const second = limiter.run(() => assert.fail('it ran'), giving.signal);
    giving.abort(new Error('enough'));
    await assert.rejects(second, /enough/);
    gate.resolve();
    await first;
    assert.equal(await limiter.run(async () => 'free', never), 'free');
  });
});
