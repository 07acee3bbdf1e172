import assert from 'node:assert/strict';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';
import { TypeRegistry } from '../../../../sandbox/kubernetes/types/type-registry.ts';
import { admit, refusal } from './admission.ts';

const types = new TypeRegistry();

/** With what the refusal must name. */
const refused: readonly (readonly [title: string, definition: KubeObject, named: string])[] = [
  ['another name than that of its resource', definition({ name: 'other.ex.io' }), 'metadata.name'],
  ['no kind', definition({ names: { plural: 'things' } }), 'spec.names.kind'],
  [
    'conversion by a webhook',
    definition({ spec: { conversion: { strategy: 'Webhook' } } }),
    'spec.conversion.strategy',
  ],
  ['a pattern that is none', definition({ schema: { type: 'object', pattern: '(' } }), 'spec.versions[0]'],
  ['a rule that is none', definition({ schema: rule('self.') }), 'spec.versions[0]'],
  [
    'a column whose path cannot be read',
    definition({ version: { additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: 'spec' }] } }),
    'spec.versions[0]',
  ],
];

describe('A CustomResourceDefinition', () => {
  for (const [title, given, named] of refused) {
    it(`is refused with ${title}`, () => {
      const text = refusal(types, given);
      assert.ok(text.includes(named), `it must name '${named}': ${text}`);
    });
  }

  it('is taken as it is when it can be served', () => {
    const properties = { spec: { type: 'array' }, any: {}, both: { properties: {}, additionalProperties: {} } };
    assert.equal(refusal(types, definition({ schema: { properties } })), '');
    assert.equal(refusal(types, definition({ schema: rule('unknown(self.nothing)') })), '');
  });

  it('gets the names that follow from its kind', () => {
    const { names } = admit(types, definition({}))['spec'] as { names: object };
    assert.deepEqual(names, { kind: 'Thing', plural: 'things', singular: 'thing', listKind: 'ThingList' });
  });
});

function rule(text: string): object {
  return { type: 'object', 'x-kubernetes-validations': [{ rule: text }] };
}

interface Given {
  readonly name?: string;
  readonly names?: object;
  readonly schema?: object;
  readonly spec?: object;
  readonly version?: object;
}

function definition({ name = 'things.ex.io', names, schema, spec, version }: Given): KubeObject {
  const openAPIV3Schema = schema ?? { type: 'object' };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group: 'ex.io',
      scope: 'Namespaced',
      names: names ?? { kind: 'Thing', plural: 'things' },
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema }, ...version }],
      ...spec,
    },
  };
}
