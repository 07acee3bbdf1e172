/**
 * Who has put what into an object, and which keys are ours: the API server keeps account in `managedFields`, so that a
 * key that is no longer wanted is told from one that somebody else has added.
 */
import { FIELD_MANAGER } from '../../api/names.ts';
import type { KubeObject } from '../../kube/resource.ts';

/** An entry of `managedFields`, as far as it tells of data; each field `NAME` is a member `f:NAME`. */
export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly fieldsV1?: {
    readonly 'f:data'?: Record<string, unknown>;
    readonly 'f:binaryData'?: unknown;
    readonly 'f:immutable'?: unknown;
    readonly 'f:metadata'?: { readonly 'f:annotations'?: Record<string, unknown> };
  };
}

export function managedFieldsOf({ metadata }: KubeObject): readonly ManagedFields[] {
  return (metadata.managedFields ?? []) as ManagedFields[];
}

/** The keys of `data` that these have put there. */
export function dataKeysOf(entries: readonly ManagedFields[]): string[] {
  const fields = entries.flatMap(({ fieldsV1 }) => Object.keys(fieldsV1?.['f:data'] ?? {}));
  return fields.filter((field) => field.startsWith('f:')).map((field) => field.slice(2));
}

/** The keys of `data` that our server-side applies put there; those that others have put there as well among them. */
export function appliedKeys(object: KubeObject): string[] {
  const isOurs = ({ manager, operation }: ManagedFields): boolean => manager === FIELD_MANAGER && operation === 'Apply';
  return dataKeysOf(managedFieldsOf(object).filter(isOurs));
}

/** Who has a field of the object, whatever the field. */
export function managersOf(object: KubeObject): (string | undefined)[] {
  return managedFieldsOf(object).map(({ manager }) => manager);
}
