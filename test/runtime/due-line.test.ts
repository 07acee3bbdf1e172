import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DueLine } from '../../operator/runtime/due-line.ts';

describe('a line of keys that are due later', () => {
  it('hands out nothing before it is due', () => {
    const line = new DueLine<string>();
    line.set('a', 10, 'x');
    assert.equal(line.shift(9), undefined);
    assert.equal(line.firstMs, 10);
    assert.equal(line.shift(10)?.key, 'a');
    assert.equal(line.firstMs, undefined);
    assert.equal(line.shift(10), undefined);
  });

  it('is in the order of due times, then of arrival, whatever is put elsewhere or removed', () => {
    const change = fc.record({ key: fc.nat(12).map(String), dueMs: fc.nat(9), isRemoval: fc.boolean() });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const line = new DueLine<number>();
        const expected = new Map<string, number>();
        for (const { key, dueMs, isRemoval } of changes) {
          expected.delete(key);
          if (isRemoval) line.remove(key);
          else line.set(key, dueMs, dueMs);
          if (!isRemoval) expected.set(key, dueMs);
        }
        const keys: string[] = [];
        for (let due = line.shift(9); due; due = line.shift(9)) keys.push(due.key);
        const sorted = [...expected].sort(([, a], [, b]) => a - b).map(([key]) => key);
        assert.deepEqual(keys, sorted);
      }),
    );
  });
});
