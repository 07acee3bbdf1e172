import assert from 'node:assert/strict';
import { envEntries } from '../../../operator/config-sync/mirror/env-entries.ts';
import type { ConfigFormat } from '../../../operator/config-sync/formats/format.ts';
import { isBridgeError } from '../../../operator/errors.ts';

const legal: readonly [title: string, format: ConfigFormat, content: string, entries: Record<string, string>][] = [
  ['properties', 'properties', '# note\na=1\nb.c : x\\u0041\nempty=', { a: '1', 'b.c': 'xA', empty: '' }],
  ['properties that say nothing', 'properties', '# note', {}],
  ['YAML', 'yaml', 'a: text\nb: true\nc: null\nd:\n8080: port', { '8080': 'port', a: 'text', b: 'true', c: '', d: '' }],
  [
    'numbers of YAML as they are written',
    'yaml',
    'v: 1.10\nbig: 12345678901234567890\nhex: 0x1F\nexp: 1e3',
    { v: '1.10', big: '12345678901234567890', hex: '0x1F', exp: '1e3' },
  ],
  ['quoted and folded YAML', 'yaml', 'a: "1\\n2"\nb: |\n  x\n  y\n', { a: '1\n2', b: 'x\ny\n' }],
  ['aliases of YAML', 'yaml', 'a: &x 7\nb: *x', { a: '7', b: '7' }],
  ['YAML that says nothing', 'yaml', '# note', {}],
  ['JSON', 'json', '{"a": "x\\n", "b": 1.10, "c": false, "d": null}', { a: 'x\n', b: '1.10', c: 'false', d: '' }],
  [
    'TOML',
    'toml',
    'a = "x"\nb = 9223372036854775807\nc = true\nd = 1979-05-27',
    { a: 'x', b: '9223372036854775807', c: 'true', d: '1979-05-27' },
  ],
  ['an alias of a key', 'yaml', '&x a: 1\nb: *x', { a: '1', b: 'a' }],
  ['names of what every object has, in properties', 'properties', 'constructor=a\n', { constructor: 'a' }],
  [
    'names of what every object has',
    'json',
    '{"constructor": "a", "toString": "b"}',
    { constructor: 'a', toString: 'b' },
  ],
];

const illegal: readonly [title: string, format: ConfigFormat, content: string, message: RegExp][] = [
  [
    'a map in a map',
    'yaml',
    'a: 1\nb: {c: 2}',
    /Key 'b' must hold a scalar, and holds a map or a list; nothing was mirrored/,
  ],
  ['a list in JSON', 'json', '{"b": [1]}', /Key 'b' must hold a scalar/],
  ['a table in TOML', 'toml', '[b]\nc = 1', /Key 'b' must hold a scalar/],
  [
    'an illegal key',
    'properties',
    'a\\ b=1',
    /Key 'a b': a key must be 1 to 253 letters, digits, and the characters - _ \./,
  ],
  ['a key that begins with two dots', 'json', '{"..a": 1}', /Key '\.\.a'/],
  ['a merge key', 'yaml', 'x: &x 1\n<<: {a: 1}', /Key '<<'/],
  ['a list', 'yaml', '- 1', /must be one flat map/],
  ['a scalar', 'json', '7', /must be one flat map/],
  ['two documents', 'yaml', 'a: 1\n---\nb: 2', /must be one flat map/],
  ['broken syntax', 'json', '{"a": }', /is not valid json: line 1, column 7/],
];

describe('the entries of a content', () => {
  for (const [title, format, content, entries] of legal) {
    it(`are those of ${title}`, () => assert.deepEqual(envEntries(content, format, 'ConfigMap'), entries));
  }

  for (const [title, format, content, message] of illegal) {
    it(`are refused for ${title}`, () => {
      assert.throws(
        () => envEntries(content, format, 'ConfigMap'),
        (error) => isBridgeError(error, 'INVALID_CONTENT') && message.test(error.message),
      );
    });
  }

  it('are those of `__proto__` in every format', () => {
    const contents = {
      properties: '__proto__=a',
      yaml: '__proto__: a',
      json: '{"__proto__": "a"}',
      toml: '__proto__ = "a"',
    };
    for (const [format, content] of Object.entries(contents)) {
      assert.deepEqual(Object.entries(envEntries(content, format as ConfigFormat, 'ConfigMap')), [['__proto__', 'a']]);
    }
  });

  it('are refused for a format that has none, with the field and the rule', () => {
    for (const format of ['text', 'xml', 'html'] as const) {
      assert.throws(() => envEntries('a', format, 'ConfigMap'), {
        code: 'INVALID_SPEC',
        message: /`spec.format` '\w+' must be/,
      });
    }
  });

  it('are counted, and not named, on their way into a Secret', () => {
    assert.throws(() => envEntries('a: 1\nmarker marker: 2', 'yaml', 'Secret'), {
      message: /^Entry 2 of the content: a key must be/,
    });
  });
});
