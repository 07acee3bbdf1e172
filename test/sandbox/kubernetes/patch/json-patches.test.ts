import assert from 'node:assert/strict';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';
import { jsonPatch } from '../../../../sandbox/kubernetes/patch/json-patch.ts';
import { mergePatch } from '../../../../sandbox/kubernetes/patch/merge-patch.ts';

const current: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', finalizers: ['a/b'] },
  data: { k: 'v' },
};
const refused = {
  code: 422,
  reason: 'Invalid',
  message: 'the server rejected our request due to an error in our request',
};

describe('jsonPatch', () => {
  it('applies operations to a copy', () => {
    const before = structuredClone(current);
    const patch = [
      { op: 'test', path: '/metadata/finalizers/0', value: 'a/b' },
      { op: 'remove', path: '/metadata/finalizers/0' },
      { op: 'add', path: '/data/a~1b', value: 'x' },
    ];
    const patched = jsonPatch(current, patch);
    assert.deepEqual(patched, { ...current, metadata: { name: 'c', finalizers: [] }, data: { k: 'v', 'a/b': 'x' } });
    assert.deepEqual(current, before);
  });

  for (const [title, operation] of [
    ['a test that fails', { op: 'test', path: '/data/k', value: 'other' }],
    ['a test of nothing', { op: 'test', path: '/data/none', value: 'v' }],
    ['the removal of nothing', { op: 'remove', path: '/data/none' }],
    ['a replacement of nothing', { op: 'replace', path: '/none/k', value: 1 }],
    ['an addition to nothing', { op: 'add', path: '/none/k', value: 1 }],
    ['a pointer that is none', { op: 'add', path: 'data', value: 1 }],
    ['an operation that is none', { op: 'frob', path: '/data' }],
    ['an operation without path', { op: 'add', value: 1 }],
    ['an operation that is no object', 1],
  ] as const) {
    it(`refuses ${title}`, () => assert.throws(() => jsonPatch(current, [operation]), refused));
  }

  it('refuses what is no list', () => {
    assert.throws(() => jsonPatch(current, { op: 'add' }), { code: 400, reason: 'BadRequest' });
  });
});

describe('mergePatch', () => {
  it('merges into a copy, null deletes', () => {
    const before = structuredClone(current);
    const patched = mergePatch(current, { data: { k: null, n: '1' }, metadata: { finalizers: ['c/d'] } });
    assert.deepEqual(patched, { ...current, metadata: { name: 'c', finalizers: ['c/d'] }, data: { n: '1' } });
    assert.deepEqual(current, before);
  });

  for (const patch of [[], 'text', null, 1]) {
    it(`refuses ${JSON.stringify(patch)}`, () => {
      assert.throws(() => mergePatch(current, patch), { code: 400, reason: 'BadRequest' });
    });
  }
});
