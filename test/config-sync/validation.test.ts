import assert from 'node:assert/strict';
import { checkContent, type ContentRules } from '../../operator/config-sync/validation.ts';
import type { ConfigFormat } from '../../operator/config-sync/formats/format.ts';
import { isBridgeError, type ErrorCode } from '../../operator/errors.ts';

const SECRET = 'sEcReT-marker';
const owner = { isSecret: false, namespace: 'ns' };

const orders = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  required: ['orders'],
  properties: {
    orders: {
      type: 'object',
      additionalProperties: false,
      properties: {
        currency: { enum: ['EUR', 'USD'] },
        lines: { type: 'array', items: { $ref: '#/$defs/line' } },
      },
    },
  },
  $defs: { line: { type: 'object', properties: { price: { type: 'number' } } } },
};

interface Case {
  what: string;
  format: ConfigFormat;
  content: string;
  rules: Partial<ContentRules>;
  /** Undefined: it passes. */
  code?: ErrorCode;
  message?: RegExp;
}

const schema = (jsonSchema: object): Partial<ContentRules> => ({ jsonSchema });
const invalid = 'INVALID_CONTENT';

const cases: Case[] = [
  { what: 'valid yaml', format: 'yaml', content: 'a: 1\n', rules: {} },
  {
    what: 'a tab in yaml',
    format: 'yaml',
    content: 'a:\n\tb: 1\n',
    rules: {},
    code: invalid,
    message: /^The content is not valid yaml: line 2, column 1: Tabs are not allowed as indentation$/,
  },
  {
    what: 'a duplicate key in properties',
    format: 'properties',
    content: 'a=1\n# b\n  a : 2\n',
    rules: {},
    code: invalid,
    message: /^The content is not valid properties: line 3, column 3: Duplicate key$/,
  },
  { what: 'any yaml without a syntax check', format: 'yaml', content: 'a: [', rules: { syntax: false } },
  { what: 'as many bytes as allowed', format: 'text', content: 'äb', rules: { maxBytes: 3 } },
  {
    what: 'one byte too many',
    format: 'text',
    content: 'äbc',
    rules: { maxBytes: 3 },
    code: invalid,
    message: /^The content has 4 bytes and must have at most 3 \(`spec.validation.maxBytes`\)$/,
  },
  {
    what: 'yaml that satisfies a schema',
    format: 'yaml',
    content: 'orders:\n  currency: EUR\n  lines: [{price: 1.5}]\n',
    rules: schema(orders),
  },
  {
    what: 'yaml with merge keys that satisfies a schema',
    format: 'yaml',
    content: 'base: &b {currency: EUR}\norders:\n  <<: *b\n  lines: []\n',
    rules: schema(orders),
  },
  {
    what: 'a wrong type deep in yaml',
    format: 'yaml',
    content: `orders:\n  lines:\n    - price: 1\n    - price: ${SECRET}\n`,
    rules: schema(orders),
    code: invalid,
    message: /jsonSchema`: \/orders\/lines\/1\/price \(line 4, column 14\) must be number$/,
  },
  {
    what: 'a value that is not allowed in json',
    format: 'json',
    content: `{\n  "orders": {"currency": "${SECRET}"}\n}`,
    rules: schema(orders),
    code: invalid,
    message: /\/orders\/currency \(line 2, column 26\) must be equal to one of the allowed values: "EUR", "USD"$/,
  },
  {
    what: 'a key that is not allowed in json',
    format: 'json',
    content: '{"orders": {\n "lines": [],\n "other": 1}}',
    rules: schema(orders),
    code: invalid,
    message: /\/orders \(line 3, column 11\) must NOT have additional properties, and has 'other'$/,
  },
  {
    what: 'a missing key in the second document',
    format: 'yaml',
    content: 'orders: {}\n---\nothers: {}\n',
    rules: schema(orders),
    code: invalid,
    message: /document 2: \(root\) \(line 3, column 1\) must have required property 'orders'$/,
  },
  {
    what: 'more defects than are told',
    format: 'json',
    content: '[1,2,3,4,5,6,7,8]',
    rules: schema({ type: 'array', items: { type: 'string' } }),
    code: invalid,
    message: /^[^;]+(; \/\d \(line 1, column \d+\) must be string){4}; and 3 more$/,
  },
  {
    what: 'toml that satisfies a schema, with dates as texts',
    format: 'toml',
    content: 'at = 2026-01-02\nbig = 9223372036854775807\n[orders]\ncurrency = "EUR"\n',
    rules: schema({
      ...orders,
      properties: { ...orders.properties, at: { type: 'string' }, big: { type: 'integer' } },
    }),
  },
  {
    what: 'a wrong type in toml',
    format: 'toml',
    content: `[[orders.lines]]\nprice = "${SECRET}"\n`,
    rules: schema(orders),
    code: invalid,
    message: /\/orders\/lines\/0\/price must be number$/,
  },
  {
    what: 'properties as an object of strings',
    format: 'properties',
    content: 'port=8080\n',
    rules: schema({ properties: { port: { pattern: '^[0-9]+$' } } }),
  },
  {
    what: 'a property that breaks a pattern',
    format: 'properties',
    content: `name=x\nport=${SECRET}\n`,
    rules: schema({ properties: { port: { pattern: '^[0-9]+$' } } }),
    code: invalid,
    message: /\/port \(line 2, column 1\) must match pattern "\^\[0-9\]\+\$"$/,
  },
  {
    what: 'broken content, which a schema needs valid',
    format: 'json',
    content: '{',
    rules: { syntax: false, ...schema({}) },
    code: invalid,
    message: /not valid json: line 1, column 2/,
  },
  {
    what: 'an alias that leads nowhere',
    format: 'yaml',
    content: `a: *${SECRET}\n`,
    rules: schema({}),
    code: invalid,
    message: /line 1, column 4: Unresolved alias$/,
  },
  {
    what: 'aliases that grow beyond any measure',
    format: 'yaml',
    content: Array.from(
      { length: 12 },
      (_, i) =>
        `k${i}: &k${i} [${
          i
            ? Array(9)
                .fill(`*k${i - 1}`)
                .join()
            : 1
        }]`,
    ).join('\n'),
    rules: schema({}),
    code: invalid,
    message: /has too many aliases/,
  },
  {
    what: 'a list that holds itself',
    format: 'yaml',
    content: '&a [*a]\n',
    rules: schema({ items: { $ref: '#' } }),
    code: 'INVALID_SPEC',
    message: /too deep a search/,
  },
  {
    what: 'a schema for a format without values',
    format: 'xml',
    content: '<a/>',
    rules: schema({}),
    code: 'INVALID_SPEC',
    message: /^`spec.validation.jsonSchema` must not be set: .* the content is xml$/,
  },
  {
    what: 'a schema that is none',
    format: 'json',
    content: '1',
    rules: schema({ properties: { a: { type: 'strin' } } }),
    code: 'INVALID_SPEC',
    message: /^`spec.validation.jsonSchema` must be a JSON Schema: \/properties\/a\/type must/,
  },
  {
    what: 'a schema of another draft',
    format: 'json',
    content: '1',
    rules: schema({ $schema: 'http://json-schema.org/draft-07/schema#' }),
    code: 'INVALID_SPEC',
    message: /must be of draft 2020-12/,
  },
  {
    what: 'a reference out of the schema',
    format: 'json',
    content: '1',
    rules: schema({ $ref: 'https://example.com/schema.json' }),
    code: 'INVALID_SPEC',
    message: /^`spec.validation.jsonSchema` cannot be used: .*example.com/,
  },
  {
    what: 'a pattern that is no regular expression',
    format: 'json',
    content: '"a"',
    rules: schema({ pattern: '(' }),
    code: 'INVALID_SPEC',
    message: /^`spec.validation.jsonSchema` /,
  },
];

async function failureOf({ content, format, rules }: Case): Promise<{ code?: ErrorCode; message: string }> {
  try {
    await checkContent(content, { format, validation: { syntax: true, ...rules } }, owner);
  } catch (error) {
    assert.ok(isBridgeError(error), String(error));
    return { code: error.code, message: error.message };
  }
  return { message: '' };
}

describe('validation of a content', () => {
  for (const one of cases) {
    it(`${one.code ? 'refuses' : 'accepts'} ${one.what}`, async () => {
      const { code, message } = await failureOf(one);
      assert.equal(code, one.code, message);
      if (one.message) assert.match(message, one.message);
      assert.ok(!message.includes(SECRET), message);
    });
  }

  it('goes on with two schemas of the same $id', async () => {
    for (const type of ['string', 'number']) {
      const jsonSchema = { $id: 'https://example.com/a', type };
      const validation = { syntax: true, jsonSchema };
      await checkContent(type === 'string' ? '"a"' : '1', { format: 'json', validation }, owner);
    }
  });
});
