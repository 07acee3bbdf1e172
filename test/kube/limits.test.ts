import assert from 'node:assert/strict';
import { DNS_LABEL, isDataKey, isObjectName } from '../../operator/kube/limits.ts';

const x = (count: number) => 'x'.repeat(count);

describe('what the API server takes', () => {
  const cases: [what: string, takes: (text: string) => boolean, taken: string[], refused: string[]][] = [
    [
      'as the name of an object',
      isObjectName,
      ['a', 'a-1', 'a.b-c.d', x(253), `${x(64)}.a`],
      ['', 'A', 'a_b', '-a', 'a.', 'a..b', 'a.-b', x(254)],
    ],
    [
      'as the name of a namespace',
      (text) => DNS_LABEL.test(text),
      ['a', 'a-1', x(63)],
      ['', 'A', 'a.b', '-a', 'a-', x(64)],
    ],
    [
      'as a key of a ConfigMap or a Secret',
      isDataKey,
      ['a', '.a', 'A_b-1.c', 'a..b', x(253)],
      ['', '.', '..', '..a', 'a:b', 'a/b', 'ä', x(254)],
    ],
  ];
  for (const [what, takes, taken, refused] of cases) {
    it(what, () => {
      assert.deepEqual(
        taken.filter((text) => !takes(text)),
        [],
      );
      assert.deepEqual(refused.filter(takes), []);
    });
  }
});
