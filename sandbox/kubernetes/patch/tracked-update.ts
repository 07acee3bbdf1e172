/**
 * What a create, an update or a patch other than apply makes of `metadata.managedFields`: the fields that it added or
 * changed are its manager's, fields that are gone are nobody's.
 *
 * Source: k8s.io/apimachinery/pkg/util/managedfields/internal (fieldmanager.go, managedfieldsupdater.go,
 * skipnonapplied.go, capmanagers.go).
 */
import type { KubeObject } from '../object.ts';
import type { Schema } from '../../../operator/admission/schema.ts';
import { FieldSet } from './field-set.ts';
import { fieldTypeOf } from './field-type.ts';
import { decodeManagedFields, encodeManagedFields, ownerId, withManagedFields } from './managed-fields.ts';
import type { FieldOwner, Ownership, Ownerships } from './managed-fields.ts';
import { mergeOldUpdates } from './old-updates.ts';
import { compareWithout, releaseChanged, withoutServerFields } from './ownership-change.ts';
import { zeroObject } from './zero-object.ts';

export interface ManagedRequest {
  readonly schema: Schema;
  readonly manager: string;
  /** Such as `apps/v1`: the version in which the request speaks. */
  readonly apiVersion: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
  readonly subresource?: string;
  /** Of the endpoint, see reset-fields.ts. @default none */
  readonly resetFields?: FieldSet;
  /** Custom resources have no structs, which exist even when they are empty. @default false */
  readonly isCustom?: boolean;
}

export interface UpdateRequest extends ManagedRequest {
  /** Undefined at a create. */
  readonly previous: KubeObject | undefined;
  /** With defaults, before anything that the API server allocates or sets itself, which nobody owns. */
  readonly next: KubeObject;
}

/** Returns `next` with the managedFields that it has to be stored with. */
export function trackUpdate(request: UpdateRequest): KubeObject {
  const { previous, next, subresource } = request;
  const isReset = subresource === undefined && isResetOf(next.metadata.managedFields);
  const ownerships = isReset ? new Map() : ownershipsBefore(previous, next, subresource !== undefined);
  // Objects that came to be without managedFields, or lost them, get some at the first apply only.
  if (ownerships.size === 0 && previous !== undefined) return withManagedFields(next, undefined);
  return withManagedFields(next, encodeManagedFields(mergeOldUpdates(ownershipsAfter(request, ownerships))));
}

export function ownershipsAfter(request: UpdateRequest, ownerships: Ownerships): Ownerships {
  const { previous, next, schema, manager, apiVersion, time, subresource, isCustom = false } = request;
  const { resetFields = FieldSet.empty } = request;
  const before = withManagedFields(previous ?? zeroObject(next, schema, isCustom), undefined);
  const change = compareWithout(before, withManagedFields(next, undefined), fieldTypeOf(schema), resetFields);
  const after = releaseChanged(ownerships, change, { except: undefined, apiVersion, force: true });

  const written = withoutServerFields(change.modified.union(change.added));
  if (written.isEmpty) return after;
  const owner: FieldOwner = { manager: manager || 'unknown', operation: 'Update', apiVersion, subresource };
  const id = ownerId(owner);
  const own = after.get(id)?.fields ?? FieldSet.empty;
  // The API server forgets to say when somebody scaled.
  const ownership: Ownership = { owner, fields: own.union(written), time: subresource === 'scale' ? undefined : time };
  return after.set(id, ownership);
}

/** Those of the request, which may edit them; those of the object when the request has none, or nonsense. */
function ownershipsBefore(previous: KubeObject | undefined, next: KubeObject, isSubresource: boolean): Ownerships {
  const given = isSubresource ? undefined : decodeManagedFields(next.metadata.managedFields);
  if (given && given.size > 0) return given;
  return decodeManagedFields(previous?.metadata.managedFields) ?? new Map();
}

function isResetOf(entries: unknown): boolean {
  if (!Array.isArray(entries)) return false;
  const [first] = entries as unknown[];
  return entries.length === 0 || (entries.length === 1 && isEmptyEntry(first));
}

function isEmptyEntry(entry: unknown): boolean {
  return typeof entry === 'object' && entry !== null && Object.keys(entry).length === 0;
}
