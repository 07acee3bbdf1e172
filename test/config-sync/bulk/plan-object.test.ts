import assert from 'node:assert/strict';
import { isToGo, planObject, type Claim, type Evidence } from '../../../operator/config-sync/bulk/plan-object.ts';
import type { ConfigObservation } from '../../../operator/nacos/index.ts';

const present = (content: string): ConfigObservation => ({
  kind: 'present',
  snapshot: { content, md5: `md5 of ${content}` },
});
const absent: ConfigObservation = { kind: 'absent' };
const claim = (key: string, dataId: string, observation: ConfigObservation | undefined): Claim => ({
  config: { group: 'g', dataId },
  ref: { kind: 'ConfigMap', name: 'object', key },
  observation,
});

interface Case {
  title: string;
  claims: Claim[];
  /** Whether it is a Secret whose texts are in Base64; else a ConfigMap. */
  isEncoded?: boolean;
  /** Undefined when nothing is decided. */
  texts: Record<string, string> | undefined;
  outcomes?: Record<string, string>;
}

const cases: Case[] = [
  {
    title: 'holds what Nacos holds',
    claims: [claim('a', 'a', present('1')), claim('b', 'b', present('2'))],
    texts: { a: '1', b: '2' },
    outcomes: { a: 'synced', b: 'synced' },
  },
  {
    title: 'waits for what was not read',
    claims: [claim('a', 'a', present('1')), claim('b', 'b', undefined)],
    texts: undefined,
  },
  {
    title: 'holds the first of several, and tells the others',
    claims: [claim('a', 'y', present('2')), claim('a', 'x', present('1'))],
    texts: { a: '1' },
    outcomes: { x: 'synced', y: 'skipped' },
  },
  {
    title: 'holds the one that exists',
    claims: [claim('a', 'x', absent), claim('a', 'y', present('2'))],
    texts: { a: '2' },
    outcomes: { y: 'synced' },
  },
  { title: 'has no text for a key whose dataId was removed', claims: [claim('a', 'a', absent)], texts: {} },
  { title: 'has no text without dataIds', claims: [], texts: {} },
  {
    title: 'holds keys that every object of JavaScript has',
    claims: [claim('__proto__', 'x', present('1')), claim('constructor', 'y', present('2'))],
    texts: Object.fromEntries([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]),
    outcomes: { x: 'synced', y: 'synced' },
  },
  {
    title: 'decodes what is in Base64 for a Secret',
    isEncoded: true,
    claims: [claim('a', 'a', present('c2VzYW1l'))],
    texts: { a: 'sesame' },
    outcomes: { a: 'synced' },
  },
  {
    title: 'has no text where the dataId of a Secret is not Base64 of text',
    isEncoded: true,
    claims: [claim('a', 'a', present('päss')), claim('b', 'b', present('/w=='))],
    texts: {},
    outcomes: { a: 'invalid', b: 'invalid' },
  },
];

describe('the plan for a mirrored object', () => {
  for (const { title, claims, isEncoded, texts, outcomes = {} } of cases) {
    it(title, () => {
      const plan = isEncoded ? planObject(claims, 'Secret', 'Base64') : planObject(claims, 'ConfigMap', 'Text');
      assert.deepEqual(plan?.texts, texts);
      const states = [...(plan?.outcomes ?? [])].map(([name, { state }]) => [name.replace('g ', ''), state] as const);
      assert.deepEqual(Object.fromEntries(states), outcomes);
    });
  }
});

describe('a key without a dataId', () => {
  const gone: Evidence = { syncDeletion: true, wasSeen: false, isInSync: true };
  const cases: [title: string, evidence: Partial<Evidence>, goes: boolean][] = [
    ['goes when everything else has its place', {}, true],
    ['stays without syncDeletion', { syncDeletion: false, wasSeen: true }, false],
    ['stays while not all dataIds are known, or another one has no key', { isInSync: false }, false],
    ['goes whatever else is known when its dataId was seen', { wasSeen: true, isInSync: false }, true],
  ];
  for (const [title, evidence, goes] of cases) {
    it(title, () => assert.equal(isToGo({ ...gone, ...evidence }), goes));
  }
});
