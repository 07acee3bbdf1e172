import assert from 'node:assert/strict';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';
import { TypeRegistry } from '../../../../sandbox/kubernetes/types/type-registry.ts';
import { admit, refusal } from './admission.ts';

const types = new TypeRegistry();
const at = 'spec.validation.openAPIV3Schema.properties[spec]';

/** The messages are those of a real API server (1.36). */
const refused: readonly (readonly [title: string, spec: object, message: string])[] = [
  ['no type', {}, `${at}.type: Required value: must not be empty for specified object fields`],
  ['an unknown type', { type: 'foo' }, `${at}.type: Unsupported value: "foo": supported values: "array", "boolean"`],
  ['a list without items', { type: 'array' }, `${at}.items: Required value: must be specified`],
  [
    'a pattern that is none',
    { type: 'string', pattern: '(' },
    `${at}.pattern: Invalid value: "(": must be a valid regular expression`,
  ],
  [
    'a default of another type',
    { type: 'string', default: 1 },
    `${at}.default: Invalid value: "integer":  in body must be of type string: "integer"`,
  ],
  [
    'fields and a map at once',
    { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: { type: 'string' } },
    `${at}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`,
  ],
  [
    'a list by keys that its items do not have',
    { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['q'], items: { type: 'object' } },
    `${at}.x-kubernetes-list-map-keys: Invalid value: ["q"]: entries must all be names of item properties`,
  ],
  ['a rule with an unknown function', rule('foo(self)'), "undeclared reference to 'foo' (in container '')"],
  ['a rule with an unknown field', rule('self.a == 1'), "undefined field 'a'"],
  ['a rule that is no expression', rule('self.'), 'compilation failed: ERROR'],
  ['a rule that is not true or false', rule('1'), 'cel expression must evaluate to a bool'],
  ['an empty rule', rule(''), `${at}.x-kubernetes-validations[0].rule: Required value: rule is not specified`],
];

describe('A CustomResourceDefinition', () => {
  for (const [title, spec, message] of refused) {
    it(`is refused with ${title} in its schema`, () => {
      const text = refusal(types, definition({ schema: { type: 'object', properties: { spec } } }));
      assert.ok(text.includes(message), `it must say '${message}': ${text}`);
    });
  }

  it('is refused with a name that does not follow from its group and plural', () => {
    const text = refusal(types, definition({ name: 'other.ex.io' }));
    assert.match(text, /metadata.name: Invalid value: "other.ex.io": must be spec.names.plural\+"."\+spec.group$/);
  });

  it('is refused without a version that is stored', () => {
    assert.match(
      refusal(types, definition({ storage: false })),
      /must have exactly one version marked as storage version/,
    );
  });

  it('is refused with a column that leads nowhere', () => {
    const additionalPrinterColumns = [{ name: 'A', type: 'string', jsonPath: 'spec' }];
    const text = refusal(types, definition({ version: { additionalPrinterColumns } }));
    assert.match(text, /additionalPrinterColumns\[0\].JSONPath: Invalid value: "spec": must be a simple json path/);
  });

  it('gets the names that follow from its kind', () => {
    const { names } = admit(types, definition({}))['spec'] as { names: object };
    assert.deepEqual(names, { kind: 'Thing', plural: 'things', singular: 'thing', listKind: 'ThingList' });
  });

  it('keeps group, scope and kind', () => {
    const previous = admit(types, definition({}));
    assert.match(
      refusal(types, definition({ scope: 'Cluster' }), { previous }),
      /spec.scope: Invalid value: "Cluster": field is immutable/,
    );
  });
});

function rule(text: string): object {
  return { type: 'object', 'x-kubernetes-validations': [{ rule: text }] };
}

interface Given {
  readonly name?: string;
  readonly scope?: string;
  readonly storage?: boolean;
  readonly schema?: object;
  readonly version?: object;
}

function definition({
  name = 'things.ex.io',
  scope = 'Namespaced',
  storage = true,
  schema,
  version,
}: Given): KubeObject {
  const openAPIV3Schema = schema ?? { type: 'object' };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group: 'ex.io',
      scope,
      names: { kind: 'Thing', plural: 'things' },
      versions: [{ name: 'v1', served: true, storage, schema: { openAPIV3Schema }, ...version }],
    },
  };
}
