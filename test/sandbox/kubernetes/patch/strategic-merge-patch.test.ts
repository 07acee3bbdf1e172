import assert from 'node:assert/strict';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';
import type { JsonMap } from '../../../../sandbox/kubernetes/patch/field-type.ts';
import { strategicMergePatch } from '../../../../sandbox/kubernetes/patch/strategic-merge-patch.ts';
import type { Schema } from '../../../../operator/admission/schema.ts';

const text: Schema = { type: 'string' };
const named: Schema = { type: 'object', properties: { name: text, value: text, tags: { type: 'array', items: text } } };
const schema: Schema = {
  type: 'object',
  properties: {
    map: { type: 'object', additionalProperties: text },
    whole: { type: 'object', 'x-kubernetes-patch-strategy': 'replace' },
    strategy: {
      type: 'object',
      properties: { type: text, rolling: { type: 'object' } },
      'x-kubernetes-patch-strategy': 'retainKeys',
    },
    plain: { type: 'array', items: text },
    set: { type: 'array', items: text, 'x-kubernetes-patch-strategy': 'merge' },
    items: {
      type: 'array',
      items: named,
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'name',
    },
  },
};

const items = (...names: string[]): object[] => names.map((name) => ({ name }));

/** `before` and `patch` are of the part beside the metadata; `after` too, undefined where the patch is refused. */
const cases: readonly { title: string; before: object; patch: JsonMap; after: object | undefined }[] = [
  {
    title: 'merges maps, null deletes',
    before: { map: { a: '1', b: '2' } },
    patch: { map: { a: null, c: '3' } },
    after: { map: { b: '2', c: '3' } },
  },
  {
    title: 'deletes a whole field',
    before: { map: { a: '1' }, plain: ['x'] },
    patch: { map: null },
    after: { plain: ['x'] },
  },
  {
    title: 'drops nulls from what it adds',
    before: {},
    patch: { map: { a: null, b: '1' } },
    after: { map: { b: '1' } },
  },
  {
    title: 'replaces a map by directive',
    before: { map: { a: '1' } },
    patch: { map: { $patch: 'replace', b: '2' } },
    after: { map: { b: '2' } },
  },
  {
    title: 'empties a map by directive',
    before: { map: { a: '1' } },
    patch: { map: { $patch: 'delete' } },
    after: { map: {} },
  },
  {
    title: 'replaces a map whose strategy says so',
    before: { whole: { a: '1' } },
    patch: { whole: { b: '2' } },
    after: { whole: { b: '2' } },
  },
  {
    title: 'replaces lists without strategy',
    before: { plain: ['a', 'b'] },
    patch: { plain: ['c'] },
    after: { plain: ['c'] },
  },
  {
    title: 'merges sets of values',
    before: { set: ['a', 'b'] },
    patch: { set: ['b', 'c'] },
    after: { set: ['a', 'b', 'c'] },
  },
  {
    title: 'deletes values of a set',
    before: { set: ['a', 'b', 'c'] },
    patch: { '$deleteFromPrimitiveList/set': ['b'] },
    after: { set: ['a', 'c'] },
  },
  {
    title: 'orders a set',
    before: { set: ['a', 'b'] },
    patch: { '$setElementOrder/set': ['c', 'b', 'a'], set: ['c'] },
    after: { set: ['c', 'b', 'a'] },
  },
  {
    title: 'merges items by key',
    before: { items: [{ name: 'a', value: '1' }, { name: 'b' }] },
    patch: { items: [{ name: 'a', tags: ['x'] }] },
    after: { items: [{ name: 'a', value: '1', tags: ['x'] }, { name: 'b' }] },
  },
  {
    title: 'keeps items with one key, such as two protocols of a port, and merges the first',
    before: { items: [{ name: 'a', value: '1' }, { name: 'a', value: '2' }, { name: 'b' }] },
    patch: { items: [{ name: 'a', tags: ['x'] }], '$setElementOrder/items': items('a', 'b') },
    after: { items: [{ name: 'a', value: '1', tags: ['x'] }, { name: 'a', value: '2' }, { name: 'b' }] },
  },
  {
    title: 'adds items, before the others where the patch gives no order',
    before: { items: items('a', 'b') },
    patch: { items: items('c') },
    after: { items: items('c', 'a', 'b') },
  },
  {
    title: 'deletes items',
    before: { items: items('a', 'b') },
    patch: { items: [{ name: 'a', $patch: 'delete' }] },
    after: { items: items('b') },
  },
  {
    title: 'replaces a list by directive',
    before: { items: items('a', 'b') },
    patch: { items: [{ $patch: 'replace' }, { name: 'c' }] },
    after: { items: items('c') },
  },
  {
    title: 'orders items, and keeps others between them',
    before: { items: items('a', 'x', 'b', 'y') },
    patch: { '$setElementOrder/items': items('b', 'c', 'a'), items: items('c') },
    after: { items: items('x', 'b', 'c', 'a', 'y') },
  },
  {
    title: 'orders without changes',
    before: { items: items('a', 'b') },
    patch: { '$setElementOrder/items': items('b', 'a') },
    after: { items: items('b', 'a') },
  },
  {
    title: 'retains only the keys that are named',
    before: { strategy: { type: 'R', rolling: { a: 1 } } },
    patch: { strategy: { $retainKeys: ['type'], type: 'S' } },
    after: { strategy: { type: 'S' } },
  },
  {
    title: 'refuses items without their key',
    before: { items: items('a') },
    patch: { items: [{ value: '1' }] },
    after: undefined,
  },
  {
    title: 'refuses directives that are none',
    before: { map: {} },
    patch: { map: { $patch: 'add' } },
    after: undefined,
  },
];

describe('strategicMergePatch', () => {
  for (const { title, before, patch, after } of cases) {
    it(title, () => {
      const current = object(before);
      const untouched = structuredClone(current);
      if (after === undefined) {
        assert.throws(() => strategicMergePatch(current, patch, schema), { reason: 'BadRequest' });
      } else assert.deepEqual(strategicMergePatch(current, patch, schema), object(after));
      assert.deepEqual(current, untouched);
    });
  }
});

function object(rest: object): KubeObject {
  return { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'n' }, ...rest };
}
