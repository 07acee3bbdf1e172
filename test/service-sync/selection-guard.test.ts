import assert from 'node:assert/strict';
import { heldServices } from '../../operator/service-sync/selection-guard.ts';

const keys = (count: number) => Array.from({ length: count }, (_, index) => `ns/s${index}`);

describe('the guard of a selector', () => {
  const cases: [string, number, number, boolean, number][] = [
    ['holds what would be dropped when that is more than half', 10, 4, false, 6],
    ['holds everything when nothing is selected any more', 12, 0, false, 12],
    ['lets half go', 10, 5, false, 0],
    ['lets all go below ten', 9, 0, false, 0],
    ['lets all go when it is confirmed', 100, 0, true, 0],
    ['holds nothing when nothing is dropped', 10, 10, false, 0],
  ];
  for (const [title, managed, selected, isConfirmed, held] of cases) {
    it(title, () => {
      assert.equal(heldServices(keys(managed), new Set(keys(selected)), isConfirmed).length, held);
    });
  }
});
