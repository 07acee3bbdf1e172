import assert from 'node:assert/strict';
import * as predicates from '../../operator/runtime/predicates.ts';
import type { Predicate, Watched } from '../../operator/runtime/predicates.ts';

const base: Watched = {
  metadata: { generation: 1, resourceVersion: '7', labels: { a: '1', b: '2' }, annotations: { note: 'x' } },
};
const changed = (metadata: Watched['metadata']): Watched => ({ metadata: { ...base.metadata, ...metadata } });

const { generationChanged, labelsChanged, annotationsChanged, resourceVersionChanged, deletionStarted } = predicates;
const deleted = changed({ deletionTimestamp: '2026-01-01T00:00:00Z' });

const cases: [
  name: string,
  predicate: Predicate,
  before: Watched | undefined,
  after: Watched | undefined,
  is: boolean,
][] = [
  ['generationChanged: appeared', generationChanged, undefined, base, true],
  ['generationChanged: gone', generationChanged, base, undefined, true],
  ['generationChanged: spec', generationChanged, base, changed({ generation: 2 }), true],
  ['generationChanged: status only', generationChanged, base, changed({ resourceVersion: '8' }), false],
  ['generationChanged: without metadata', generationChanged, {}, {}, false],
  ['labelsChanged: other value', labelsChanged, base, changed({ labels: { a: '1', b: '3' } }), true],
  ['labelsChanged: one less', labelsChanged, base, changed({ labels: { a: '1' } }), true],
  ['labelsChanged: other order', labelsChanged, base, changed({ labels: { b: '2', a: '1' } }), false],
  ['labelsChanged: none and empty', labelsChanged, {}, changed({ labels: {} }), false],
  ['labelsChanged: annotation', labelsChanged, base, changed({ annotations: {} }), false],
  ['annotationsChanged: other value', annotationsChanged, base, changed({ annotations: { note: 'y' } }), true],
  ['annotationsChanged: label', annotationsChanged, base, changed({ labels: {} }), false],
  ['resourceVersionChanged: same', resourceVersionChanged, base, changed({ generation: 2 }), false],
  ['resourceVersionChanged: other', resourceVersionChanged, base, changed({ resourceVersion: '8' }), true],
  ['deletionStarted: now', deletionStarted, base, deleted, true],
  ['deletionStarted: before', deletionStarted, deleted, deleted, false],
  ['deletionStarted: first seen', deletionStarted, undefined, deleted, true],
  ['deletionStarted: gone', deletionStarted, deleted, undefined, false],
  ['and: one of two', predicates.and(generationChanged, labelsChanged), base, changed({ generation: 2 }), false],
  ['or: one of two', predicates.or(generationChanged, labelsChanged), base, changed({ generation: 2 }), true],
  ['not', predicates.not(generationChanged), base, changed({ generation: 2 }), false],
];

describe('predicates', () => {
  for (const [name, predicate, before, after, is] of cases) {
    it(`${name} is ${is}`, () => assert.equal(predicate(before, after), is));
  }
});
