/**
 * Server-side apply: a manager says which fields it wants and how, and owns those.
 *
 * Guarantees
 * - Fields of others with another value are a conflict, unless forced; with the same value they are shared.
 * - What the manager applied before and no longer applies goes, unless somebody else owns it.
 * - An apply that changes nothing returns `live` itself.
 *
 * Source: k8s.io/apimachinery/pkg/util/managedfields/internal, sigs.k8s.io/structured-merge-diff/v6/merge/update.go.
 */
import { isDeepStrictEqual } from 'node:util';
import { ApiFailure } from '../api-failure.ts';
import type { KubeObject } from '../object.ts';
import { checkFields, printKind } from './checked-fields.ts';
import { FieldConflicts } from './field-conflict.ts';
import { FieldSet } from './field-set.ts';
import { fieldTypeOf } from './field-type.ts';
import type { FieldType } from './field-type.ts';
import { lastAppliedFields, withLastApplied } from './last-applied.ts';
import { decodeManagedFields, encodeManagedFields, ownerId, withManagedFields } from './managed-fields.ts';
import type { FieldOwner, Ownerships } from './managed-fields.ts';
import { mergeObjects } from './merged-object.ts';
import { mergeOldUpdates } from './old-updates.ts';
import { fieldsOf } from './owned-fields.ts';
import { compareWithout, releaseChanged, withoutServerFields } from './ownership-change.ts';
import { ownershipsAfter } from './tracked-update.ts';
import type { ManagedRequest } from './tracked-update.ts';
import { withNamedFields, withoutFields } from './without-fields.ts';

export interface ApplyRequest extends ManagedRequest {
  /** Undefined when the apply creates the object. */
  readonly live: KubeObject | undefined;
  readonly applied: KubeObject;
  readonly force?: boolean;
}

/** kubectl's manager: applies by it take over what `kubectl apply` without server side applied before. */
const kubectl = 'kubectl';
const managerOfOldObjects = 'before-first-apply';

/**
 * Returns the object with its managedFields, not yet with defaults.
 *
 * @throws ApiFailure `Conflict` with a cause for each field, `BadRequest` for a configuration that is none,
 *   500 without a reason (as the API server does) for fields that the schema does not have
 */
export function serverSideApply(request: ApplyRequest): KubeObject {
  const { live, applied, schema, apiVersion, manager } = request;
  if (applied.apiVersion !== apiVersion || (live && applied.kind !== live.kind)) {
    throw new ApiFailure('BadRequest', `invalid object type: ${printKind(applied)}`);
  }
  if (applied.metadata.managedFields !== undefined && applied.metadata.managedFields !== null) {
    throw new ApiFailure('BadRequest', 'metadata.managedFields must be nil');
  }
  checkFields(applied, fieldTypeOf(schema));
  const { object: result, isChanged } = applyWithTakeOver(request);
  const object = manager === kubectl ? withLastApplied(result, applied) : result;
  const isSame = !isChanged && object === result && hasSameOwners(live, object);
  return live && isSame ? live : object;
}

function applyWithTakeOver(request: ApplyRequest): Applied {
  const { live, schema, apiVersion, manager } = request;
  try {
    return apply(request);
  } catch (error) {
    if (!(error instanceof FieldConflicts)) throw error;
    const allowed = manager === kubectl && live ? lastAppliedFields(live, fieldTypeOf(schema), apiVersion) : undefined;
    const rest = allowed ? error.without(allowed) : error;
    if (rest.conflicts.length > 0) throw rest.toFailure();
    return apply({ ...request, force: true });
  }
}

interface Applied {
  readonly object: KubeObject;
  /** Apart from managedFields. */
  readonly isChanged: boolean;
}

function apply(request: ApplyRequest): Applied {
  const { applied, schema, manager, apiVersion, force = false, time, subresource } = request;
  const { resetFields = FieldSet.empty } = request;
  const type = fieldTypeOf(schema);
  const before = withManagedFields(request.live ?? emptyObject(applied), undefined);
  const ownerships = ownershipsOf(request, before);

  const owner: FieldOwner = { manager, operation: 'Apply', apiVersion, subresource };
  const id = ownerId(owner);
  const last = ownerships.get(id);
  const fields = fieldsOf(applied, type).without(resetFields);
  const claimed = new Map(ownerships).set(id, { owner, fields, time: last?.time });

  const merged = mergeObjects(before, applied, type) as KubeObject;
  const isOfThisVersion = last?.owner.apiVersion === apiVersion;
  const gone =
    last && isOfThisVersion ? abandonedFields(merged, last.fields, claimed, apiVersion, type) : FieldSet.empty;
  const after = withoutFields(merged, gone, type, undefined) as KubeObject;
  // Who owns a list or map keeps it when it loses its last part, though an empty one is not stored.
  const emptied = withoutFields(merged, gone, type, null) as KubeObject;
  const change = compareWithout(before, emptied, type, resetFields);
  const released = releaseChanged(claimed, change, { except: id, apiVersion, force });

  const owned = withoutServerFields(fields);
  const isChanged = request.live === undefined || after !== before;
  if (owned.isEmpty) released.delete(id);
  else {
    const isSameSet = last?.fields.equals(owned) === true;
    released.set(id, { owner, fields: isSameSet ? last.fields : owned, time: isChanged ? time : last?.time });
  }
  return { object: withManagedFields(after, encodeManagedFields(released)), isChanged };
}

function ownershipsOf(request: ApplyRequest, before: KubeObject): Ownerships {
  const { live } = request;
  if (live === undefined) return new Map();
  const ownerships = decodeManagedFields(live.metadata.managedFields) ?? new Map();
  if (ownerships.size > 0) return ownerships;
  const firstChange = { ...request, previous: undefined, next: before, manager: managerOfOldObjects };
  return mergeOldUpdates(ownershipsAfter(firstChange, ownerships));
}

/** What was applied last and is nobody's now. */
function abandonedFields(
  merged: KubeObject,
  last: FieldSet,
  ownerships: Ownerships,
  apiVersion: string,
  type: FieldType,
): FieldSet {
  let owned = FieldSet.empty;
  for (const { owner, fields } of ownerships.values()) if (owner.apiVersion === apiVersion) owned = owned.union(fields);
  if (last.difference(owned).isEmpty) return FieldSet.empty;

  const fieldsWith = (object: unknown): FieldSet => withNamedFields(fieldsOf(object, type), type);
  const mergedFields = fieldsWith(merged);
  const lastNamed = withNamedFields(last, type);
  const kept = fieldsWith(withoutFields(merged, lastNamed, type, null)).union(withNamedFields(owned, type));
  const restored = withoutFields(merged, mergedFields.difference(kept), type, null);
  // What falls with its container though it was never applied stays.
  return mergedFields.difference(fieldsWith(restored)).intersection(lastNamed);
}

function emptyObject({ apiVersion, kind }: KubeObject): KubeObject {
  return { apiVersion, kind, metadata: {} } as KubeObject;
}

function hasSameOwners(live: KubeObject | undefined, object: KubeObject): boolean {
  const timeless = ({ metadata: { managedFields = [] } }: KubeObject): object[] =>
    managedFields.map((entry) => ({ ...entry, time: undefined }));
  return live !== undefined && isDeepStrictEqual(timeless(live), timeless(object));
}
