import assert from 'node:assert/strict';
import { matcherOf } from '../../../operator/nacos/config/config-pattern.ts';
import { processorMs } from '../../processor-time.ts';

function matches(dataId: string, text: string): boolean {
  return matcherOf({ namespaceId: '', group: '*', dataId })({ group: 'g', dataId: text });
}

const cases: readonly [pattern: string, text: string, isMatch: boolean][] = [
  ['a', 'a', true],
  ['a', 'ab', false],
  ['*', '', true],
  ['a*', 'a', true],
  ['a*', 'ba', false],
  ['*a', 'ba', true],
  ['a*a', 'a', false],
  ['a*a', 'aa', true],
  ['a*b*c', 'axbxc', true],
  ['a*b*c', 'abbc', true],
  ['a*b*c', 'acb', false],
  ['*ab*ab*', 'aab', false],
  ['*ab*ab*', 'xabab', true],
  ['*ab*b', 'ab', false],
  ['a**b', 'ab', true],
  ['a.c*', 'abc', false],
  ['a*', 'a\nb', true],
];

describe('a pattern of configs', () => {
  for (const [pattern, text, isMatch] of cases) {
    it(`'${pattern}' ${isMatch ? 'matches' : 'does not match'} ${JSON.stringify(text)}`, () =>
      assert.equal(matches(pattern, text), isMatch));
  }

  it('of many wildcards costs no more than one of few', () => {
    const name = 'a'.repeat(255);
    const ms = (stars: number) =>
      processorMs(() => {
        for (let time = 0; time < 1_000; time += 1) matches(`${'*a'.repeat(stars)}*b`, name);
      });
    ms(3);
    // Trying all ways to cut the name takes years with 60.
    assert.ok(ms(60) < 100 * Math.max(ms(3), 1));
  });
});
