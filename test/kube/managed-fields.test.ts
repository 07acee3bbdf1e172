import assert from 'node:assert/strict';
import { fieldNames, hasField, readManagedFields } from '../../operator/kube/managed-fields.ts';

const entry = {
  manager: 'm',
  operation: 'Apply',
  fieldsV1: { 'f:data': { '.': {}, 'f:a': {}, 'f:f:b': {} }, 'f:x': 1 },
};

describe('managed fields', () => {
  it('tell which fields a manager has', () => {
    const [fields] = readManagedFields([entry]);
    assert.ok(fields);
    assert.deepEqual(fieldNames(fields, ['data']), ['a', 'f:b']);
    const paths = [
      ['data'],
      ['data', 'a'],
      ['data', 'f:b'],
      ['data', 'c'],
      ['spec'],
      ['x', 'y'],
      ['data', 'constructor'],
    ];
    assert.deepEqual(
      paths.map((path) => hasField(fields, path)),
      [true, true, true, false, false, false, false],
    );
  });

  it('tell nothing where they are not understood', () => {
    assert.deepEqual(readManagedFields(undefined), []);
    const read = readManagedFields([null, 'x', {}, { fieldsV1: 1 }, { fieldsV1: { 'f:data': null } }]);
    assert.deepEqual(
      read.map((fields) => fieldNames(fields, ['data'])),
      [[], [], []],
    );
  });
});
