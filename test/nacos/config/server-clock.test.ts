import assert from 'node:assert/strict';
import { ServerClock } from '../../../operator/nacos/config/server-clock.ts';

/** How much the server's clock is ahead. */
const aheadMs = 1_000_000;

describe("what is known of a server's clock", () => {
  let clock: ServerClock;
  /** A write that the server stores, and whose answer takes so long from then on. */
  const learn = (storedMs: number, answerMs: number): void => clock.learn(storedMs + aheadMs, storedMs + answerMs);
  const isBefore = (storedMs: number, answerMs: number): boolean =>
    clock.isBefore(storedMs + aheadMs, storedMs + answerMs);
  beforeEach(() => {
    clock = new ServerClock();
  });

  it('is nothing at first', () => {
    assert.equal(isBefore(0, 5), false);
  });

  it('tells our own write from whatever came after the answer, however soon', () => {
    learn(0, 5);
    assert.equal(isBefore(1_000, 5), true);
    assert.equal(isBefore(1_000, 300), true);
    for (const laterMs of [0, 1, 200, 60_000]) {
      assert.equal(clock.isBefore(1_000 + laterMs + aheadMs, 1_000), false, `${laterMs} ms after the answer`);
    }
  });

  it('takes an answer that was quicker than all before for that of another, until it knows better', () => {
    learn(0, 300);
    assert.equal(isBefore(1_000, 5), false);
    learn(1_000, 5);
    assert.equal(isBefore(2_000, 5), true);
    assert.equal(isBefore(2_000, 300), true);
  });

  it('is forgotten when it is old: the server has set its clock back by a second', () => {
    const minuteMs = 60_000;
    learn(0, 5);
    const editMs = 500 + aheadMs - 1_000;
    assert.equal(clock.isBefore(9 * minuteMs + editMs, 9 * minuteMs), true);
    for (const later of [11, 22]) clock.learn(later * minuteMs + aheadMs - 1_000, later * minuteMs + 5);
    assert.equal(clock.isBefore(22 * minuteMs + editMs, 22 * minuteMs), false);
  });

  it('is forgotten as well after a long time without a write', () => {
    learn(0, 5);
    learn(3_600_000, 300);
    assert.equal(isBefore(3_600_500, 5), false);
  });
});
