import assert from 'node:assert/strict';
import { jsonDefect } from '../../../../sandbox/kubernetes/http/json-defect.ts';

describe('a text that is no JSON', () => {
  /** As Go's encoding/json said it. */
  for (const [text, defect] of [
    ['', 'unexpected end of JSON input'],
    ['{"a":[1,', 'unexpected end of JSON input'],
    ['"open', 'unexpected end of JSON input'],
    ['-', "invalid character ' ' in numeric literal"],
    ['nul', "invalid character ' ' in literal null (expecting 'l')"],
    ['1e', "invalid character ' ' in exponent of numeric literal"],
    ['[1.x]', "invalid character 'x' after decimal point in numeric literal"],
    ['[1 2]', "invalid character '2' after array element"],
    ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
    ['{a:1}', "invalid character 'a' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ["{'a':1}", String.raw`invalid character '\'' looking for beginning of object key string`],
    [String.raw`"\x"`, "invalid character 'x' in string escape code"],
    [String.raw`"\u00g0"`, String.raw`invalid character 'g' in \u hexadecimal character escape`],
    ['"a\nb"', String.raw`invalid character '\n' in string literal`],
    ['{} \u0001', String.raw`invalid character '\x01' after top-level value`],
  ] as const) {
    it(`${JSON.stringify(text)} is told as by Go`, () => assert.equal(jsonDefect(text), defect));
  }

  it('is told where it is nested too deep', () => {
    assert.equal(jsonDefect('['.repeat(1_000_000)), 'exceeded max depth');
  });
});
