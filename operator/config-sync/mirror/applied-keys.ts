/**
 * Who has put what into an object, and which keys are ours: the API server keeps account in `managedFields`, so that a
 * key that is no longer wanted is told from one that somebody else has added.
 */
import { FIELD_MANAGER } from '../../api/names.ts';
import type { DataObject } from './data-object.ts';

/** An entry of `managedFields`; in `fieldsV1` the member `f:data` has a member `f:KEY` for each key. */
interface ManagedFields {
  manager?: string;
  operation?: string;
  fieldsV1?: { 'f:data'?: Record<string, unknown> };
}

/** The keys of `data` that our server-side applies put there; those that others have put there as well among them. */
export function appliedKeys({ metadata }: DataObject): string[] {
  const applied = ((metadata.managedFields ?? []) as ManagedFields[]).filter(
    ({ manager, operation }) => manager === FIELD_MANAGER && operation === 'Apply',
  );
  const fields = applied.flatMap(({ fieldsV1 }) => Object.keys(fieldsV1?.['f:data'] ?? {}));
  return fields.filter((field) => field.startsWith('f:')).map((field) => field.slice(2));
}

/** Who has a field of the object, whatever the field. */
export function managersOf({ metadata }: DataObject): (string | undefined)[] {
  return ((metadata.managedFields ?? []) as ManagedFields[]).map(({ manager }) => manager);
}
