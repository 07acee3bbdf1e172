import assert from 'node:assert/strict';
import { mustHold, type Removal } from '../../../operator/config-sync/bulk/deletion-guard.ts';
import { RecentRemovals } from '../../../operator/config-sync/bulk/recent-removals.ts';
import { Settling } from '../../../operator/config-sync/bulk/settling.ts';
import { FakeClock } from '../../fake-clock.ts';

const cases: { title: string; removal: Partial<Removal>; holds: boolean }[] = [
  { title: 'nothing to remove', removal: { managed: 100 }, holds: false },
  { title: 'half of ten', removal: { managed: 10, wanted: 5 }, holds: false },
  { title: 'more than half of ten', removal: { managed: 10, wanted: 6 }, holds: true },
  { title: 'all of nine', removal: { managed: 9, wanted: 9 }, holds: false },
  { title: 'one by one, the last of a half', removal: { managed: 6, wanted: 1, recent: 4 }, holds: false },
  { title: 'one by one, the first beyond a half', removal: { managed: 5, wanted: 1, recent: 5 }, holds: true },
  { title: 'what it held before', removal: { managed: 100, wanted: 1, wasHeld: true }, holds: true },
  { title: 'nothing any more of what it held before', removal: { managed: 100, wasHeld: true }, holds: false },
  { title: 'what is confirmed', removal: { managed: 10, wanted: 10, wasHeld: true, isConfirmed: true }, holds: false },
];

describe('the guard against mass deletion', () => {
  for (const { title, removal, holds } of cases) {
    it(`${holds ? 'holds' : 'lets go'}: ${title}`, () => {
      const nothing = { managed: 0, wanted: 0, recent: 0, wasHeld: false, isConfirmed: false };
      assert.equal(mustHold({ ...nothing, ...removal }), holds);
    });
  }

  it('takes a minute for one moment', async () => {
    const clock = new FakeClock();
    const removals = new RecentRemovals(clock);
    for (let left = 20; left > 10; left -= 1) {
      assert.equal(removals.holds(left, 1, false), false);
      removals.removed();
    }
    assert.equal(removals.holds(10, 1, false), true);
    assert.equal(removals.holds(10, 0, false), false);
    await clock.advance(61_000);
    assert.equal(removals.holds(10, 1, false), false);
  });
});

describe('what has just gone', () => {
  it('is settled after a moment, and not at all when it comes back', async () => {
    const clock = new FakeClock();
    const settling = new Settling(clock);
    settling.unwanted('a');
    await clock.advance(600);
    settling.unwanted('a');
    settling.unwanted('b');
    assert.deepEqual([settling.isSettled('a'), settling.nextMs], [false, 400]);
    await clock.advance(400);
    assert.deepEqual([settling.isSettled('a'), settling.isSettled('b'), settling.nextMs], [true, false, 600]);
    settling.wanted('b');
    assert.deepEqual([settling.names(), settling.nextMs], [['a'], undefined]);
  });

  it('is come back for when it settles just after it was asked about', async () => {
    const clock = new FakeClock();
    const settling = new Settling(clock);
    settling.unwanted('a');
    await clock.advance(999);
    assert.equal(settling.isSettled('a'), false);
    await clock.advance(1);
    assert.equal(settling.nextMs, 0);
    assert.deepEqual([settling.isSettled('a'), settling.nextMs], [true, undefined]);
  });
});
