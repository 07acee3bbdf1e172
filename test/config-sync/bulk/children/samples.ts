/** The NacosConfig of an item, for tests. */
import type { NacosConfig, NacosConfigSync } from '../../../../operator/api/resources.ts';
import { childOf } from '../../../../operator/config-sync/bulk/children/child.ts';
import type { Item } from '../../../../operator/config-sync/bulk/inventory/entry.ts';

export const item: Item = {
  ref: { kind: 'ConfigMap', name: 'app', key: 'app.yaml' },
  config: { group: 'configmap.app', dataId: 'app.yaml' },
};

/** The NacosConfig of `item`, as it came back from the API server. */
export function childAsStored(sync: NacosConfigSync, metadata: Partial<NacosConfig['metadata']> = {}): NacosConfig {
  const child = childOf(sync, item, 'Base64');
  return { ...child, metadata: { ...child.metadata, uid: 'uid-of-child', generation: 1, ...metadata } };
}
