import assert from 'node:assert/strict';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';
import { patched } from '../../../../sandbox/kubernetes/patch/patches.ts';

const current: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', finalizers: ['a/b'] },
  data: { k: 'v' },
};
const jsonPatch = (object: KubeObject, patch: unknown) => patched('json', object, patch, {});
const mergePatch = (object: KubeObject, patch: unknown) => patched('merge', object, patch, {});

describe('JSON patches', () => {
  it('applies operations to a copy', () => {
    const before = structuredClone(current);
    const patch = [
      { op: 'test', path: '/metadata/finalizers/0', value: 'a/b' },
      { op: 'remove', path: '/metadata/finalizers/0' },
      { op: 'add', path: '/data/a~1b', value: 'x' },
    ];
    const result = jsonPatch(current, patch);
    assert.deepEqual(result, { ...current, metadata: { name: 'c', finalizers: [] }, data: { k: 'v', 'a/b': 'x' } });
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
    it(`refuses ${title}`, () =>
      assert.throws(() => jsonPatch(current, [operation]), { code: 422, reason: 'Invalid' }));
  }

  it('takes what is absent for null in a test, as those who add the first finalizer count on', () => {
    const patch = [
      { op: 'test', path: '/metadata/labels', value: null },
      { op: 'add', path: '/metadata/labels', value: { a: 'b' } },
    ];
    assert.deepEqual(jsonPatch(current, patch).metadata.labels, { a: 'b' });
  });

  it('refuses what is no list', () => {
    assert.throws(() => jsonPatch(current, { op: 'add' }), { code: 400, reason: 'BadRequest' });
  });
});

describe('JSON merge patches', () => {
  it('merges into a copy, null deletes', () => {
    const before = structuredClone(current);
    const result = mergePatch(current, { data: { k: null, n: '1' }, metadata: { finalizers: ['c/d'] } });
    assert.deepEqual(result, { ...current, metadata: { name: 'c', finalizers: ['c/d'] }, data: { n: '1' } });
    assert.deepEqual(current, before);
  });

  it('take any key for a field', () => {
    const data = JSON.parse('{"constructor":"x","__proto__":"y"}') as object;
    assert.deepEqual(Object.entries(mergePatch(current, { data })['data'] as object), [
      ['k', 'v'],
      ['constructor', 'x'],
      ['__proto__', 'y'],
    ]);
  });

  for (const patch of [[], 'text', null, 1]) {
    it(`refuses ${JSON.stringify(patch)}`, () => {
      assert.throws(() => mergePatch(current, patch), { code: 400, reason: 'BadRequest' });
    });
  }
});
