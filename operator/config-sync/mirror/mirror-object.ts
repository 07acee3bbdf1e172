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
import { BridgeError } from '../../errors.ts';
import { MAX_DATA_BYTES } from '../../kube/limits.ts';
import { ownValue } from '../../kube/own-value.ts';
import type { KubeObject, ObjectMeta } from '../../kube/resource.ts';
import { bytesByKey, dataObjectRefs, decodeData, encodeData, type DataObject } from './data-object.ts';
import { accountOf, ownNamesOf, type DataAccount, type DataMetadata } from './data-proof.ts';
import { isOwnedAs, ownedMetadata, type Ownership } from './mirror-owner.ts';
import type { MirrorKind } from './mirror-target.ts';

/** Texts by their keys. */
export type Texts = Readonly<Record<string, string>>;

export interface MirrorContent {
  readonly entries: Texts;
  /** Of what was mirrored; it changes exactly when the entries do. */
  readonly md5: string;
}

/** Which object there is to be, and what it is to hold. */
export interface WantedMirror extends Ownership {
  /** Besides those that tell that it is a mirror, and of what. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Of a Secret; `Opaque` without it. */
  readonly type?: string;
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
  const { kind, immutable, type } = wanted;
  return {
    apiVersion: dataObjectRefs[kind].version,
    kind,
    metadata: mirrorMetadata(wanted, md5),
    ...(immutable ? { immutable } : {}),
    ...(type === undefined ? {} : { type }),
    data: encodeData(kind, entries),
  };
}

/** `changedAt` (RFC 3339) is when the content was last replaced by another; undefined for one that never was. */
export function withChangedAt(desired: DataObject, changedAt: string | undefined): DataObject {
  if (changedAt === undefined) return desired;
  const annotations = { ...desired.metadata.annotations, [CHANGED_AT_ANNOTATION]: changedAt };
  return { ...desired, metadata: { ...desired.metadata, annotations } };
}

function mirrorMetadata(wanted: WantedMirror, md5: string): ObjectMeta {
  const { owner, name } = wanted;
  const { annotations, ownerReferences } = ownedMetadata(wanted);
  return {
    name,
    namespace: owner.metadata.namespace,
    labels: { ...wanted.labels, [MANAGED_BY_LABEL]: MANAGED_BY, [MIRROR_LABEL]: 'true' },
    annotations: { ...wanted.annotations, [CONTENT_MD5_ANNOTATION]: md5, ...annotations },
    ...(ownerReferences && { ownerReferences }),
  };
}

/** Whether it has everything that `desired` says, and no key of ours besides. */
export function isAsDesired(present: Present, desired: DataObject, ownership: Ownership): boolean {
  const { object } = present;
  const hasRightMetadata = hasMetadata(object, desired.metadata) && unwantedNames(object, desired).length === 0;
  return holdsData(present, desired) && hasRightMetadata && isOwnedAs(object, ownership);
}

/** The labels and annotations that we have put there and that are not wanted any more, as paths in the metadata. */
export function unwantedNames(
  object: DataObject,
  { metadata: { labels = {}, annotations = {} } }: DataObject,
): string[][] {
  return ownNamesOf(object).filter(([field, name = '']) => {
    return !Object.hasOwn(field === 'labels' ? labels : annotations, name);
  });
}

/** Whether its metadata alone proves that `found` is what is wanted (data-proof.ts). */
export function isProven(found: DataMetadata, wanted: WantedMirror): boolean {
  const { immutable, proof } = wanted;
  if (proof === undefined || !found.isOursAlone || found.isImmutable !== immutable) return false;
  const own = new Set(found.ownKeys);
  const metadata = mirrorMetadata(wanted, proof.md5);
  const changedAt = found.metadata.annotations?.[CHANGED_AT_ANNOTATION];
  return (
    isOwnedAs(found, wanted) &&
    own.size === proof.keys.length &&
    proof.keys.every((key) => own.has(key)) &&
    hasMetadata(found, metadata) &&
    found.ownNames === namesIn(metadata) + (changedAt === undefined ? 0 : 1)
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

/** @throws BridgeError INVALID_CONTENT when the object would be larger than an API server takes. */
export function checkSize(kind: MirrorKind, name: string, present: Present | undefined, desired: DataObject): void {
  const bytes = bytesWith(present, desired, kind);
  if (bytes <= MAX_DATA_BYTES) return;
  const rule = `all data of a ${kind} must have at most ${MAX_DATA_BYTES} bytes`;
  throw new BridgeError(
    'INVALID_CONTENT',
    `${kind} '${name}' would have ${bytes} bytes and ${rule}; it was not written`,
  );
}

/** The bytes of all data that the object would have, keys of others that stay included. */
function bytesWith(present: Present | undefined, { data }: DataObject, kind: MirrorKind): number {
  const bytes = present ? bytesByKey(kind, present.object) : new Map<string, number>();
  for (const key of present?.ownKeys ?? []) bytes.delete(key);
  const all = new Map([...bytes, ...bytesByKey(kind, { metadata: { name: '' }, data })]);
  return [...all.values()].reduce((sum, one) => sum + one, 0);
}

function namesIn({ labels = {}, annotations = {} }: ObjectMeta): number {
  return Object.keys(labels).length + Object.keys(annotations).length;
}

function hasMetadata({ metadata }: KubeObject, { labels, annotations }: ObjectMeta): boolean {
  return contains(metadata.labels, labels) && contains(metadata.annotations, annotations);
}

function contains(actual: Record<string, string> = {}, wanted: Record<string, string> = {}): boolean {
  return Object.entries(wanted).every(([name, value]) => ownValue(actual, name) === value);
}
