import assert from 'node:assert/strict';
import { findCondition, setCondition, setVerdicts, timestamp, type Verdict } from '../../operator/kube/conditions.ts';
import type { Condition } from '../../operator/kube/conditions.ts';

const before = '2026-01-01T00:00:00Z';
const now = '2026-01-02T00:00:00Z';
const ready: Condition = {
  type: 'Ready',
  status: 'True',
  reason: 'InSync',
  message: 'all is well',
  observedGeneration: 3,
  lastTransitionTime: before,
};
const { lastTransitionTime: _, ...readyNow } = ready;

describe('setting a condition', () => {
  const rows: { title: string; change: Partial<Condition>; lastTransitionTime: string }[] = [
    { title: 'moves the transition time with the status', change: { status: 'False' }, lastTransitionTime: now },
    { title: 'keeps it when the reason changes', change: { reason: 'Other' }, lastTransitionTime: before },
    { title: 'keeps it when the message changes', change: { message: 'better' }, lastTransitionTime: before },
    { title: 'keeps it when the generation changes', change: { observedGeneration: 4 }, lastTransitionTime: before },
  ];
  for (const { title, change, lastTransitionTime } of rows) {
    it(title, () => {
      const conditions = setCondition([ready], { ...readyNow, ...change }, now);
      assert.deepEqual(conditions, [{ ...ready, ...change, lastTransitionTime }]);
    });
  }

  it('returns the very same array when nothing changes', () => {
    const conditions = [ready];
    assert.equal(setCondition(conditions, readyNow, now), conditions);
  });

  it('adds a new type at the end and leaves others in their places', () => {
    const other = { ...ready, type: 'Synced' };
    const conditions = setCondition([ready, other], { ...readyNow, type: 'Drifted' }, now);
    assert.deepEqual(conditions, [ready, other, { ...ready, type: 'Drifted', lastTransitionTime: now }]);
    assert.deepEqual(findCondition(conditions, 'Synced'), other);
    assert.equal(findCondition(undefined, 'Synced'), undefined);
  });

  it('cuts a message that the API server would refuse, and then finds it equal', () => {
    const long = { ...readyNow, message: 'x'.repeat(40_000) };
    const conditions = setCondition([], long, now);
    assert.equal(conditions[0]?.message.length, 32_768);
    assert.equal(setCondition(conditions, long, now), conditions);
  });
});

const good: Verdict = { status: 'True', reason: 'Fine', message: 'all is well' };
const bad: Verdict = { status: 'False', reason: 'Broken', message: 'it is not' };

describe('verdicts as conditions', () => {
  it('stand in the order given, with the time and the generation', () => {
    const conditions = setVerdicts([], { Ready: good, Synced: bad }, 3, 1500);
    assert.deepEqual(conditions, [
      { type: 'Ready', ...good, observedGeneration: 3, lastTransitionTime: '1970-01-01T00:00:01Z' },
      { type: 'Synced', ...bad, observedGeneration: 3, lastTransitionTime: '1970-01-01T00:00:01Z' },
    ]);
  });

  it('leave what is equal as it is, whatever the time', () => {
    const before = setVerdicts([], { Ready: good }, 1, 0);
    assert.equal(setVerdicts(before, { Ready: good }, 1, 99_000), before);
  });

  it('take away an aspect that does not apply any more, and leave those of others', () => {
    const before = setVerdicts([], { Ready: good, Drifted: bad, Other: good }, 1, 0);
    const types = setVerdicts(before, { Ready: good, Drifted: undefined }, 1, 0).map(({ type }) => type);
    assert.deepEqual(types, ['Ready', 'Other']);
  });
});

describe('a timestamp', () => {
  it('is RFC 3339 in whole seconds', () => {
    assert.equal(timestamp(Date.parse('2026-11-22T10:20:30.987Z')), '2026-11-22T10:20:30Z');
  });
});
