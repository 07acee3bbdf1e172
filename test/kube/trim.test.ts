import assert from 'node:assert/strict';
import { trim } from '../../operator/kube/trim.ts';

describe('trimming an object', () => {
  const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
  const managedFields = [{ manager: 'kubectl' }];

  const cases: [what: string, metadata: object, expected: object][] = [
    ['drops who manages which field', { name: 'a', managedFields }, { name: 'a' }],
    [
      'drops the copy of the manifest and no other annotation',
      { name: 'a', annotations: { [lastApplied]: '{}', team: 'x' } },
      { name: 'a', annotations: { team: 'x' } },
    ],
    ['keeps everything else', { name: 'a', annotations: {}, uid: 'u' }, { name: 'a', annotations: {}, uid: 'u' }],
  ];
  for (const [what, metadata, expected] of cases) {
    it(what, () => {
      const object = { kind: 'ConfigMap', metadata: { name: '', ...metadata } };
      assert.deepEqual(trim(object), { kind: 'ConfigMap', metadata: expected });
    });
  }
});
