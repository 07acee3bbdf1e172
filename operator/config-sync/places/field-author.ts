/**
 * Who wrote one field of an object, as `metadata.managedFields` tell.
 *
 * The API server moves a field to the manager that changes its value, so a field that only our manager has is as we
 * left it. Whatever is missing or not understood gives no such evidence.
 */
import { FIELD_MANAGER } from '../../api/names.ts';
import { hasField, readManagedFields } from '../../kube/managed-fields.ts';

export interface FieldAuthor {
  /** Nobody else has written the field since we did. */
  readonly isOurs: boolean;
  /** The last of its managers and when, for messages; '' when it is not known. */
  readonly name: string;
}

export const unknownAuthor: FieldAuthor = { isOurs: false, name: '' };

/** `path` as in the object, such as ['data', 'app.yaml']. */
export function authorOf(managedFields: readonly unknown[] | undefined, path: readonly string[]): FieldAuthor {
  const owners = readManagedFields(managedFields).filter((fields) => hasField(fields, path));
  const last = owners.toSorted((a, b) => ((a.time ?? '') < (b.time ?? '') ? 1 : -1))[0];
  if (last === undefined) return unknownAuthor;
  const when = last.time === undefined ? '' : ` at ${last.time}`;
  return {
    isOurs: owners.every(({ manager }) => manager === FIELD_MANAGER),
    name: `'${last.manager ?? ''}'${when}`,
  };
}
