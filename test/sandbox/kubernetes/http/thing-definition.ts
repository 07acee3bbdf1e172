/** A CRD with a rule that blames another field, and a status whose schema can be broken. */
const spec = {
  type: 'object',
  properties: { a: { type: 'string' }, n: { type: 'integer' } },
  'x-kubernetes-validations': [{ rule: '!has(self.n) || self.n < 5', message: 'small', fieldPath: '.n' }],
};

const status = {
  type: 'object',
  properties: {
    deep: { type: 'object', required: ['r'], properties: { r: { type: 'integer', minimum: 3 } } },
  },
};

export const customDefinition = {
  metadata: { name: 'things.ex.test' },
  spec: {
    group: 'ex.test',
    scope: 'Namespaced',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', properties: { spec, status } } },
      },
    ],
  },
};
