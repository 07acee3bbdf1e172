/**
 * An item as the NacosConfig that would declare it: what a NacosConfigSync asks for is read and judged as that.
 *
 * Pure.
 */
import { API_GROUP, API_VERSION } from '../../../api/names.ts';
import type { NacosConfig, NacosConfigSync } from '../../../api/resources.ts';
import { declaredFormat } from '../declared-format.ts';
import type { Item } from '../inventory/entry.ts';
import type { Mapping } from '../mapping.ts';

/** It is called as the sync. */
export function configOf(sync: NacosConfigSync, item: Item, encoding: Mapping['secretEncoding']): NacosConfig {
  const { generation, name, namespace, uid } = sync.metadata;
  return {
    apiVersion: `${API_GROUP}/${API_VERSION}`,
    kind: 'NacosConfig',
    metadata: { name, namespace, uid, generation },
    spec: specOf(sync, item, encoding),
  };
}

function specOf({ spec }: NacosConfigSync, { ref, config }: Item, encoding: Mapping['secretEncoding']) {
  const isSecret = ref.kind === 'Secret';
  const { name, key } = ref;
  const format = declaredFormat(spec, config.dataId);
  const contentFrom = isSecret ? { secretKeyRef: { name, key, encoding } } : { configMapKeyRef: { name, key } };
  return {
    ...(spec.connectionRef && { connectionRef: spec.connectionRef }),
    ...(spec.namespaceId !== undefined && { namespaceId: spec.namespaceId }),
    group: config.group,
    dataId: config.dataId,
    ...(format && { format }),
    source: spec.source,
    contentFrom,
    validation: spec.validation,
    allowSecretExport: isSecret && spec.kubernetes?.allowSecretExport === true,
    // A NacosConfig refuses a policy that its source knows nothing of.
    driftPolicy: spec.source === 'Kubernetes' ? spec.driftPolicy : 'Revert',
    conflictPolicy: spec.source === 'Both' ? spec.conflictPolicy : 'Manual',
    adoptionPolicy: spec.source === 'Kubernetes' ? spec.adoptionPolicy : 'Fail',
    deletionPolicy: spec.deletionPolicy,
    suspend: spec.suspend,
  } as const;
}
