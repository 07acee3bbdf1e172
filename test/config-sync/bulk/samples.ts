/** NacosConfigSyncs as the API server would give them, for tests. */
import type { NacosConfigSync } from '../../../operator/api/resources.ts';

export function syncOf(spec: Partial<NacosConfigSync['spec']> = {}): NacosConfigSync {
  return {
    apiVersion: 'bridge.nacos.io/v1alpha1',
    kind: 'NacosConfigSync',
    metadata: { name: 'sync', namespace: 'shop', uid: 'uid-of-sync', generation: 1 },
    spec: {
      source: 'Kubernetes',
      mapping: { preset: 'ObjectPerGroup' },
      validation: { syntax: true },
      driftPolicy: 'Revert',
      conflictPolicy: 'Manual',
      adoptionPolicy: 'Fail',
      syncDeletion: false,
      deletionPolicy: 'Delete',
      suspend: false,
      ...spec,
    },
  };
}
