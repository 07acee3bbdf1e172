import assert from 'node:assert/strict';
import { CONFIRM_DELETION_ANNOTATION } from '../../../operator/api/names.ts';
import { Leaving } from '../../../operator/config-sync/bulk/leaving.ts';
import { FakeClock } from '../../fake-clock.ts';
import { syncOf } from './samples.ts';

const sync = syncOf();
const confirmed = {
  ...sync,
  metadata: { ...sync.metadata, annotations: { [CONFIRM_DELETION_ANNOTATION]: 'true' } },
};

/** `gone` went just now, `leaving` are to go, of `managed` that are there. */
const cases: { title: string; gone?: number; leaving: number; managed: number; by?: typeof sync; held: number }[] = [
  { title: 'nothing', leaving: 0, managed: 100, held: 0 },
  { title: 'half of ten', leaving: 5, managed: 10, held: 0 },
  { title: 'more than half of ten', leaving: 6, managed: 10, held: 6 },
  { title: 'all of nine', leaving: 9, managed: 9, held: 0 },
  { title: 'the last of a half that goes one by one', gone: 4, leaving: 1, managed: 6, held: 0 },
  { title: 'the first beyond a half that goes one by one', gone: 5, leaving: 1, managed: 5, held: 1 },
  { title: 'what is confirmed', leaving: 10, managed: 10, by: confirmed, held: 0 },
];

function leavingOf(clock: FakeClock, count: number, gone = 0): Leaving {
  const leaving = new Leaving(clock);
  for (let index = 0; index < gone; index += 1) leaving.gone(`gone ${index}`);
  leaving.replace(Array.from({ length: count }, (_, index) => `leaving ${index}`));
  return leaving;
}

describe('the guard against mass deletion', () => {
  for (const { title, gone, leaving: count, managed, by = sync, held } of cases) {
    it(`${held > 0 ? 'holds' : 'lets go'}: ${title}`, async () => {
      const clock = new FakeClock();
      const leaving = leavingOf(clock, count, gone);
      await clock.advance(1000);
      leaving.guard(by, () => managed);
      assert.deepEqual([leaving.held, leaving.mayGo('leaving 0')], [held, count > 0 && held === 0]);
    });
  }

  it('holds on until nothing is to go any more, or it is confirmed', () => {
    for (const end of ['wanted again', 'confirmed']) {
      const leaving = leavingOf(new FakeClock(), 6);
      leaving.guard(sync, () => 10);
      leaving.guard(sync, () => 100);
      assert.equal(leaving.held, 6);
      if (end === 'wanted again') leaving.replace([]);
      leaving.guard(end === 'confirmed' ? confirmed : sync, () => 100);
      leaving.replace(['one']);
      leaving.guard(sync, () => 100);
      assert.equal(leaving.held, 0, end);
    }
  });

  it('keeps nobody waiting for what it holds, whether that was asked about before or not', async () => {
    const clock = new FakeClock();
    const leaving = leavingOf(clock, 6);
    leaving.guard(sync, () => 100);
    assert.deepEqual([leaving.mayGo('leaving 0'), leaving.nextMs], [false, 1000]);
    leaving.guard(sync, () => 10);
    await clock.advance(1000);
    assert.equal(leaving.nextMs, undefined);
  });

  it('remembers what went by a former spec, for a minute', async () => {
    const clock = new FakeClock();
    const goneMs: number[] = [];
    const former = new Leaving(clock, goneMs);
    for (let index = 0; index < 40; index += 1) former.gone(`gone ${index}`);
    const held = () => {
      const leaving = new Leaving(clock, goneMs);
      leaving.replace(Array.from({ length: 30 }, (_, index) => `leaving ${index}`));
      leaving.guard(sync, () => 60);
      return leaving.held;
    };
    assert.equal(held(), 30, '70 of 100 in one moment');
    await clock.advance(61_000);
    assert.equal(held(), 0, 'half of 60');
  });

  it('takes a minute for one moment', async () => {
    const clock = new FakeClock();
    const leaving = leavingOf(clock, 1, 10);
    leaving.guard(sync, () => 10);
    assert.equal(leaving.held, 1);
    leaving.replace([]);
    leaving.guard(sync, () => 10);
    await clock.advance(61_000);
    leaving.replace(['one']);
    leaving.guard(sync, () => 10);
    assert.equal(leaving.held, 0);
  });
});

describe('what has just gone', () => {
  it('is settled after a moment, and not at all when it comes back', async () => {
    const clock = new FakeClock();
    const leaving = new Leaving(clock);
    leaving.add('a');
    await clock.advance(600);
    leaving.replace(['a', 'b']);
    leaving.guard(sync, () => 10);
    assert.deepEqual([leaving.mayGo('a'), leaving.nextMs], [false, 400]);
    await clock.advance(400);
    leaving.guard(sync, () => 10);
    assert.deepEqual([leaving.mayGo('a'), leaving.mayGo('b'), leaving.nextMs], [true, false, 600]);
    leaving.replace(['a']);
    assert.deepEqual([leaving.ids(), leaving.nextMs], [['a'], undefined]);
    leaving.delete('a');
    assert.deepEqual([leaving.ids(), leaving.mayGo('a')], [[], false]);
  });

  it('is come back for when it settles just after it was asked about', async () => {
    const clock = new FakeClock();
    const leaving = new Leaving(clock);
    leaving.add('a');
    await clock.advance(999);
    leaving.guard(sync, () => 10);
    assert.equal(leaving.isSettled('a'), false);
    await clock.advance(1);
    assert.equal(leaving.nextMs, 0);
    leaving.guard(sync, () => 10);
    assert.deepEqual([leaving.isSettled('a'), leaving.nextMs], [true, undefined]);
  });
});
