/**
 * From Nacos to Kubernetes: one key of one ConfigMap holds what Nacos holds.
 *
 * Guarantees
 * - A ConfigMap that another owner controls, or that nobody controls, is never changed.
 * - A config that is absent in Nacos never blanks or removes the key.
 * - What is equal is not written. Labels, annotations and keys of others stay.
 * - ConfigMaps that this NacosConfig wrote under another name before are removed.
 * Assumptions: server-side apply with our field manager is the only way that we write ConfigMaps.
 * Caveats: between "there is none" and our apply somebody may create the object; then our fields are withdrawn again.
 */
import { CONTENT_MD5_ANNOTATION, FIELD_MANAGER, MANAGED_BY, MANAGED_BY_LABEL, MIRROR_LABEL } from '../api/names.ts';
import type { NacosConfig } from '../api/resources.ts';
import { BridgeError } from '../errors.ts';
import type { Verdict } from '../kube/conditions.ts';
import { isControlledBy, ownerReference } from '../kube/owner.ts';
import type { ResourceClient } from '../kube/resource-client.ts';
import type { KubeObject, ResourceRef } from '../kube/resource.ts';
import type { ConfigObservation, ConfigSnapshot } from '../nacos/config-client.ts';
import type { ConfigMapData } from './declared.ts';
import type { MirrorTarget } from './intent.ts';

/** The API server's limit for a ConfigMap, all keys together. */
const MAX_CONFIG_MAP_BYTES = 1024 * 1024;

export type ConfigMap = KubeObject & ConfigMapData & { immutable?: boolean };

export const CONFIG_MAP: ResourceRef = {
  group: '',
  version: 'v1',
  plural: 'configmaps',
  kind: 'ConfigMap',
  namespaced: true,
};

export interface MirrorResult {
  verdict: Verdict;
  /** `Restored`: it held something else than what was last mirrored, because somebody edited or deleted it. */
  written?: 'Created' | 'Updated' | 'Restored';
}

export async function syncMirror(
  resource: NacosConfig,
  target: MirrorTarget,
  observation: ConfigObservation,
  configMaps: ResourceClient<ConfigMap>,
): Promise<MirrorResult> {
  const existing = await configMaps.get(target.name, resource.metadata.namespace);
  if (existing && !isControlledBy(existing, uidOf(resource))) throw notOwned(target);
  if (observation.kind === 'absent') return { verdict: remoteMissing(existing, target) };
  const { snapshot } = observation;
  const bytes = Buffer.byteLength(snapshot.content);
  if (bytes > MAX_CONFIG_MAP_BYTES) throw tooLarge(bytes);
  const verdict = mirrored(target, snapshot);
  const desired = mirrorObject(resource, target, snapshot);
  if (existing && holds(existing, desired, target.key)) return { verdict };
  await applyOwned(resource, desired, existing, configMaps);
  return { verdict, written: writtenAs(existing, snapshot) };
}

/** The object that we own: our key, our labels and annotation, and nothing else. */
export function mirrorObject(resource: NacosConfig, target: MirrorTarget, snapshot: ConfigSnapshot): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: target.name,
      namespace: resource.metadata.namespace,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY, [MIRROR_LABEL]: 'true' },
      annotations: { [CONTENT_MD5_ANNOTATION]: snapshot.md5 },
      ownerReferences: [ownerReference(resource, { controller: true })],
    },
    data: { [target.key]: snapshot.content },
  };
}

/** Whether `existing` has everything that `desired` says. */
export function holds(existing: ConfigMap, desired: ConfigMap, key: string): boolean {
  return (
    existing.data?.[key] === desired.data?.[key] &&
    contains(existing.metadata.labels, desired.metadata.labels) &&
    contains(existing.metadata.annotations, desired.metadata.annotations)
  );
}

/** Deletes ConfigMaps that this NacosConfig controls and no longer names; returns their names. */
export async function removeStaleMirrors(
  resource: NacosConfig,
  target: MirrorTarget | undefined,
  controlled: readonly KubeObject[],
  configMaps: ResourceClient<ConfigMap>,
): Promise<string[]> {
  const stale = controlled.filter(({ metadata }) => metadata.name !== target?.name && metadata.labels?.[MIRROR_LABEL]);
  for (const { metadata } of stale) {
    await configMaps.delete(metadata.name, resource.metadata.namespace, { uid: metadata.uid });
  }
  return stale.map(({ metadata }) => metadata.name);
}

async function applyOwned(
  resource: NacosConfig,
  desired: ConfigMap,
  existing: ConfigMap | undefined,
  configMaps: ResourceClient<ConfigMap>,
): Promise<void> {
  const options = { fieldManager: FIELD_MANAGER, force: true };
  if (existing) {
    // The uid is a precondition: one that was replaced meanwhile is not ours to change.
    await configMaps.apply({ ...desired, metadata: { ...desired.metadata, uid: existing.metadata.uid } }, options);
    return;
  }
  const applied = await configMaps.apply(desired, options);
  const owners = applied.metadata.ownerReferences ?? [];
  const strangers = Object.keys(applied.data ?? {}).length > 1 || owners.length > 1;
  if (!strangers) return;
  const { name, namespace, uid } = applied.metadata;
  await configMaps.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, uid } }, options);
  throw new BridgeError(
    'NOT_OWNED',
    `ConfigMap '${name}' was created by somebody else at the same time; left it as it is`,
  );
}

function writtenAs(existing: ConfigMap | undefined, snapshot: ConfigSnapshot): 'Created' | 'Updated' | 'Restored' {
  if (existing === undefined) return 'Created';
  return existing.metadata.annotations?.[CONTENT_MD5_ANNOTATION] === snapshot.md5 ? 'Restored' : 'Updated';
}

function contains(actual: Record<string, string> = {}, wanted: Record<string, string> = {}): boolean {
  return Object.entries(wanted).every(([name, value]) => actual[name] === value);
}

function mirrored({ name, key }: MirrorTarget, { md5 }: ConfigSnapshot): Verdict {
  return {
    status: 'True',
    reason: 'Mirrored',
    message: `Key '${key}' of ConfigMap '${name}' holds what Nacos holds (md5 ${md5})`,
  };
}

function remoteMissing(existing: ConfigMap | undefined, { name }: MirrorTarget): Verdict {
  const kept = existing ? `; ConfigMap '${name}' keeps what it holds` : '';
  return { status: 'False', reason: 'RemoteMissing', message: `The dataId does not exist in Nacos${kept}` };
}

function notOwned({ name }: MirrorTarget): BridgeError {
  const next = 'delete it, or name another one in `spec.mirror.configMap.name`';
  return new BridgeError('NOT_OWNED', `ConfigMap '${name}' exists and is not controlled by this NacosConfig; ${next}`);
}

function tooLarge(bytes: number): BridgeError {
  const rule = `a ConfigMap must have at most ${MAX_CONFIG_MAP_BYTES} bytes`;
  return new BridgeError(
    'INVALID_CONTENT',
    `The content has ${bytes} bytes and ${rule}; the ConfigMap was not written`,
  );
}

function uidOf(resource: NacosConfig): string {
  return resource.metadata.uid ?? '';
}
