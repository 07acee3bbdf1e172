import assert from 'node:assert/strict';
import { authorOf } from '../../../operator/config-sync/places/field-author.ts';

const path = ['data', 'app.yaml'];

function entry(manager: string, time?: string, key = 'app.yaml'): object {
  return {
    manager,
    operation: 'Update',
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:data': { '.': {}, [`f:${key}`]: {} } },
  };
}

const early = '2026-01-01T00:00:00Z';
const late = '2026-01-02T00:00:00Z';

/** Managed fields, whether the key is ours, and the name for messages. */
const cases: [string, unknown[] | undefined, boolean, string][] = [
  ['we alone wrote it', [entry('nacos-bridge', early)], true, `'nacos-bridge' at ${early}`],
  ['somebody else wrote it', [entry('kubectl-edit', early)], false, `'kubectl-edit' at ${early}`],
  ['somebody else has it as well', [entry('nacos-bridge', early), entry('argocd', late)], false, `'argocd' at ${late}`],
  [
    'the later of two writers was us',
    [entry('argocd', early), entry('nacos-bridge', late)],
    false,
    `'nacos-bridge' at ${late}`,
  ],
  ['we wrote another key', [entry('nacos-bridge', late, 'other'), entry('helm', early)], false, `'helm' at ${early}`],
  ['nobody is known to have written it', [entry('nacos-bridge', late, 'other')], false, ''],
  ['nothing is told', undefined, false, ''],
  [
    'what is told is not understood',
    [null, 'x', { manager: 'nacos-bridge' }, { fieldsV1: { 'f:data': 1 } }],
    false,
    '',
  ],
  ['the writer has no name and no time', [{ fieldsV1: { 'f:data': { 'f:app.yaml': {} } } }], false, "''"],
];

describe('the author of a field', () => {
  for (const [title, managedFields, isOurs, name] of cases) {
    it(`is ${isOurs ? 'us' : 'not us'} when ${title}`, () => {
      assert.deepEqual(authorOf(managedFields, path), { isOurs, name });
    });
  }
});
