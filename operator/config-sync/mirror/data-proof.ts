/**
 * What the metadata of a mirror proves of its data, which the watch does not show: that it is what we have written.
 *
 * The API server keeps account of who has which field (`managedFields`), and takes a field from us when somebody else
 * changes or removes it. So where our apply has the md5 and exactly our key, and nobody else has any of the data, the key
 * holds the content of that md5. Whatever is missing or not understood proves nothing, and the object is read.
 *
 * Assumptions: we write the key and the md5 of what it holds together, always, and nobody else writes under our name.
 */
import { CONTENT_MD5_ANNOTATION, FIELD_MANAGER, MIRROR_LABEL } from '../../api/names.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { trim } from '../../kube/trim.ts';
import { dataKeysOf, managedFieldsOf, type ManagedFields } from './applied-keys.ts';

/** The metadata of a ConfigMap or a Secret, as the watch keeps it. */
export interface DataMetadata extends KubeObject {
  /** The keys that we have written together with the md5, where nobody else has any of the data. */
  readonly ownKeys?: readonly string[];
  /** Of one with `ownKeys`. */
  readonly isImmutable?: boolean;
}

/** Drops what no reader wants, as `trim` does, but keeps what the account of a mirror's fields proves. */
export function trimData(object: KubeObject): DataMetadata {
  const isMirror = object.metadata.labels?.[MIRROR_LABEL] !== undefined;
  const proof = isMirror ? proofOf(managedFieldsOf(object)) : undefined;
  return Object.assign(trim(object), proof);
}

function proofOf(entries: readonly ManagedFields[]): Pick<DataMetadata, 'ownKeys' | 'isImmutable'> | undefined {
  const ofData = entries.filter(hasData);
  const isImmutable = ofData.some(({ fieldsV1 }) => fieldsV1?.['f:immutable'] !== undefined);
  const isOurs = ({ manager, operation }: ManagedFields): boolean =>
    // One that is immutable was created at once, which counts as an update. Nobody can have changed its data since.
    manager === FIELD_MANAGER && (operation === 'Apply' || isImmutable);
  const areOurs = ofData.length > 0 && ofData.every(isOurs) && ofData.every(hasMd5);
  if (!areOurs || ofData.some(({ fieldsV1 }) => fieldsV1?.['f:binaryData'] !== undefined)) return undefined;
  return { ownKeys: [...new Set(dataKeysOf(ofData))], isImmutable };
}

function hasData({ fieldsV1 }: ManagedFields): boolean {
  return (['f:data', 'f:binaryData', 'f:immutable'] as const).some((name) => fieldsV1?.[name] !== undefined);
}

function hasMd5({ fieldsV1 }: ManagedFields): boolean {
  return fieldsV1?.['f:metadata']?.['f:annotations']?.[`f:${CONTENT_MD5_ANNOTATION}`] !== undefined;
}
