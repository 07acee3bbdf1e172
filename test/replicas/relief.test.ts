import assert from 'node:assert/strict';
import { entryOf, initialState, publishes, transition } from '../../operator/replicas/relief.ts';
import type { ReplicaEntry, ReplicaEvent, ReplicaState } from '../../operator/replicas/relief.ts';

const lost = (identity: string, epoch: string, ...connections: string[]): ReplicaEntry => ({
  identity,
  kubernetes: 'Lost',
  epoch,
  relieves: [],
  connections,
});
const synced = (identity: string, ...relieves: string[]): ReplicaEntry => ({
  identity,
  kubernetes: 'Synced',
  epoch: '',
  relieves,
  connections: [],
});
const entries = (nowMs: number, ...list: ReplicaEntry[]): ReplicaEvent => ({ kind: 'entries', entries: list, nowMs });
const renewed = (begunMs: number): ReplicaEvent => ({ kind: 'renewed', begunMs });
const listed = (begunMs: number): ReplicaEvent => ({ kind: 'listed', begunMs });
const confirmed: ReplicaEvent = { kind: 'confirmed', lacking: new Set() };
const confirmedBut = (...lacking: string[]): ReplicaEvent => ({ kind: 'confirmed', lacking: new Set(lacking) });
const done = [renewed(11), listed(11)];
const disconnected: ReplicaEvent = { kind: 'disconnected' };
const lose = (epoch: string): ReplicaEvent => ({ kind: 'lost', epoch });

interface Row {
  readonly title: string;
  readonly events: readonly ReplicaEvent[];
  /** What it says of itself then. */
  readonly says: ReplicaEntry;
  /** @default true */
  readonly publishes?: boolean;
}

const relief = [entries(10, lost('b', '1')), renewed(11), listed(11), confirmed];

const rows: readonly Row[] = [
  { title: 'a sighted replica alone relieves nobody', events: [renewed(1), listed(1), confirmed], says: synced('a') },
  { title: 'a blind peer is relieved after renewal, list and confirmation', events: relief, says: synced('a', 'b/1') },
  {
    title: 'a renewal that began before the blind peer was seen does not count',
    events: [entries(10, lost('b', '1')), renewed(9), listed(11), confirmed],
    says: synced('a'),
  },
  {
    title: 'a list that began before the blind peer was seen does not count',
    events: [entries(10, lost('b', '1')), renewed(11), listed(9), confirmed],
    says: synced('a'),
  },
  {
    title: 'nobody is relieved before everything is confirmed',
    events: [entries(10, lost('b', '1')), renewed(11), listed(11)],
    says: synced('a'),
  },
  {
    title: 'a confirmation from before the list does not count',
    events: [entries(10, lost('b', '1')), confirmed, renewed(11), listed(11)],
    says: synced('a'),
  },
  {
    title: 'a peer that is synced again is not named',
    events: [...relief, entries(20, synced('b'))],
    says: synced('a'),
  },
  {
    title: 'a peer is not named while what it has over one of its connections is not ours to publish',
    events: [entries(10, lost('b', '1', 'c1', 'c2')), ...done, confirmedBut('c2')],
    says: synced('a'),
  },
  {
    title: 'a peer is named though a connection that it has not cannot be used',
    events: [entries(10, lost('b', '1', 'c1')), ...done, confirmedBut('c2')],
    says: synced('a', 'b/1'),
  },
  {
    title: 'a peer with more connections than it can say is not named while any cannot be used',
    events: [entries(10, lost('b', '1', 'c1', '*')), ...done, confirmedBut('c2')],
    says: synced('a'),
  },
  {
    title: 'a peer with more connections than it can say is named when all are confirmed',
    events: [entries(10, lost('b', '1', 'c1', '*')), ...done, confirmed],
    says: synced('a', 'b/1'),
  },
  { title: 'a peer that is gone is not named', events: [...relief, entries(20)], says: synced('a') },
  {
    title: 'a peer that was lost again must be relieved anew',
    events: [...relief, entries(20, lost('b', '2')), confirmed],
    says: synced('a'),
  },
  {
    title: 'the same entries again change nothing',
    events: [...relief, entries(20, lost('b', '1'))],
    says: synced('a', 'b/1'),
  },
  { title: 'a lost connection relieves nobody', events: [...relief, disconnected], says: synced('a') },
  {
    title: 'a lost connection that was made good relieves again',
    events: [...relief, disconnected, confirmed],
    says: synced('a', 'b/1'),
  },
  { title: 'a blind replica goes on publishing', events: [lose('1')], says: lost('a', '1') },
  { title: 'a blind replica relieves nobody', events: [...relief, lose('1')], says: lost('a', '1') },
  {
    title: 'a blind replica that is named closes',
    events: [lose('1'), entries(10, synced('b', 'a/1'))],
    says: lost('a', '1'),
    publishes: false,
  },
  {
    title: 'a name of an earlier epoch closes nothing',
    events: [lose('2'), entries(10, synced('b', 'a/1'))],
    says: lost('a', '2'),
  },
  {
    title: 'a name in the entry of a blind replica closes nothing',
    events: [lose('1'), entries(10, { ...lost('b', '1'), relieves: ['a/1'] })],
    says: lost('a', '1'),
  },
  {
    title: 'a sighted replica that is named goes on publishing',
    events: [entries(10, synced('b', 'a/'))],
    says: synced('a'),
  },
  {
    title: 'a relieved replica publishes again when the one that named it is gone',
    events: [lose('1'), entries(10, synced('b', 'a/1')), entries(20)],
    says: lost('a', '1'),
  },
  {
    title: 'a relieved replica publishes again when the one that named it is blind too',
    events: [lose('1'), entries(10, synced('b', 'a/1')), entries(20, lost('b', '1'))],
    says: lost('a', '1'),
  },
  {
    title: 'a relieved replica stays closed while one of two names it',
    events: [lose('1'), entries(10, synced('b', 'a/1'), synced('c', 'a/1')), entries(20, synced('c', 'a/1'))],
    says: lost('a', '1'),
    publishes: false,
  },
  {
    title: 'a relieved replica publishes again when it is synced',
    events: [lose('1'), entries(10, synced('b', 'a/1')), { kind: 'synced' }],
    says: { ...synced('a'), epoch: '1' },
  },
];

describe('the relief of blind replicas', () => {
  for (const { title, events, says, publishes: isPublishing = true } of rows) {
    it(title, () => {
      const state = events.reduce<ReplicaState>((before, event) => transition(before, event, 'a'), initialState);
      assert.deepEqual(entryOf(state, 'a', []), says);
      assert.equal(publishes(state), isPublishing);
    });
  }

  it('returns the state itself when nothing changed', () => {
    const sighted = relief.reduce<ReplicaState>((before, event) => transition(before, event, 'a'), initialState);
    for (const event of [...relief, { kind: 'synced' } as const])
      assert.equal(transition(sighted, event, 'a'), sighted);
  });
});
