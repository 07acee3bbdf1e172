import assert from 'node:assert/strict';
import { median, percentile, slowdown, table } from './figure.ts';
import type { Figure } from './figure.ts';

const rate: Figure = { name: 'publish rate', unit: 'configs/s', operator: 100, bare: 250, better: 'more' };
const latency: Figure = { name: 'latency', unit: 'ms', operator: 30, bare: 20, better: 'less' };

describe('a figure', () => {
  it('says how many times slower the operator is, whichever way is better', () => {
    assert.equal(slowdown(rate), 2.5);
    assert.equal(slowdown(latency), 1.5);
  });

  it('is a row of a table with a heading', () => {
    assert.deepEqual(table([rate, latency]).split('\n'), [
      'figure        operator  bare client  unit       slower by',
      'publish rate       100          250  configs/s     2.50 x',
      'latency           30.0         20.0  ms            1.50 x',
    ]);
  });
});

describe('a percentile', () => {
  it('is the value of the nearest rank', () => {
    const values = Array.from({ length: 100 }, (_, index) => 100 - index);
    assert.equal(percentile(values, 0.5), 50);
    assert.equal(percentile(values, 0.99), 99);
    assert.equal(median([3]), 3);
  });
});
