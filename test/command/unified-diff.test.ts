import assert from 'node:assert/strict';
import { processorMs } from '../processor-time.ts';
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

  it('replaces texts as a whole that have too little in common, however long they are, for the same work', () => {
    const lines = (word: string, length: number) => Array.from({ length }, (_, index) => `${word} ${index}\n`).join('');
    const diff = (length: number) =>
      unifiedDiff({ title: 'old', text: lines('a', length) }, { title: 'new', text: `${lines('b', length)}end` });
    let told = '';
    const ratio = processorMs(() => (told = diff(15_000))) / processorMs(() => void diff(5_000));
    assert.match(told, /^--- old\n\+\+\+ new\n@@ -1,15000 \+1,15001 @@\n-a 0\n/);
    assert.match(told, /\+end\n\\ No newline at end of file\n$/);
    // A search without an end would make it nearly 9.
    assert.ok(ratio < 4, `${ratio.toFixed(1)} times the work for 3 times the lines`);
  });
});
