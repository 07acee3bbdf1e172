import assert from 'node:assert/strict';
import { matchesLabels, selectorText, type LabelSelector } from '../../operator/kube/label-selector.ts';

const labels = { app: 'shop', tier: 'web' };
const cases: { selector: LabelSelector; text: string; isMatch: boolean }[] = [
  { selector: {}, text: '', isMatch: true },
  { selector: { matchLabels: { app: 'shop', tier: 'web' } }, text: 'app=shop,tier=web', isMatch: true },
  { selector: { matchLabels: { app: 'other' } }, text: 'app=other', isMatch: false },
  { selector: oneOf('tier', 'In', ['db', 'web']), text: 'tier in (db,web)', isMatch: true },
  { selector: oneOf('none', 'In', ['a']), text: 'none in (a)', isMatch: false },
  { selector: oneOf('none', 'NotIn', ['a']), text: 'none notin (a)', isMatch: true },
  { selector: oneOf('tier', 'NotIn', ['web']), text: 'tier notin (web)', isMatch: false },
  { selector: oneOf('none', 'Exists'), text: 'none', isMatch: false },
  { selector: oneOf('none', 'DoesNotExist'), text: '!none', isMatch: true },
  { selector: { matchLabels: { app: 'shop' }, ...oneOf('tier', 'Exists') }, text: 'app=shop,tier', isMatch: true },
  { selector: { matchLabels: { app: 'x' }, ...oneOf('tier', 'Exists') }, text: 'app=x,tier', isMatch: false },
  { selector: oneOf('tier', 'Exists'), text: 'tier', isMatch: true },
  { selector: oneOf('tier', 'DoesNotExist'), text: '!tier', isMatch: false },
  { selector: oneOf('toString', 'Exists'), text: 'toString', isMatch: false },
  { selector: oneOf('constructor', 'DoesNotExist'), text: '!constructor', isMatch: true },
];

describe('a label selector', () => {
  for (const { selector, text, isMatch } of cases) {
    it(`${isMatch ? 'matches' : 'does not match'} by ${text || 'nothing'}`, () => {
      assert.deepEqual([matchesLabels(selector, labels), selectorText(selector)], [isMatch, text]);
    });
  }
});

type Operator = NonNullable<LabelSelector['matchExpressions']>[number]['operator'];

function oneOf(key: string, operator: Operator, values?: string[]): LabelSelector {
  return { matchExpressions: [{ key, operator, values }] };
}
