/**
 * Whose the data of a mirror is, and what its metadata proves of it, since the watch does not show the data itself.
 *
 * The API server keeps account of who has which field (`managedFields`), and takes a field from us when somebody else
 * changes or removes it. So a key that is no longer wanted is told from one that somebody else has added; and where our
 * apply has the md5 and exactly our keys, and nobody else has any of the data, the keys hold the content of that md5.
 * Whatever is missing or not understood proves nothing, and the object is read.
 *
 * Assumptions: we write all keys and the md5 of what they hold together, always, and nobody else writes under our name.
 */
import { CONTENT_MD5_ANNOTATION, FIELD_MANAGER, MIRROR_LABEL } from '../../api/names.ts';
import { fieldNames, hasField, readManagedFields, type ManagedFields } from '../../kube/managed-fields.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { trim } from '../../kube/trim.ts';
import { mergedKeysOf } from './merged-keys.ts';

export interface DataAccount {
  /** The keys of `data` that we have put there; those that others have put there as well among them. */
  readonly ownKeys: readonly string[];
  /** Somebody else has some of the data. */
  readonly isShared: boolean;
  /** Nobody else has any, and ours was written with the md5. */
  readonly isOursAlone: boolean;
  readonly isImmutable: boolean;
  /** How many labels and annotations are ours. */
  readonly ownNames: number;
}

/** The metadata of a ConfigMap or a Secret, as the watch keeps it; the account is there for mirrors only. */
export interface DataMetadata extends KubeObject, Partial<DataAccount> {
  /** The keys of NacosConfigs that merge into it, by their field managers, if there are any. */
  readonly merged?: ReadonlyMap<string, readonly string[]>;
}

const dataFields = [['data'], ['binaryData'], ['immutable']];
const md5Field = ['metadata', 'annotations', CONTENT_MD5_ANNOTATION];

/** Drops what no reader wants, as `trim` does, but keeps what the account of a mirror's fields says. */
export function trimData(object: KubeObject): DataMetadata {
  const isMirror = object.metadata.labels?.[MIRROR_LABEL] !== undefined;
  const account = isMirror ? accountOf(object) : undefined;
  const merged = mergedKeysOf(object);
  return Object.assign(trim(object), account, merged.size > 0 ? { merged } : undefined);
}

export function accountOf(object: KubeObject): DataAccount {
  const { metadata } = object;
  const ofData = readManagedFields(metadata.managedFields).filter((fields) =>
    dataFields.some((field) => hasField(fields, field)),
  );
  const isImmutable = ofData.some((fields) => hasField(fields, ['immutable']));
  const isOurs = ({ manager, operation }: ManagedFields): boolean =>
    // One that is immutable was created at once, which counts as an update. Nobody can have changed its data since.
    manager === FIELD_MANAGER && (operation === 'Apply' || isImmutable);
  const ownKeys = new Set(ofData.filter(isOurs).flatMap((fields) => fieldNames(fields, ['data'])));
  const isShared = !ofData.every((fields) => isOurs(fields) && !hasField(fields, ['binaryData']));
  const isOursAlone = ofData.length > 0 && !isShared && ofData.every((fields) => hasField(fields, md5Field));
  return { ownKeys: [...ownKeys], isShared, isOursAlone, isImmutable, ownNames: ownNamesOf(object).length };
}

/** The paths of the labels and annotations that are ours. */
export function ownNamesOf({ metadata }: KubeObject): string[][] {
  const ours = readManagedFields(metadata.managedFields).filter(({ manager }) => manager === FIELD_MANAGER);
  return ['labels', 'annotations'].flatMap((field) => {
    const names = new Set(ours.flatMap((fields) => fieldNames(fields, ['metadata', field])));
    return [...names].map((name) => [field, name]);
  });
}
