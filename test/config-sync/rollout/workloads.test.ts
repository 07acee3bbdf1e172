import assert from 'node:assert/strict';
import { usesObject, type PodSpec } from '../../../operator/config-sync/rollout/workloads.ts';

const ways: readonly [title: string, kind: 'ConfigMap' | 'Secret', spec: PodSpec][] = [
  ['a volume of a ConfigMap', 'ConfigMap', { volumes: [{}, { configMap: { name: 'app' } }] }],
  ['a volume of a Secret', 'Secret', { volumes: [{ secret: { secretName: 'app' } }] }],
  [
    'a projected ConfigMap',
    'ConfigMap',
    { volumes: [{ projected: { sources: [{}, { configMap: { name: 'app' } }] } }] },
  ],
  ['a projected Secret', 'Secret', { volumes: [{ projected: { sources: [{ secret: { name: 'app' } }] } }] }],
  ['envFrom a ConfigMap', 'ConfigMap', { containers: [{}, { envFrom: [{ configMapRef: { name: 'app' } }] }] }],
  ['envFrom a Secret', 'Secret', { containers: [{ envFrom: [{ secretRef: { name: 'app' } }] }] }],
  [
    'one variable from a ConfigMap',
    'ConfigMap',
    { containers: [{ env: [{}, { valueFrom: { configMapKeyRef: { name: 'app' } } }] }] },
  ],
  [
    'one variable from a Secret',
    'Secret',
    { containers: [{ env: [{ valueFrom: { secretKeyRef: { name: 'app' } } }] }] },
  ],
  ['an init container', 'ConfigMap', { initContainers: [{ envFrom: [{ configMapRef: { name: 'app' } }] }] }],
];

describe('a workload', () => {
  for (const [title, kind, spec] of ways) {
    it(`uses an object by ${title}, and no other one`, () => {
      const workload = { metadata: { name: 'w' }, spec: { template: { spec } } };
      assert.equal(usesObject(workload, kind, 'app'), true);
      assert.equal(usesObject(workload, kind, 'other'), false);
      assert.equal(usesObject(workload, kind === 'Secret' ? 'ConfigMap' : 'Secret', 'app'), false);
    });
  }

  it('without a template uses nothing', () =>
    assert.equal(usesObject({ metadata: { name: 'w' } }, 'Secret', 'app'), false));
});
