import assert from 'node:assert/strict';
import { NamespaceTime } from '../../../operator/config-sync/content/namespace-time.ts';
import { FakeClock } from '../../fake-clock.ts';

describe('the time of a namespace', () => {
  it('is a minute at once, and a tenth of what passes', async () => {
    const clock = new FakeClock();
    const time = new NamespaceTime(clock);
    for (let spent = 0; spent < 60; spent += 1) time.spend('a', 1_000, false);
    assert.equal(time.pauseMs('a'), 0);
    await clock.advance(100_000);
    time.spend('a', 10_000, false);
    assert.equal(time.pauseMs('a'), 0);
    time.spend('a', 1, false);
    assert.equal(time.pauseMs('a'), 5_000);
    assert.equal(time.pauseMs('b'), 0);
  });

  it('pauses for five minutes at most', () => {
    const time = new NamespaceTime(new FakeClock());
    for (let times = 0; times < 20; times += 1) time.spend('a', 1, true);
    assert.equal(time.pauseMs('a'), 300_000);
  });
});
