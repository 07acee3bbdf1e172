/**
 * The object that a mirror should be: our keys, our labels and annotations, our owner reference, and nothing else.
 *
 * Pure. One or many keys, from one dataId or several: whoever mirrors hands in the texts and the md5 that stands for all
 * of them.
 */
import {
  CHANGED_AT_ANNOTATION,
  CONTENT_MD5_ANNOTATION,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  MIRROR_LABEL,
} from '../../api/names.ts';
import { isControlledBy, ownerReference } from '../../kube/owner.ts';
import type { KubeObject, ObjectMeta } from '../../kube/resource.ts';
import { bytesByKey, dataObjectRefs, encodeData, holdsText, type DataObject } from './data-object.ts';
import type { DataMetadata } from './data-proof.ts';
import type { MirrorKind } from './mirror-target.ts';
import { appliedKeys } from './applied-keys.ts';

/** Which object a mirror is, and of which version. */
export interface MirrorVersion {
  /** The NacosConfig or NacosConfigSync that controls it. */
  readonly owner: KubeObject;
  readonly kind: MirrorKind;
  readonly name: string;
  /** Whether its data can never change again. */
  readonly immutable: boolean;
  /** Of what was mirrored; it changes exactly when the entries do. */
  readonly md5: string;
}

/** What a mirror should hold. */
export interface MirrorState extends MirrorVersion {
  /** The text of each key. */
  readonly entries: Readonly<Record<string, string>>;
}

/** `changedAt` (RFC 3339) is when the content was last replaced by another; undefined for one that never was. */
export function mirrorObject(state: MirrorState, changedAt: string | undefined): DataObject {
  const { kind, immutable, entries } = state;
  return {
    apiVersion: dataObjectRefs[kind].version,
    kind,
    metadata: mirrorMetadata(state, changedAt),
    ...(immutable ? { immutable } : {}),
    data: encodeData(kind, entries),
  };
}

function mirrorMetadata({ owner, name, md5 }: MirrorVersion, changedAt: string | undefined): ObjectMeta {
  const annotations: Record<string, string> = { [CONTENT_MD5_ANNOTATION]: md5 };
  if (changedAt !== undefined) annotations[CHANGED_AT_ANNOTATION] = changedAt;
  return {
    name,
    namespace: owner.metadata.namespace,
    labels: { [MANAGED_BY_LABEL]: MANAGED_BY, [MIRROR_LABEL]: 'true' },
    annotations,
    ownerReferences: [ownerReference(owner, { controller: true })],
  };
}

/** Whether `existing` has everything that `desired`, made of `state`, says, and no key of ours besides. */
export function isAsDesired(existing: DataObject, desired: DataObject, state: MirrorState): boolean {
  return holdsEntries(existing, state) && hasMetadata(existing, desired.metadata);
}

/** Whether the metadata alone proves that `found` is the mirror of `version` with `key` alone (data-proof.ts). */
export function isProven(found: DataMetadata, version: MirrorVersion, key: string): boolean {
  const { owner, immutable } = version;
  return (
    isControlledBy(found, owner.metadata.uid ?? '') &&
    found.ownKeys?.length === 1 &&
    found.ownKeys[0] === key &&
    found.isImmutable === immutable &&
    hasMetadata(found, mirrorMetadata(version, undefined))
  );
}

/** Whether the data is right, whatever labels and annotations say. */
export function holdsEntries(existing: DataObject, { kind, immutable, entries }: MirrorState): boolean {
  return (
    (existing.immutable ?? false) === immutable &&
    Object.entries(entries).every(([key, text]) => holdsText(kind, existing, key, text)) &&
    appliedKeys(existing).every((key) => Object.hasOwn(entries, key))
  );
}

/** Whether all of the data is ours: nobody else has a key in it. */
export function holdsOnly({ data, binaryData }: DataObject, { entries }: MirrorState): boolean {
  return Object.keys({ ...data, ...binaryData }).every((key) => Object.hasOwn(entries, key));
}

/** The bytes of all data that the object would have, keys of others that stay included. */
export function bytesWith(existing: DataObject | undefined, desired: DataObject, kind: MirrorKind): number {
  const present = existing ? bytesByKey(kind, existing) : new Map<string, number>();
  for (const key of existing ? appliedKeys(existing) : []) present.delete(key);
  const all = new Map([...present, ...bytesByKey(kind, desired)]);
  return [...all.values()].reduce((sum, bytes) => sum + bytes, 0);
}

function hasMetadata({ metadata }: KubeObject, { labels, annotations }: ObjectMeta): boolean {
  return contains(metadata.labels, labels) && contains(metadata.annotations, annotations);
}

function contains(actual: Record<string, string> = {}, wanted: Record<string, string> = {}): boolean {
  return Object.entries(wanted).every(([name, value]) => actual[name] === value);
}
