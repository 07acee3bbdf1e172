import assert from 'node:assert/strict';
import { checkSyntax } from '../../../operator/config-sync/formats/check-syntax.ts';
import { processorMs } from '../../processor-time.ts';
import { formatOf, type ConfigFormat } from '../../../operator/config-sync/formats/format.ts';

const valid: [ConfigFormat, string][] = [
  ['yaml', 'a: 1\nb: [x, y]\n'],
  ['yaml', '---\na: 1\n---\na: 2\n'],
  ['yaml', 'base: &base {x: 1}\none:\n  <<: *base\n  y: 2\n'],
  ['yaml', 'just text'],
  ['json', '{"a": [1, 2, {"a": null}]}'],
  ['yaml', 'a: \t1\nb: |\n  x\ty\n'],
  ['yaml', 'a: &a {x: 1}\nb: &b {y: 1}\nc:\n  <<: *a\n  <<: *b\n'],
  ['json', '"text"'],
  ['properties', 'a=1\nb=2\n# \\u00zz in a comment\nc = \\u00e4\nd=C:\\\\users\n'],
  ['toml', 'a = 1\n[t]\nb = "x"\n'],
  ['toml', 'a = 9223372036854775807\nb = 2026-01-02T03:04:05Z\n'],
  ['xml', '<?xml version="1.0"?>\n<a b="1"><c/></a>\n'],
  ['xml', '<!DOCTYPE a [<!ENTITY e "y>">]><a>&e;</a>'],
  [
    'xml',
    "<?xml version='1.0'?>\n<!-- <!DOCTYPE --><!DOCTYPE a [<!-- ]> ' --><!ENTITY my-own.e '<b>]'>]>\n<a>&my-own.e;</a>",
  ],
  ['xml', '<!DOCTYPE a PUBLIC "-//x>" "http://example.com/a>.dtd"><a/>'],
  ['json', `${'['.repeat(200)}1${']'.repeat(200)}`],
  ['yaml', `${'['.repeat(190)}1${']'.repeat(190)}`],
  ['properties', '__proto__=1\nconstructor=2\n'],
  ['text', '{[<not anything'],
  ['html', '<p>left open'],
];

interface Invalid {
  format: ConfigFormat;
  content: string;
  line: number;
  column: number;
  message: RegExp;
}

const invalid: Invalid[] = [
  { format: 'yaml', content: 'a: 1\nb:\n\t- x\n', line: 3, column: 1, message: /Tabs are not allowed/ },
  { format: 'yaml', content: 'a: 1\nb: 2\na: 3\n', line: 3, column: 1, message: /Duplicate key/ },
  { format: 'yaml', content: 'x:\n  a: 1\n  a: 2\n', line: 3, column: 3, message: /Duplicate key/ },
  { format: 'yaml', content: 'a: [1, 2\n', line: 2, column: 1, message: /./ },
  { format: 'json', content: '{"a": 1,}', line: 1, column: 9, message: /Property name expected/ },
  { format: 'json', content: '{\n  "a": 1,\n  "a": 2\n}', line: 3, column: 3, message: /Duplicate key/ },
  { format: 'json', content: '{"a": 1} // no', line: 1, column: 10, message: /./ },
  { format: 'json', content: '{"a": ', line: 1, column: 7, message: /./ },
  { format: 'properties', content: 'a=1\n# \\u00zz\nb=x\\u00zz\n', line: 3, column: 4, message: /\\uXXXX/ },
  { format: 'yaml', content: 'a: 1\n\tb: 2\n', line: 2, column: 1, message: /Tabs are not allowed/ },
  { format: 'yaml', content: 'a: 1\n---\nb: 1\n"b": 2\n', line: 4, column: 1, message: /^Duplicate key$/ },
  { format: 'yaml', content: 'b: 1\n} a\n', line: 2, column: 1, message: /^[A-Z]/ },
  { format: 'yaml', content: 'b: "\\a\\q"\n', line: 1, column: 7, message: /^Invalid escape sequence$/ },
  { format: 'yaml', content: 'b: *a\n', line: 1, column: 4, message: /^Unresolved alias/ },
  { format: 'json', content: '{"a": {"b": 1, "\\u0062": 2}}', line: 1, column: 16, message: /Duplicate key/ },
  { format: 'properties', content: 'a=1\nb=2\n  a: 3\n', line: 3, column: 3, message: /^Duplicate key$/ },
  { format: 'properties', content: 'b=1\\\n  2\n\\u0062 3\na', line: 3, column: 1, message: /^Duplicate key$/ },
  { format: 'toml', content: 'a = 1\na = 2\n', line: 2, column: 1, message: /redefine/ },
  { format: 'toml', content: 'a = \n', line: 1, column: 5, message: /./ },
  { format: 'xml', content: '<a>\n <b></a>', line: 2, column: 5, message: /closing tag/ },
  { format: 'xml', content: ' ', line: 1, column: 1, message: /^Start tag expected/ },
  { format: 'xml', content: 'a', line: 1, column: 1, message: /^Char is not expected/ },
  { format: 'xml', content: '<a>\n <b>', line: 2, column: 5, message: /^Several tags are not closed$/ },
  {
    format: 'xml',
    content: '<!DOCTYPE a [<!ENTITY e "y>">]>\n<a>&e;<b></a>',
    line: 2,
    column: 10,
    message: /closing tag/,
  },
  { format: 'xml', content: '<!DOCTYPE a [<!ENTITY e "y>', line: 1, column: 1, message: /^Start tag expected/ },
  { format: 'xml', content: '<!DOCTYPE a>\n&b;', line: 2, column: 1, message: /^Char is not expected/ },
  { format: 'xml', content: '<a x="1" x="2"/>', line: 1, column: 10, message: /^Attribute is repeated/ },
];

describe('syntax check', () => {
  for (const [format, content] of valid) {
    it(`accepts ${format}: ${JSON.stringify(content)}`, () => assert.equal(checkSyntax(content, format), undefined));
  }

  for (const { format, content, line, column, message } of invalid) {
    it(`says where ${format} is wrong: ${JSON.stringify(content)}`, () => {
      const problem = checkSyntax(content, format);
      assert.deepEqual({ line: problem?.line, column: problem?.column }, { line, column }, problem?.message);
      assert.match(problem?.message ?? '', message);
    });
  }

  for (const [format, opening] of [
    ['json', '['],
    ['json', '{"a":'],
    ['yaml', '['],
    ['yaml', '{a: '],
    ['yaml', '- '],
    ['yaml', '? '],
    ['toml', 'a = ' + '['.repeat(1000)],
  ] as const) {
    it(`says where ${format} is nested too deeply: ${opening.slice(0, 10)}`, () => {
      const problem = checkSyntax(opening.repeat(50_000), format);
      assert.match(problem?.message ?? '', /^Nested deeper than 200 levels$/);
      assert.equal(problem?.line, 1);
      assert.ok(problem.column > 200 && problem.column < 1_100, `column ${problem.column}`);
    });
  }

  it('repeats nothing of the content, which may be secret', () => {
    for (const { format, content } of invalid) {
      const marked = content.replace('a', 'sEcReT');
      assert.doesNotMatch(checkSyntax(marked, format)?.message ?? '', /sEcReT/, format);
    }
  });

  it('reads a flat YAML file of 900 KB without a quadratic search for duplicates', () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `key${index}: "value ${index} ${'x'.repeat(20)}"`);
    const read = (count: number) => checkSyntax(lines.slice(0, count).join('\n'), 'yaml');
    assert.equal(read(lines.length), undefined);
    assert.equal(checkSyntax([...lines, 'key0: again'].join('\n'), 'yaml')?.line, 20_001);
    const ratio = processorMs(() => read(20_000)) / processorMs(() => read(2_000));
    // A quadratic search makes it nearly 100.
    assert.ok(ratio < 30, `${ratio.toFixed(1)} times the work for 10 times the lines`);
  });
});

describe('the format of a dataId', () => {
  const cases: [ConfigFormat | undefined, string, ConfigFormat][] = [
    [undefined, 'app.yaml', 'yaml'],
    [undefined, 'app.YML', 'yaml'],
    [undefined, 'app.json', 'json'],
    [undefined, 'app.properties', 'properties'],
    [undefined, 'app.conf', 'text'],
    [undefined, 'app', 'text'],
    [undefined, 'app.constructor', 'text'],
    ['toml', 'app.yaml', 'toml'],
  ];
  for (const [declared, dataId, expected] of cases) {
    it(`of '${dataId}' is ${expected}${declared ? ', as declared' : ''}`, () =>
      assert.equal(formatOf(declared, dataId), expected));
  }
});
