import assert from 'node:assert/strict';
import { parseFieldSelector } from '../../../sandbox/kubernetes/field-selector.ts';
import { labelSelectorText, parseLabelSelector, selects } from '../../../sandbox/kubernetes/label-selector.ts';
import type { LabelRequirement } from '../../../sandbox/kubernetes/label-selector.ts';
import { configMaps, objectOf, pods } from './tiny-types.ts';

describe('label selectors', () => {
  /** Selector, labels that it selects, labels that it does not. */
  const cases: readonly (readonly [string, Record<string, string>[], Record<string, string>[]])[] = [
    ['', [{}, { a: '1' }], []],
    ['a=1', [{ a: '1' }], [{}, { a: '2' }]],
    ['a==1,b=2', [{ a: '1', b: '2' }], [{ a: '1' }]],
    ['a!=1', [{}, { a: '2' }], [{ a: '1' }]],
    ['a', [{ a: '' }], [{ b: '1' }]],
    ['!a', [{ b: '1' }], [{ a: '' }]],
    ['a=', [{ a: '' }], [{ a: '1' }, {}]],
    ['a in (1, 2)', [{ a: '1' }, { a: '2' }], [{ a: '3' }, {}]],
    ['a in (,1)', [{ a: '' }, { a: '1' }], [{ a: '2' }]],
    ['a notin (1,2), b', [{ a: '3', b: '' }, { b: '' }], [{ a: '1', b: '' }, { a: '3' }]],
    ['a>3,a<5', [{ a: '4' }], [{ a: '3' }, { a: '5' }, {}]],
    ['app.kubernetes.io/name = web', [{ 'app.kubernetes.io/name': 'web' }], [{}]],
  ];
  for (const [text, selected, others] of cases) {
    it(`select by '${text}'`, () => {
      const selects = parseLabelSelector(text);
      for (const labels of selected) assert.ok(selects(labels), JSON.stringify(labels));
      for (const labels of others) assert.ok(!selects(labels), JSON.stringify(labels));
    });
  }

  for (const text of ['x in', 'a=1,', 'a in (1', ',', '=a', 'a b', '!a=1', 'a=-x-', '-a', 'a>b', 'a in 1']) {
    it(`cannot be read from '${text}'`, () => assert.throws(() => parseLabelSelector(text), { reason: 'BadRequest' }));
  }

  it('take no label for one that an object of JavaScript has by itself', () => {
    assert.ok(!parseLabelSelector('toString')({}));
    assert.ok(selects({ matchExpressions: [{ key: 'constructor', operator: 'DoesNotExist' }] }, {}));
  });

  it('are told as text', () => {
    const matchExpressions: LabelRequirement[] = [
      { key: 'tier', operator: 'In', values: ['b', 'a'] },
      { key: 'old', operator: 'DoesNotExist' },
    ];
    assert.equal(labelSelectorText({ matchLabels: { app: 'web' }, matchExpressions }), 'app=web,!old,tier in (a,b)');
  });
});

describe('field selectors', () => {
  const pod = objectOf(pods, 'p', { spec: { nodeName: 'n' }, status: { phase: 'Running' } });

  it('know name and namespace of every type, and more of some', () => {
    assert.ok(parseFieldSelector('metadata.name=p,metadata.namespace==default', pods)(pod));
    assert.ok(parseFieldSelector('spec.nodeName=n,status.phase!=Pending', pods)(pod));
    assert.ok(!parseFieldSelector('spec.nodeName=', pods)(pod));
    assert.ok(parseFieldSelector('status.podIP=', pods)(pod));
  });

  it('refuse other fields', () => {
    assert.throws(() => parseFieldSelector('data.k=v', configMaps), { reason: 'BadRequest', message: /data\.k/ });
    assert.throws(() => parseFieldSelector('spec.nope=v', pods), { reason: 'BadRequest', message: /spec\.nope/ });
    assert.throws(() => parseFieldSelector('bad', pods), { reason: 'BadRequest', message: /"bad"/ });
  });
});
