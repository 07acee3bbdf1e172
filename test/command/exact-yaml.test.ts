import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { parse } from 'yaml';
import { exactYaml } from '../../operator/command/exact-yaml.ts';

const texts = [
  'a: 1\nb: 2\n',
  'no line break at the end',
  'two\nlines',
  '\n\n  indented first\n',
  ' \n',
  '\n \t\n a\n',
  'tabs\n\tinside\t\n',
  'trailing blanks  \nhere \n',
  'many at the end\n\n\n',
  'carriage\r\nreturns\r\n',
  'separators\u2028and\u2029and\u0085here\n',
  '\uFEFFa mark at the start\n',
  'a bell \u0007 and a delete \u007F\n',
  'a letter 𝄞 beyond the plane\n',
  '# like a comment\n---\n...\n',
  'yes',
  '1e3',
  'x'.repeat(5000),
  `"quotes" and 'more'\n`,
];

const pieces = fc.constantFrom(
  'a',
  ' ',
  '\n',
  '\t',
  '\r',
  ':',
  '#',
  '"',
  "'",
  '-',
  '|',
  '\\',
  '\u0085',
  '\u2028',
  '\u0000',
);

describe('exact YAML', () => {
  for (const text of texts) {
    it(`gives back ${JSON.stringify(text.slice(0, 40))}`, () => {
      const yaml = exactYaml({ spec: { content: text, data: { 'a.b': text } } });
      for (const version of ['1.1', '1.2'] as const) {
        assert.deepEqual(parse(yaml, { version }), { spec: { content: text, data: { 'a.b': text } } }, yaml);
      }
    });
  }

  it('writes texts of several lines as literal blocks', () => {
    assert.equal(exactYaml({ content: 'a: 1\nb: |\n  c\n' }), 'content: |\n  a: 1\n  b: |\n    c\n');
  });

  it('gives back any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: pieces })), (text) => {
        assert.deepEqual(parse(exactYaml({ a: { b: text } })), { a: { b: text } });
      }),
      { numRuns: 50 },
    );
  });
});
