/** NacosConfigSyncs and what belongs to them, as the API server would give them, for tests. */
import type { NacosConfig, NacosConfigSync } from '../../../operator/api/resources.ts';
import { childOf, type Item } from '../../../operator/config-sync/bulk/child.ts';

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

export const item: Item = {
  ref: { kind: 'ConfigMap', name: 'app', key: 'app.yaml' },
  config: { group: 'configmap.app', dataId: 'app.yaml' },
};

/** The NacosConfig of `item`, as it came back from the API server. */
export function childAsStored(sync: NacosConfigSync, metadata: Partial<NacosConfig['metadata']> = {}): NacosConfig {
  const child = childOf(sync, item, 'Base64');
  return { ...child, metadata: { ...child.metadata, uid: 'uid-of-child', generation: 1, ...metadata } };
}
