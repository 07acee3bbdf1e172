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
import { ownValue } from '../../kube/own-value.ts';
import { isControlledBy, ownerReference } from '../../kube/owner.ts';
import type { KubeObject, ObjectMeta } from '../../kube/resource.ts';
import { bytesByKey, dataObjectRefs, decodeData, encodeData, type DataObject } from './data-object.ts';
import { accountOf, type DataAccount, type DataMetadata } from './data-proof.ts';
import type { MirrorKind } from './mirror-target.ts';

/** Texts by their keys. */
export type Texts = Readonly<Record<string, string>>;

export interface MirrorContent {
  readonly entries: Texts;
  /** Of what was mirrored; it changes exactly when the entries do. */
  readonly md5: string;
}

/** Which object there is to be, and what it is to hold. */
export interface WantedMirror {
  /** The NacosConfig or NacosConfigSync that controls it. */
  readonly owner: KubeObject;
  readonly kind: MirrorKind;
  readonly name: string;
  /** Whether its data can never change again. */
  readonly immutable: boolean;
  /** The object that held the content before, where each content has an object of its own. */
  readonly predecessor?: KubeObject;
  /** What it is to hold, where it holds `ours` of ours now. Throws when that is not to be had. */
  readonly content: (ours: Texts) => MirrorContent | Promise<MirrorContent>;
  /** Whether that depends on `ours`, so that the object must be read first. */
  readonly needsOurs: boolean;
  /** Stands for all that decides what it is to hold. */
  readonly what: string;
  /** All keys that it is to have of ours and the md5 of their content, where they are known before anything is read. */
  readonly proof: { readonly keys: readonly string[]; readonly md5: string } | undefined;
}

/** An object that is there, and whose its data is. */
export interface Present extends DataAccount {
  readonly object: DataObject;
}

export function presentOf(object: DataObject): Present {
  return { object, ...accountOf(object) };
}

/** What the object holds of ours. */
export function ownTexts({ object, ownKeys }: Present, kind: MirrorKind): Texts {
  const own = new Set(ownKeys);
  const data = Object.entries(object.data ?? {}).filter(([key]) => own.has(key));
  return decodeData(kind, Object.fromEntries(data));
}

/** Whether others have data in it. What nobody has may be theirs. */
export function hasForeignData({ object: { data, binaryData }, ownKeys, isShared }: Present): boolean {
  const own = new Set(ownKeys);
  return isShared || Object.keys({ ...data, ...binaryData }).some((key) => !own.has(key));
}

export function mirrorObject(wanted: WantedMirror, { entries, md5 }: MirrorContent): DataObject {
  const { kind, immutable } = wanted;
  return {
    apiVersion: dataObjectRefs[kind].version,
    kind,
    metadata: mirrorMetadata(wanted, md5),
    ...(immutable ? { immutable } : {}),
    data: encodeData(kind, entries),
  };
}

/** `changedAt` (RFC 3339) is when the content was last replaced by another; undefined for one that never was. */
export function withChangedAt(desired: DataObject, changedAt: string | undefined): DataObject {
  if (changedAt === undefined) return desired;
  const annotations = { ...desired.metadata.annotations, [CHANGED_AT_ANNOTATION]: changedAt };
  return { ...desired, metadata: { ...desired.metadata, annotations } };
}

function mirrorMetadata({ owner, name }: WantedMirror, md5: string): ObjectMeta {
  return {
    name,
    namespace: owner.metadata.namespace,
    labels: { [MANAGED_BY_LABEL]: MANAGED_BY, [MIRROR_LABEL]: 'true' },
    annotations: { [CONTENT_MD5_ANNOTATION]: md5 },
    ownerReferences: [ownerReference(owner, { controller: true })],
  };
}

/** Whether it has everything that `desired` says, and no key of ours besides. */
export function isAsDesired(present: Present, desired: DataObject): boolean {
  return holdsData(present, desired) && hasMetadata(present.object, desired.metadata);
}

/** Whether its metadata alone proves that `found` is what is wanted (data-proof.ts). */
export function isProven(found: DataMetadata, wanted: WantedMirror): boolean {
  const { immutable, owner, proof } = wanted;
  if (proof === undefined || !found.isOursAlone || found.isImmutable !== immutable) return false;
  const own = new Set(found.ownKeys);
  return (
    isControlledBy(found, owner.metadata.uid ?? '') &&
    own.size === proof.keys.length &&
    proof.keys.every((key) => own.has(key)) &&
    hasMetadata(found, mirrorMetadata(wanted, proof.md5))
  );
}

/** Whether the data is right, whatever labels and annotations say. */
export function holdsData({ object, ownKeys }: Present, { data = {}, immutable = false }: DataObject): boolean {
  return (
    (object.immutable ?? false) === immutable &&
    Object.entries(data).every(([key, value]) => ownValue(object.data, key) === value) &&
    ownKeys.every((key) => Object.hasOwn(data, key))
  );
}

/** The bytes of all data that the object would have, keys of others that stay included. */
export function bytesWith(present: Present | undefined, desired: DataObject, kind: MirrorKind): number {
  const bytes = present ? bytesByKey(kind, present.object) : new Map<string, number>();
  for (const key of present?.ownKeys ?? []) bytes.delete(key);
  const all = new Map([...bytes, ...bytesByKey(kind, desired)]);
  return [...all.values()].reduce((sum, one) => sum + one, 0);
}

function hasMetadata({ metadata }: KubeObject, { labels, annotations }: ObjectMeta): boolean {
  return contains(metadata.labels, labels) && contains(metadata.annotations, annotations);
}

function contains(actual: Record<string, string> = {}, wanted: Record<string, string> = {}): boolean {
  return Object.entries(wanted).every(([name, value]) => ownValue(actual, name) === value);
}
