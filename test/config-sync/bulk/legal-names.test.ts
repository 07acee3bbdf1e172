import assert from 'node:assert/strict';
import { illegalInKubernetes, illegalInNacos } from '../../../operator/config-sync/bulk/legal-names.ts';

describe('names on the other side', () => {
  it('are legal in Nacos but for their length', () => {
    assert.equal(illegalInNacos({ group: 'configmap.a', dataId: '..a_B-1' }), undefined);
    assert.match(
      illegalInNacos({ group: 'g'.repeat(129), dataId: 'd' }) ?? '',
      /The group would be 'g+…' and must be 1 to 128/,
    );
  });

  const illegal: [string, string, RegExp][] = [
    ['App', 'k', /name of the ConfigMap/],
    ['a_b', 'k', /name of the ConfigMap/],
    ['a.', 'k', /name of the ConfigMap/],
    ['a', 'k:1', /key/],
    ['a', '..', /key/],
    ['a', 'k'.repeat(254), /key/],
  ];
  for (const [name, key, message] of illegal) {
    it(`are not legal in Kubernetes: ${name} ${key.slice(0, 10)}`, () => {
      assert.match(illegalInKubernetes({ kind: 'ConfigMap', name, key }) ?? '', message);
    });
  }
});
