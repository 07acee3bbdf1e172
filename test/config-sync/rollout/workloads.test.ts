import assert from 'node:assert/strict';
import { usedObjects, type PodSpec } from '../../../operator/config-sync/rollout/pod-objects.ts';

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

describe('a pod', () => {
  for (const [title, kind, spec] of ways) {
    it(`uses an object by ${title}, and no other one`, () => {
      assert.deepEqual(usedObjects(spec), [{ kind, name: 'app' }]);
    });
  }

  it('uses an object once that it uses in several ways', () => {
    const container = { envFrom: [{ configMapRef: { name: 'app' } }] };
    const volumes = [{ configMap: { name: 'app' }, secret: { secretName: 'app' } }];
    const both = [
      { kind: 'ConfigMap', name: 'app' },
      { kind: 'Secret', name: 'app' },
    ];
    assert.deepEqual(usedObjects({ containers: [container, container], volumes }), both);
  });

  it('without a spec uses nothing', () => assert.deepEqual(usedObjects(undefined), []));
});
