/**
 * Objects against what a real API server (1.36) answered to the same: recorded-refusals.json holds the schema, the
 * objects, and the fields that were named in the answers with their reasons. Of a value that fits no branch of `oneOf` or
 * `anyOf` the value is named, and not what each branch wanted.
 */
import assert from 'node:assert/strict';
import type { JsonObject } from '../../operator/admission/json.ts';
import { KindSchema } from '../../operator/admission/kind-schema.ts';
import type { Schema } from '../../operator/admission/schema.ts';
import recorded from './recorded-refusals.json' with { type: 'json' };

const kind = new KindSchema(recorded.schema as unknown as Schema, { namespaced: true, plainFinalizers: true });

describe('An object is', () => {
  for (const { fields, named = [], unknown = [] } of recorded.refusals) {
    it(`refused with the fields that a real API server names: ${JSON.stringify(fields)}`, () => {
      const { problems, unknownFields } = kind.admit({ ...thing({}), ...fields });
      assert.deepEqual(unknownFields, unknown);
      if (unknown.length > 0) return;
      const told = problems.map(({ field, reason }) => `${field} ${reason}`);
      assert.deepEqual([...new Set(told)].sort(), named);
    });
  }

  it('copied without fields that the schema does not know, which are told', () => {
    const given = {
      ...thing({ need: 'a', unknown: 1, mp: [{ a: 'x', other: 1 }], pres: { any: { thing: null } } }),
      top: 1,
    };
    const { object, problems, unknownFields } = kind.admit(given);
    const spec = { need: 'a', mp: [{ a: 'x', b: 3 }], pres: { any: { thing: null } }, def: { x: 'hi' } };
    assert.deepEqual(object, thing(spec));
    assert.deepEqual(problems, []);
    assert.deepEqual(unknownFields, ['spec.mp[0].other', 'spec.unknown', 'top']);
  });

  it('copied without nulls, but where the schema allows them', () => {
    const { object } = kind.admit(thing({ need: 'a', boo: null, nul: null, def: null }));
    assert.deepEqual(object['spec'], { need: 'a', nul: null, def: { x: 'hi' } });
  });

  it('copied with every key, also those that objects of JavaScript have by themselves', () => {
    const spec = JSON.parse('{"need":"a","pres":{"__proto__":1},"obj":{"constructor":2}}') as object;
    assert.equal(JSON.stringify(kind.admit(thing(spec)).object['spec']), JSON.stringify({ ...spec, def: { x: 'hi' } }));
  });

  it('judged by rules over its former state only when there was one', () => {
    const first = thing({ need: 'a', trans: 4 });
    assert.deepEqual(messages(first), []);
    assert.deepEqual(messages(thing({ need: 'a', trans: 5 }), first), []);
    assert.deepEqual(messages(thing({ need: 'a', trans: 3 }), first), ['spec.trans: Invalid value: 3: only up']);
  });

  it('forgiven the defects that an update left as they were', () => {
    const previous = thing({ need: 'a', str: 'A', celstr: 'bad' });
    assert.deepEqual(messages(thing({ need: 'b', str: 'A', celstr: 'bad' }), previous), []);
    const [first = ''] = messages(thing({ need: 'b', str: 'B', celstr: 'bad' }), previous);
    assert.match(first, /^spec.str: /);
  });

  it('refused by a rule that cannot be run, with the reason', () => {
    const broken = withRule('self.spec.nothing.at.all == 1');
    const [problem] = broken.admit(thing({})).problems;
    assert.match(problem?.message ?? '', /nothing.* evaluating rule: failed rule: self\.spec\.nothing/);
  });

  it('refused for metadata that breaks the rules of all objects', () => {
    const owner = { apiVersion: '', kind: '', name: '', uid: '', controller: true };
    const metadata = {
      name: 'A_b',
      namespace: 'default',
      labels: { 'a b': 'c', d: 'e f' },
      annotations: { 'x/y/z': '', long: 'x'.repeat(256 * 1024) },
      finalizers: ['a b'],
      ownerReferences: [owner, { ...owner, uid: 'u' }],
      creationTimestamp: 'today',
      generation: 'first',
    };
    const fields = kind.admit({ ...thing({ need: 'a' }), metadata }).problems.map(({ field }) => field);
    assert.deepEqual([...new Set(fields)].sort(), [
      'metadata.annotations',
      'metadata.creationTimestamp',
      'metadata.finalizers',
      'metadata.generation',
      'metadata.labels',
      'metadata.name',
      'metadata.ownerReferences',
      'metadata.ownerReferences.apiVersion',
      'metadata.ownerReferences.kind',
      'metadata.ownerReferences.name',
      'metadata.ownerReferences.uid',
    ]);
    assert.deepEqual(messages({ ...thing({ need: 'a' }), metadata: {} }), [
      'metadata.name: Required value: name or generateName is required',
      'metadata.namespace: Required value',
    ]);
  });

  it('judged by what its schema says of the name', () => {
    const schema: Schema = {
      type: 'object',
      properties: { metadata: { type: 'object', properties: { name: { type: 'string', maxLength: 3 } } } },
    };
    const short = new KindSchema(schema, { namespaced: true });
    const { problems } = short.admit({ metadata: { name: 'long', namespace: 'default', labels: { a: 'b' } } });
    assert.deepEqual(
      problems.map(({ field, reason }) => `${field} ${reason}`),
      ['metadata.name FieldValueTooLong'],
    );
  });
});

describe('A schema is', () => {
  it('refused with a pattern or a rule that cannot be read', () => {
    assert.throws(() => new KindSchema({ type: 'object', properties: { a: { pattern: '(' } } }, { namespaced: true }));
    assert.throws(() => withRule('self.'));
  });
});

describe('A rule', () => {
  const rules: readonly (readonly [rule: string, holds: boolean])[] = [
    [`self.spec.list.map(x, size(x)).sum() == 3`, true],
    [`self.spec.list.map(x, size(x)).sum() == 2`, false],
    [`[].sum() == 0`, true],
    [`[1.5, 2.0].sum() == 3.5`, true],
    [`self.spec.list.exists_one(x, x == 'ab') && self.spec.list.all(x, x.matches('^[a-z]+$'))`, true],
    [`self.spec.double / 2.0 == 1.0`, true],
    [`self.spec.int / 2 == 1`, true],
    [`'key' in self.spec.map && self.spec.map['key'] == 'value' && !has(self.spec.none)`, true],
    [`self.spec.text == 'oldSelf'`, true],
  ];
  for (const [rule, holds] of rules) {
    it(`${holds ? 'holds' : 'is broken'}: ${rule}`, () => {
      const object = thing({ list: ['ab', 'c'], double: 2, int: 3, map: { key: 'value' }, text: 'oldSelf' });
      assert.equal(withRule(rule).admit(object).problems.length, holds ? 0 : 1);
    });
  }
});

function withRule(rule: string): KindSchema {
  const spec: Schema = {
    type: 'object',
    properties: {
      list: { type: 'array', items: { type: 'string' } },
      double: { type: 'number' },
      int: { type: 'integer' },
      map: { type: 'object', additionalProperties: { type: 'string' } },
      text: { type: 'string' },
    },
  };
  return new KindSchema(
    { type: 'object', properties: { spec }, 'x-kubernetes-validations': [{ rule }] },
    { namespaced: true },
  );
}

function messages(object: JsonObject, previous?: JsonObject): string[] {
  return kind.admit(object, previous).problems.map(({ field, message }) => `${field}: ${message}`);
}

function thing(spec: object): JsonObject {
  return { apiVersion: 'ex.io/v1', kind: 'Thing', metadata: { name: 'x', namespace: 'default' }, spec };
}
