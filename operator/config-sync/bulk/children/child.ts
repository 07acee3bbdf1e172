/**
 * The NacosConfig of one item: what it must be, and what has to change in one that is there.
 *
 * Pure. Its name is a hash of what cannot change in it, so that another connection, Nacos namespace, group or dataId makes
 * another NacosConfig, while the object and the key may change. Only fields that the NacosConfigSync decides about are
 * compared: tags, a description, a mirror or a rollout that somebody adds stay, and so do annotations.
 */
import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { NacosConfig, NacosConfigSync } from '../../../api/resources.ts';
import { API_GROUP, API_VERSION, MANAGED_BY, MANAGED_BY_LABEL, SYNC_LABEL } from '../../../api/names.ts';
import { ownerReference } from '../../../kube/owner.ts';
import type { JsonPatchOperation } from '../../../kube/resource-client.ts';
import type { ConfigName } from '../../../nacos/index.ts';
import type { Item } from '../inventory/entry.ts';
import type { Mapping } from '../mapping.ts';

const HASH_DIGITS = 12;

export function childName({ metadata, spec }: NacosConfigSync, { group, dataId }: ConfigName): string {
  const identity = [spec.connectionRef?.name ?? null, spec.namespaceId ?? null, group, dataId];
  const digest = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  return `${metadata.name}-${digest.slice(0, HASH_DIGITS)}`;
}

export function childOf(sync: NacosConfigSync, item: Item, encoding: Mapping['secretEncoding']): NacosConfig {
  return {
    apiVersion: `${API_GROUP}/${API_VERSION}`,
    kind: 'NacosConfig',
    metadata: {
      name: childName(sync, item.config),
      namespace: sync.metadata.namespace,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY, [SYNC_LABEL]: sync.metadata.name },
      ownerReferences: [ownerReference(sync, { controller: true })],
    },
    spec: childSpec(sync, item, encoding),
  };
}

/** What makes `existing` as `desired`; nothing when it is. */
export function patchOf(existing: NacosConfig, desired: NacosConfig): JsonPatchOperation[] {
  const labels = { ...existing.metadata.labels, ...desired.metadata.labels };
  const spec: Readonly<Record<string, unknown>> = { ...existing.spec };
  const operations: JsonPatchOperation[] = Object.entries(desired.spec)
    .filter(([field, value]) => value !== undefined && !isDeepStrictEqual(spec[field], value))
    .map(([field, value]) => ({ op: 'add', path: `/spec/${field}`, value }));
  if (!isDeepStrictEqual(existing.metadata.labels, labels)) {
    operations.push({ op: 'add', path: '/metadata/labels', value: labels });
  }
  return operations;
}

/** Whether a NacosConfig became another one in anything that the NacosConfigSync decides about; its status does not count. */
export function isOtherwise({ metadata: before }: NacosConfig, { metadata: after }: NacosConfig): boolean {
  return (
    before.uid !== after.uid ||
    before.generation !== after.generation ||
    before.deletionTimestamp !== after.deletionTimestamp ||
    !isDeepStrictEqual([before.labels, before.ownerReferences], [after.labels, after.ownerReferences])
  );
}

/** What makes its deletion leave the dataId in Nacos. */
export function releasePatch({ spec }: NacosConfig): JsonPatchOperation[] {
  if (spec.source === 'Both' || spec.deletionPolicy === 'Retain') return [];
  return [{ op: 'add', path: '/spec/deletionPolicy', value: 'Retain' }];
}

/** Every field that has a default is set, so that one that was changed by hand is told from one that was not. */
function childSpec({ spec }: NacosConfigSync, { ref, config }: Item, encoding: Mapping['secretEncoding']) {
  const isSecret = ref.kind === 'Secret';
  const { name, key } = ref;
  const contentFrom = isSecret ? { secretKeyRef: { name, key, encoding } } : { configMapKeyRef: { name, key } };
  return {
    ...(spec.connectionRef && { connectionRef: spec.connectionRef }),
    ...(spec.namespaceId !== undefined && { namespaceId: spec.namespaceId }),
    group: config.group,
    dataId: config.dataId,
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
  };
}
