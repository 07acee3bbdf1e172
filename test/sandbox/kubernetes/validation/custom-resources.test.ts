/**
 * Custom resources against what a real API server (1.36) answered to the same objects: recorded-refusals.json holds the
 * definition, the objects and the answers.
 */
import assert from 'node:assert/strict';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';
import type { CustomResourceDefinition } from '../../../../sandbox/kubernetes/types/custom-resource-definition.ts';
import { customResourceType } from '../../../../sandbox/kubernetes/types/custom-resource-type.ts';
import { TypeRegistry } from '../../../../sandbox/kubernetes/types/type-registry.ts';
import { admit, admitted, refusal, refusalOf } from '../types/admission.ts';
import recorded from './recorded-refusals.json' with { type: 'json' };

const types = new TypeRegistry();
const definition = recorded.definition as unknown as CustomResourceDefinition;
types.serve(
  definition.metadata.name,
  definition.spec.versions.map((version) => customResourceType(definition, version)),
);

describe('A custom resource is', () => {
  for (const { fields, message, causes } of recorded.refusals) {
    it(`refused as by a real API server: ${JSON.stringify(fields)}`, () => {
      const failure = refusalOf(types, { ...thing({}), ...fields });
      assert.equal(failure?.message, message);
      assert.deepEqual(
        failure?.details?.causes?.map(({ reason, field }) => `${reason} ${field}`),
        causes,
      );
    });
  }

  it('stored without fields that the schema does not know, which warnings tell of', () => {
    const object = {
      ...thing({ need: 'a', unknown: 1, mp: [{ a: 'x', other: 1 }], pres: { any: { thing: null } } }),
      top: 1,
    };
    const { object: stored, warnings } = admitted(types, object, { fieldValidation: 'Warn' });
    const spec = { need: 'a', mp: [{ a: 'x', b: 3 }], pres: { any: { thing: null } }, def: { x: 'hi' } };
    assert.deepEqual(stored, { ...thing(spec) });
    assert.deepEqual(warnings, [
      'unknown field "spec.mp[0].other"',
      'unknown field "spec.unknown"',
      'unknown field "top"',
    ]);
  });

  it('refused for fields that were there twice, when the client asks for that', () => {
    const duplicateFields = ['spec.need'];
    assert.match(
      refusal(types, thing({ need: 'a' }), { duplicateFields }),
      /strict decoding error: duplicate field "spec.need"$/,
    );
    const { warnings } = admitted(types, thing({ need: 'a' }), { duplicateFields, fieldValidation: 'Warn' });
    assert.deepEqual(warnings, ['duplicate field "spec.need"']);
  });

  it('stored without nulls, but where the schema allows them', () => {
    const stored = admit(types, thing({ need: 'a', boo: null, nul: null, def: null }));
    assert.deepEqual(stored['spec'], { need: 'a', nul: null, def: { x: 'hi' } });
  });

  it('judged by rules over its former state only when there was one', () => {
    const first = admit(types, thing({ need: 'a', trans: 4 }));
    assert.equal(refusal(types, thing({ need: 'a', trans: 5 }), { previous: first }), '');
    assert.match(
      refusal(types, thing({ need: 'a', trans: 3 }), { previous: first }),
      /spec.trans: Invalid value: 3: only up$/,
    );
  });

  it('seen by rules with an optional former state at its creation too', () => {
    assert.match(refusal(types, thing({ need: 'a', trans2: 2 })), /one first/);
    const first = admit(types, thing({ need: 'a', trans2: 1 }));
    assert.equal(refusal(types, thing({ need: 'a', trans2: 2 }), { previous: first }), '');
  });

  it('forgiven the defects that an update left as they were', () => {
    const previous = thing({ need: 'a', str: 'A', celstr: 'bad' });
    assert.equal(refusal(types, thing({ need: 'b', str: 'A', celstr: 'bad' }), { previous }), '');
    assert.match(refusal(types, thing({ need: 'b', str: 'B', celstr: 'bad' }), { previous }), /spec.str/);
  });

  it('refused for metadata that breaks the rules of all objects', () => {
    const metadata = { name: 'A_b', namespace: 'default', labels: { 'a b': 'c' } };
    const text = refusal(types, { ...thing({ need: 'a' }), metadata });
    assert.match(text, /metadata.name: Invalid value: "A_b": a lowercase RFC 1123 subdomain/);
    assert.match(text, /metadata.labels: Invalid value: "a b": name part must consist of/);
  });
});

function thing(spec: object): KubeObject {
  return { apiVersion: 'ex.io/v1', kind: 'Thing', metadata: { name: 'x', namespace: 'default' }, spec };
}
