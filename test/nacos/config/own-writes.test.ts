import assert from 'node:assert/strict';
import { afterRead, isStale, OwnWrites } from '../../../operator/nacos/config/own-writes.ts';
import type { OwnWrite, ReadVersion } from '../../../operator/nacos/config/own-writes.ts';
import { FakeClock } from '../../fake-clock.ts';

const write = (change: Partial<OwnWrite> = {}): OwnWrite => ({
  md5: 'new',
  before: ['old'],
  floorMs: 1_000,
  wasSeen: false,
  writtenAtMs: 0,
  ...change,
});

/** [what, the read, the note, whether the read is stale] */
const cases: [string, ReadVersion, OwnWrite, boolean][] = [
  ['our own write', { md5: 'new', lastModifiedMs: 1_500 }, write(), false],
  ['our own write, in the second of the one before', { md5: 'new', lastModifiedMs: 1_000 }, write(), false],
  ['what we replaced', { md5: 'old', lastModifiedMs: 1_000 }, write(), true],
  ['what we replaced, with a time that a coarse clock moved on', { md5: 'old', lastModifiedMs: 2_000 }, write(), true],
  ['something older than what we replaced', { md5: 'older', lastModifiedMs: 500 }, write(), true],
  ["another's write after ours", { md5: 'other', lastModifiedMs: 2_000 }, write(), false],
  ["another's write of the same second", { md5: 'other', lastModifiedMs: 1_000 }, write(), true],
  [
    "another's write, the floor being unknown",
    { md5: 'other', lastModifiedMs: 2_000 },
    write({ floorMs: undefined }),
    true,
  ],
  ['nothing, after a publish', { md5: '' }, write(), true],
  ['nothing, after our creation', { md5: '' }, write({ before: [''] }), true],
  ['nothing, after our removal', { md5: '' }, write({ md5: '' }), false],
  ['what we removed', { md5: 'old', lastModifiedMs: 1_000 }, write({ md5: '' }), true],
  ['a new creation after our removal', { md5: 'other', lastModifiedMs: 2_000 }, write({ md5: '' }), false],
  ['an earlier write of ours', { md5: 'mine', lastModifiedMs: 1_500 }, write({ before: ['old', 'mine'] }), true],
  [
    'an older version on another node, ours having been seen',
    { md5: 'old', lastModifiedMs: 1_000 },
    write({ wasSeen: true, floorMs: 1_500 }),
    true,
  ],
  [
    'the old content, put back by another after ours was seen',
    { md5: 'old', lastModifiedMs: 2_000 },
    write({ wasSeen: true, floorMs: 1_500 }),
    false,
  ],
];

describe('a read after a write of our own', () => {
  for (const [what, read, note, expected] of cases) {
    it(`is ${expected ? 'stale' : 'believed'} when it shows ${what}`, () =>
      assert.equal(isStale(read, note), expected));
  }

  it('raises the floor to the time of the write once it shows it', () => {
    const seen = afterRead({ md5: 'new', lastModifiedMs: 1_500 }, write());
    assert.deepEqual([seen.wasSeen, seen.floorMs], [true, 1_500]);
  });

  it('proves nothing when the same content was there before', () => {
    const note = write({ before: ['old', 'new'] });
    assert.equal(afterRead({ md5: 'new', lastModifiedMs: 900 }, note), note);
    assert.equal(afterRead({ md5: 'new', lastModifiedMs: 1_500 }, note).wasSeen, true);
  });
});

describe('the notes of own writes', () => {
  const key = { namespaceId: '', group: 'g', dataId: 'd' };

  it('remember all that a read may still show', () => {
    const notes = new OwnWrites(new FakeClock());
    notes.record(key, 'one', { md5: 'zero', lastModifiedMs: 1_000, isProven: true });
    notes.record(key, 'two', { md5: 'one', lastModifiedMs: 9_999, isProven: true });
    assert.deepEqual(notes.get(key)?.before, ['zero', 'one']);
    assert.equal(notes.get(key)?.floorMs, 1_000, "our own clock's time of the first write is no floor");
  });

  it('know no floor when the write did not prove what it replaced', () => {
    const notes = new OwnWrites(new FakeClock());
    notes.record(key, 'one', { md5: 'zero', lastModifiedMs: 1_000, isProven: false });
    assert.equal(notes.get(key)?.floorMs, undefined);
  });

  it('take the two names of the public namespace for one', () => {
    const notes = new OwnWrites(new FakeClock());
    notes.record({ ...key, namespaceId: 'public' }, 'one', undefined);
    assert.equal(notes.get(key)?.md5, 'one');
  });

  it('go after five minutes', async () => {
    const clock = new FakeClock();
    const notes = new OwnWrites(clock);
    notes.record(key, 'one', undefined);
    await clock.advance(5 * 60_000 + 1);
    notes.record({ ...key, dataId: 'other' }, 'two', undefined);
    assert.equal(notes.get(key), undefined);
  });
});
