import assert from 'node:assert/strict';
import { unifiedDiff } from '../../operator/command/unified-diff.ts';

type Text = string | undefined;
const cases: [what: string, before: Text, after: Text, diff: string][] = [
  ['equal texts', 'a\n', 'a\n', ''],
  ['one line', 'a\nb\n', 'a\nc\n', '--- old\n+++ new\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n'],
  ['what is new', undefined, 'a\n', '--- /dev/null\n+++ new\n@@ -0,0 +1,1 @@\n+a\n'],
  ['what is gone', 'a\n', undefined, '--- old\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n'],
  ['a line break at the end', 'a', 'a\n', '--- old\n+++ new\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n'],
];

describe('unified diff', () => {
  for (const [what, before, after, diff] of cases) {
    it(`of ${what}`, () => {
      assert.equal(unifiedDiff({ title: 'old', text: before }, { title: 'new', text: after }), diff);
    });
  }

  it('replaces texts as a whole that have too little in common, in bounded time', () => {
    const lines = (word: string) => Array.from({ length: 15_000 }, (_, index) => `${word} ${index}\n`).join('');
    const diff = unifiedDiff({ title: 'old', text: lines('a') }, { title: 'new', text: `${lines('b')}end` });
    assert.match(diff, /^--- old\n\+\+\+ new\n@@ -1,15000 \+1,15001 @@\n-a 0\n/);
    assert.match(diff, /\+end\n\\ No newline at end of file\n$/);
  });
});
