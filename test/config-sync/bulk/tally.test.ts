import assert from 'node:assert/strict';
import fc from 'fast-check';
import { PENDING, Tally, type Outcome } from '../../../operator/config-sync/bulk/tally.ts';

const synced = (md5: string): Outcome => ({ state: 'synced', reason: '', message: '', md5 });
const bad = (state: Outcome['state'], reason: string): Outcome => ({ state, reason, message: reason, md5: undefined });
const place = {};

describe('the tally of items', () => {
  it('counts each item in its last state', () => {
    const tally = new Tally();
    assert.equal(tally.set('a', { outcome: PENDING, place }), true);
    assert.equal(tally.set('a', { outcome: synced('1'), place }), true);
    assert.equal(tally.set('a', { outcome: synced('1'), place }), false);
    tally.set('b', { outcome: bad('conflict', 'Conflict'), place });
    const { synced: good, conflict, pending } = tally.counts;
    assert.deepEqual([tally.total, good, conflict, pending], [2, 1, 1, 0]);
    assert.deepEqual([tally.delete('b'), tally.delete('b'), tally.total], [true, false, 1]);
  });

  it('tells the worst problems first', () => {
    const tally = new Tally();
    tally.set('d', { outcome: bad('skipped', 'IllegalName'), place });
    tally.set('c', { outcome: bad('invalid', 'InvalidContent'), place });
    tally.set('b', { outcome: bad('conflict', 'Conflict'), place: { key: 'b' } });
    tally.set('a', { outcome: bad('conflict', 'NotOwned'), place });
    tally.set('x', { outcome: synced('1'), place });
    assert.deepEqual(
      tally.worst(3).map(({ reason }) => reason),
      ['NotOwned', 'Conflict', 'InvalidContent'],
    );
    assert.equal(tally.worst(3)[1]?.key, 'b');
  });

  it('has one digest for equal items, in whatever order they came and went', () => {
    const state = fc.uniqueArray(fc.tuple(fc.string(), fc.string()), { selector: ([id]) => id });
    fc.assert(
      fc.property(state, state, (items, passing) => {
        const [one, other] = [new Tally(), new Tally()];
        for (const [id, md5] of items) one.set(id, { outcome: synced(md5), place });
        for (const [id, md5] of passing) other.set(id, { outcome: synced(md5), place });
        for (const [id] of passing) other.delete(id);
        for (const [id, md5] of items.toReversed()) other.set(id, { outcome: synced(md5), place });
        assert.equal(one.digest, other.digest);
        assert.match(one.digest, /^[0-9a-f]{16}$/);
      }),
    );
  });

  it('has another digest for other content', () => {
    const digestOf = (md5: string) => {
      const tally = new Tally();
      tally.set('a', { outcome: synced(md5), place });
      return tally.digest;
    };
    assert.notEqual(digestOf('1'), digestOf('2'));
  });
});
