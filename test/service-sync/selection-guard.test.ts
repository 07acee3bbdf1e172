import assert from 'node:assert/strict';
import { SelectionGuard } from '../../operator/service-sync/selection-guard.ts';
import { FakeClock } from '../fake-clock.ts';

/** A selector over Services `s0` to `s<count>`, and what becomes of those that it drops. */
class Selector {
  readonly clock = new FakeClock();
  readonly guard = new SelectionGuard(this.clock);
  readonly existing: Set<string>;
  readonly selected: Set<string>;
  readonly managed: Set<string>;
  isConfirmed = false;

  constructor(count: number) {
    const keys = Array.from({ length: count }, (_, index) => `s${index}`);
    [this.existing, this.selected, this.managed] = [new Set(keys), new Set(keys), new Set(keys)];
  }

  /** Drops Services one after another, as `kubectl label` does; returns how many are published on. */
  drop(count: number): number {
    for (const key of [...this.selected].slice(0, count)) {
      this.selected.delete(key);
      this.settle();
    }
    return this.managed.size;
  }

  settle(): readonly string[] {
    const held = this.guard.held('e', {
      existing: (key) => this.existing.has(key),
      isSelected: (key) => this.selected.has(key),
      managed: [...this.managed],
      isConfirmed: this.isConfirmed,
    });
    for (const key of this.managed) if (!this.selected.has(key) && !held.includes(key)) this.managed.delete(key);
    return held;
  }
}

describe('the guard of a selector', () => {
  const cases: [string, number, number, number][] = [
    ['lets half go', 10, 5, 5],
    ['holds what comes after the half', 10, 6, 5],
    ['holds the rest when everything is dropped', 12, 12, 6],
    ['lets all go below ten', 9, 9, 0],
    ['holds nothing when nothing is dropped', 10, 0, 10],
  ];
  for (const [title, managed, dropped, left] of cases) {
    it(title, () => assert.equal(new Selector(managed).drop(dropped), left));
  }

  it('holds all that is dropped at once', () => {
    const selector = new Selector(12);
    selector.selected.clear();
    assert.equal(selector.settle().length, 12);
  });

  it('counts what was published for long before it was dropped', async () => {
    const selector = new Selector(12);
    await selector.clock.advance(3_600_000);
    assert.equal(selector.drop(12), 6);
  });

  it('goes on holding when time passes', async () => {
    const selector = new Selector(12);
    selector.drop(12);
    await selector.clock.advance(600_000);
    assert.equal(selector.settle().length, 6);
  });

  it('lets go what is confirmed', () => {
    const selector = new Selector(12);
    selector.drop(12);
    selector.isConfirmed = true;
    assert.deepEqual(selector.settle(), []);
    assert.equal(selector.managed.size, 0);
  });

  it('ends when the Services are selected again', () => {
    const selector = new Selector(12);
    selector.drop(12);
    for (const key of selector.managed) selector.selected.add(key);
    assert.deepEqual(selector.settle(), []);
  });

  it('does not hold what is dropped slowly, on purpose', async () => {
    const selector = new Selector(12);
    for (let round = 0; round < 12; round += 1) {
      selector.drop(1);
      await selector.clock.advance(61_000);
      selector.settle();
    }
    assert.equal(selector.managed.size, 0);
  });

  it('does not hold what is deleted', () => {
    const selector = new Selector(12);
    selector.existing.clear();
    selector.selected.clear();
    assert.deepEqual(selector.settle(), []);
  });
});
