import assert from 'node:assert/strict';
import type { JsonObject } from '../../operator/admission/json.ts';
import type { KindSchema } from '../../operator/admission/kind-schema.ts';
import { loadKinds } from '../../operator/admission/kinds.ts';

const secretText = 'sEcReT-marker';
const mebibyte = 1024 * 1024;

interface Refused {
  readonly title: string;
  readonly kind: 'ConfigMap' | 'Secret';
  readonly object: JsonObject;
  readonly previous?: JsonObject;
  /** The problems as they begin. */
  readonly problems: readonly string[];
}

const refused: readonly Refused[] = [
  {
    title: 'keys that are no file names',
    kind: 'ConfigMap',
    object: { data: { 'a/b': 'x', '.': 'y', '..': 'y', '..z': 'z' } },
    problems: [
      'data[.]: Invalid value: ".": must not be \'.\'',
      'data[..]: Invalid value: "..": must not be \'..\'',
      'data[..z]: Invalid value: "..z": must not start with \'..\'',
      'data[a/b]: Invalid value: "a/b": a valid config key must consist of',
    ],
  },
  {
    title: 'a key twice',
    kind: 'ConfigMap',
    object: { data: { a: '1' }, binaryData: { a: 'YQ==' } },
    problems: ['data[a]: Invalid value: "a": duplicate of key present in binaryData'],
  },
  {
    title: 'more than a mebibyte',
    kind: 'ConfigMap',
    object: { data: { a: 'x'.repeat(mebibyte) }, binaryData: { b: 'YQ==' } },
    problems: [': Too long: may not be more than 1048576 bytes'],
  },
  {
    title: 'values of another type',
    kind: 'ConfigMap',
    object: { data: { a: 1 }, binaryData: [], immutable: 'yes' },
    problems: [
      'data.a: Invalid value: "integer": data.a in body must be of type string',
      'binaryData: Invalid value: "array": binaryData in body must be of type object',
      'immutable: Invalid value: "string": immutable in body must be of type boolean',
    ],
  },
  {
    title: 'a change of what is immutable',
    kind: 'ConfigMap',
    object: { data: { a: '2' }, binaryData: { b: 'YQ==' } },
    previous: { immutable: true, data: { a: '1' }, binaryData: { b: 'YQ==' } },
    problems: [
      'immutable: Forbidden: field is immutable when `immutable` is set',
      'data: Forbidden: field is immutable when `immutable` is set',
    ],
  },
  {
    title: 'text that is no Base64',
    kind: 'Secret',
    object: { data: { a: `!${secretText}`, b: 'abc' } },
    problems: [': Invalid value: illegal base64 data in data[a]', ': Invalid value: illegal base64 data in data[b]'],
  },
  {
    title: 'bytes that are no Base64',
    kind: 'ConfigMap',
    object: { binaryData: { a: 'YQ=' } },
    problems: [': Invalid value: illegal base64 data in binaryData[a]'],
  },
  {
    title: 'missing keys of a type',
    kind: 'Secret',
    object: { type: 'kubernetes.io/tls', stringData: { 'tls.key': secretText } },
    problems: ['data[tls.crt]: Required value'],
  },
  {
    title: 'neither user nor password',
    kind: 'Secret',
    object: { type: 'kubernetes.io/basic-auth' },
    problems: ['data[username]: Required value', 'data[password]: Required value'],
  },
  {
    title: 'secrets in all the wrong places',
    kind: 'Secret',
    object: {
      data: { 'a b': secretText, c: [secretText] },
      stringData: { d: { e: secretText } },
      type: { f: secretText },
      immutable: secretText,
    },
    problems: [
      'data.c: Invalid value: "array"',
      'stringData.d: Invalid value: "object"',
      'type: Invalid value: "object"',
      'immutable: Invalid value: "string"',
    ],
  },
  {
    title: 'another type, and a change of what is immutable',
    kind: 'Secret',
    object: { type: 'kubernetes.io/basic-auth', immutable: true, data: { username: 'YQ==' } },
    previous: { type: 'Opaque', immutable: true, data: { username: 'Yg==' } },
    problems: [
      'type: Invalid value: "kubernetes.io/basic-auth": field is immutable',
      'data: Forbidden: field is immutable when `immutable` is set',
    ],
  },
];

describe('Objects that hold data', () => {
  let kinds: ReadonlyMap<string, KindSchema>;

  before(async () => {
    kinds = await loadKinds();
  });

  for (const { title, kind, object, previous, problems } of refused) {
    it(`are refused: a ${kind} with ${title}`, () => {
      const told = judged(kind, object, previous).problems.map(({ field, message }) => `${field}: ${message}`);
      for (const problem of problems) {
        assert.ok(
          told.some((text) => text.startsWith(problem)),
          `it must say '${problem}': ${told.join('\n')}`,
        );
      }
      assert.ok(!told.join().includes(secretText));
    });
  }

  it('are filled in: the texts of a Secret become data, and its type is Opaque', () => {
    const { object, problems } = judged('Secret', { stringData: { a: 'b', e: null }, data: { c: 'ZA==' } });
    assert.deepEqual(problems, []);
    assert.deepEqual(object, manifest('Secret', { type: 'Opaque', data: { a: 'Yg==', c: 'ZA==', e: '' } }));
  });

  it('hold an empty text where they say null', () => {
    const { object } = judged('ConfigMap', { data: { a: null }, binaryData: { b: null } });
    assert.deepEqual(object, manifest('ConfigMap', { data: { a: '' }, binaryData: { b: '' } }));
  });

  it('tell what they do not know', () => {
    const { problems, unknownFields } = judged('ConfigMap', { date: { a: 'b' }, metadata: named('x', { lables: {} }) });
    assert.deepEqual([problems, unknownFields], [[], ['date', 'metadata.lables']]);
  });

  function judged(kind: string, fields: JsonObject, previous?: JsonObject) {
    const schema = kinds.get(`v1/${kind}`);
    assert.ok(schema);
    return schema.admit(manifest(kind, fields), previous && manifest(kind, previous));
  }
});

function manifest(kind: string, fields: JsonObject): JsonObject {
  return { apiVersion: 'v1', kind, metadata: named('x'), ...fields };
}

function named(name: string, more: object = {}): JsonObject {
  return { name, namespace: 'default', ...more };
}
