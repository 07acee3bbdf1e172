/** Contents of at most a mebibyte that are as hard to judge as anybody could make them. */
import type { ConfigFormat } from '../../../operator/config-sync/formats/format.ts';

export interface HostileContent {
  readonly title: string;
  readonly format: ConfigFormat;
  readonly content: string;
  readonly jsonSchema?: unknown;
}

const BYTES = 1_048_576;

/** `part` again and again, up to a mebibyte with `before` and `after`. */
function filled(part: string, before = '', after = ''): string {
  return before + part.repeat(Math.floor((BYTES - before.length - after.length) / part.length)) + after;
}

/** The same with a number in each part, from 100,000 on. */
function counted(part: (n: number) => string, separator: string, before = '', after = ''): string {
  const count = Math.floor(BYTES / (part(100_000).length + separator.length)) - 2;
  return before + Array.from({ length: count }, (_, index) => part(100_000 + index)).join(separator) + after;
}

const yaml: [title: string, content: string, jsonSchema?: object][] = [
  ['many keys', counted((n) => `${n}: ${n}`, '\n')],
  ['a long list', filled('- a\n')],
  ['lists in lists', '['.repeat(BYTES / 2) + ']'.repeat(BYTES / 2)],
  ['maps in maps', filled('{a: ')],
  ['lists in lists on one line', filled('- ')],
  ['keys in keys', filled('? ')],
  ['lists of 190 levels', filled(`- ${'['.repeat(190)}${']'.repeat(190)}\n`)],
  ['anchors and aliases', counted((n) => `${n}: &a${n} v\nb${n}: *a${n}`, '\n')],
  ['aliases of one', filled('*a ,', 'a: &a x\nb: [', ']')],
  ['aliases of aliases', bomb(12, 9), {}],
  [
    'merges of a large map',
    filled('- {<<: *a}\n', `- &a {${Array.from({ length: 5_000 }, (_, i) => `k${i}: 1`).join()}}\n`),
    {},
  ],
  ['documents', filled('---\na: 1\n')],
  ['a long line', filled('x ', 'a: ')],
  ['a quoted text of many lines', filled('x\n ', 'a: "', '"')],
  ['comments', filled('# x\n')],
  ['blank lines', filled('\n', 'a: 1')],
  ['directives', filled('%a\n')],
  ['tags', filled('!a ')],
  ['what is no YAML', filled('"a" ')],
];

const schemas: [title: string, content: string, jsonSchema: object][] = [
  ['a pattern that backtracks', JSON.stringify(`${'a'.repeat(40)}!`), { pattern: '^(a+)+$' }],
  [
    'keys against such a pattern',
    JSON.stringify({ [`${'a'.repeat(40)}!`]: 1 }),
    { patternProperties: { '^(a+)+$': {} } },
  ],
  [
    'alternatives in alternatives',
    '['.repeat(40) + ']'.repeat(40),
    { anyOf: [{ items: { $ref: '#' }, minItems: 1 }, { items: { $ref: '#' }, minItems: 1 }, { const: 1 }] },
  ],
  ['unique items', counted((n) => `{"a":{"b":${n}}}`, ',', '[', ']'), { uniqueItems: true }],
  ['many defects', filled('1,', '[', '1]'), { items: { type: 'string' } }],
  [
    'a schema of many keys',
    '{}',
    { properties: Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`k${n}`, { pattern: 'a+' }])) },
  ],
  ['a schema of many levels', '{}', Array.from({ length: 3_000 }).reduce<object>((inner) => ({ not: inner }), {})],
];

const others: [ConfigFormat, title: string, content: string][] = [
  ['json', 'many keys', counted((n) => `"${n}":${n}`, ',', '{', '}')],
  ['json', 'lists in lists', '['.repeat(50_000) + ']'.repeat(50_000)],
  ['json', 'maps in maps', filled('{"a":')],
  ['json', 'a long text', filled('\\n', '"', '"')],
  ['json', 'a long number', filled('1')],
  ['json', 'what is no JSON', filled(',')],
  ['properties', 'many keys', counted((n) => `${n}=${n}`, '\n')],
  ['properties', 'a line of many lines', filled('x\\\n', 'a=')],
  ['properties', 'backslashes and a broken escape', filled('\\\\', 'a=', '\\u12')],
  ['properties', 'blank lines', filled('\n', 'a=1')],
  ['toml', 'many keys', counted((n) => `a${n} = ${n}`, '\n')],
  ['toml', 'a key of many keys', filled('a.', '', 'a = 1')],
  ['toml', 'tables', counted((n) => `[a${n}]\na=1`, '\n')],
  ['toml', 'lists in lists', filled('[', 'a = ')],
  ['xml', 'many elements', filled('<b/>', '<a>', '</a>')],
  ['xml', 'elements in elements', filled('<b>')],
  ['xml', 'attributes', counted((n) => `a${n}="x"`, ' ', '<a ', '/>')],
  [
    'xml',
    'entities of entities',
    counted((n) => `<!ENTITY e${n} "${`&e${n - 1};`.repeat(5)}">`, '', '<!DOCTYPE a [', ']><a>&e100009;</a>'),
  ],
  ['xml', 'a declaration that does not end', filled('<!--', '<!DOCTYPE a [')],
  ['xml', 'comments', filled('<!---->', '<a>', '</a>')],
  ['xml', 'what is no XML', filled('<')],
];

export const hostileContents: readonly HostileContent[] = [
  ...yaml.map(([title, content, jsonSchema]) => ({ format: 'yaml' as const, title, content, jsonSchema })),
  ...schemas.map(([title, content, jsonSchema]) => ({ format: 'json' as const, title, content, jsonSchema })),
  ...others.map(([format, title, content]) => ({ format, title, content })),
];

/** Each level holds the one before `width` times. */
function bomb(levels: number, width: number): string {
  const level = (n: number) =>
    `k${n}: &k${n} [${n === 0 ? '1' : Array.from({ length: width }, () => `*k${n - 1}`).join()}]`;
  return Array.from({ length: levels }, (_, n) => level(n)).join('\n');
}
