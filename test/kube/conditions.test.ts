import assert from 'node:assert/strict';
import { findCondition, setCondition } from '../../operator/kube/conditions.ts';
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
