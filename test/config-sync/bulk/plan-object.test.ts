import assert from 'node:assert/strict';
import { planObject, type Claim, type ObjectInput } from '../../../operator/config-sync/bulk/plan-object.ts';
import type { ConfigObservation } from '../../../operator/nacos/config/config-snapshot.ts';

const present = (content: string): ConfigObservation => ({
  kind: 'present',
  snapshot: { content, md5: `md5 of ${content}` },
});
const absent: ConfigObservation = { kind: 'absent' };
const claim = (dataId: string, observation: ConfigObservation | undefined): Claim => ({
  config: { group: 'g', dataId },
  observation,
});

interface Case {
  title: string;
  /** What differs from: a ConfigMap, nothing there, syncDeletion, complete, everything may go. */
  input: Partial<Omit<ObjectInput, 'claims'>> & { claims?: Record<string, Claim[]> };
  /** Keys and texts, then what goes and what will go; undefined when nothing is decided. */
  plan: [entries: Record<string, string>, dropped: string[], leaving: string[]] | undefined;
  outcomes?: Record<string, string>;
}

const cases: Case[] = [
  {
    title: 'holds what Nacos holds',
    input: { claims: { a: [claim('a', present('1'))] } },
    plan: [{ a: '1' }, [], []],
    outcomes: { a: 'synced' },
  },
  { title: 'waits for what was not read', input: { claims: { a: [claim('a', undefined)] } }, plan: undefined },
  {
    title: 'holds the first of several, and tells the others',
    input: { claims: { a: [claim('y', present('2')), claim('x', present('1'))] } },
    plan: [{ a: '1' }, [], []],
    outcomes: { x: 'synced', y: 'skipped' },
  },
  {
    title: 'holds the one that exists',
    input: { claims: { a: [claim('x', absent), claim('y', present('2'))] } },
    plan: [{ a: '2' }, [], []],
    outcomes: { y: 'synced' },
  },
  {
    title: 'drops a key whose dataId was removed',
    input: { claims: { a: [claim('a', absent)] }, existing: { a: '1' }, isComplete: false },
    plan: [{}, ['a'], []],
  },
  {
    title: 'keeps it without syncDeletion',
    input: { claims: { a: [claim('a', absent)] }, existing: { a: '1' }, syncDeletion: false },
    plan: [{ a: '1' }, [], []],
  },
  {
    title: 'keeps it for now while it may not go',
    input: { claims: { a: [claim('a', absent)] }, existing: { a: '1' }, mayDrop: () => false },
    plan: [{ a: '1' }, [], ['a']],
  },
  {
    title: 'keeps a key without a dataId while not all are known',
    input: { existing: { a: '1' }, isComplete: false },
    plan: [{ a: '1' }, [], []],
  },
  { title: 'drops it when all are known', input: { existing: { a: '1' } }, plan: [{}, ['a'], []] },
  {
    title: 'decodes what is in Base64 for a Secret',
    input: { kind: 'Secret', encoding: 'Base64', claims: { a: [claim('a', present('c2VzYW1l'))] } },
    plan: [{ a: 'sesame' }, [], []],
    outcomes: { a: 'synced' },
  },
  {
    title: 'keeps what a Secret holds when its dataId is not Base64 of text',
    input: {
      kind: 'Secret',
      encoding: 'Base64',
      claims: { a: [claim('a', present('päss'))], b: [claim('b', present('/w=='))] },
      existing: { a: 'old' },
    },
    plan: [{ a: 'old' }, [], []],
    outcomes: { a: 'invalid', b: 'invalid' },
  },
];

describe('the plan for a mirrored object', () => {
  for (const { title, input, plan, outcomes = {} } of cases) {
    it(title, () => {
      const made = planObject({
        kind: 'ConfigMap',
        encoding: 'Text',
        existing: {},
        syncDeletion: true,
        isComplete: true,
        mayDrop: () => true,
        ...input,
        claims: new Map(Object.entries(input.claims ?? {})),
      });
      assert.deepEqual(made && [made.entries, made.dropped, made.leaving], plan);
      const states = made?.outcomes.map(([{ dataId }, { state }]) => [dataId, state]) ?? [];
      assert.deepEqual(Object.fromEntries(states), outcomes);
    });
  }
});
