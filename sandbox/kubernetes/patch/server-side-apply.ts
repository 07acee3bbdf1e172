/**
 * Server-side apply: a manager says which fields it wants and how, and owns those.
 *
 * Guarantees
 * - Fields of others with another value are a conflict, unless forced; with the same value they are shared.
 * - What the manager applied before and no longer applies goes, unless somebody else owns it.
 * - An apply that changes nothing changes no times either.
 *
 * Source: k8s.io/apimachinery/pkg/util/managedfields/internal, sigs.k8s.io/structured-merge-diff/v6/merge/update.go.
 */
import { ApiFailure } from '../api-failure.ts';
import type { KubeObject } from '../object.ts';
import { mergeObjects, pruneFields } from './applied-object.ts';
import { requireNoConflict } from './field-conflict.ts';
import { FieldSet } from './field-set.ts';
import { fieldTypeOf, mapOf, partsOf } from './field-type.ts';
import type { FieldType } from './field-type.ts';
import { lastAppliedFields, withLastApplied } from './last-applied.ts';
import { decodeManagedFields, ownerId, releaseChanged, withoutServerFields, withOwnerships } from './managed-fields.ts';
import type { FieldOwner, Ownerships } from './managed-fields.ts';
import { compareObjects, fieldsOf } from './object-fields.ts';
import { ownablePart, ownershipsAfter } from './tracked-update.ts';
import type { ManagedRequest } from './tracked-update.ts';

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
  const { live, schema, apiVersion, manager, subresource, time, force = false } = request;
  if (request.applied.metadata.managedFields) throw new ApiFailure('BadRequest', 'metadata.managedFields must be nil');
  const type = fieldTypeOf(schema);
  requireDeclared(request.applied, type);
  const applied = ownablePart(request.applied, request);
  const before = live ? withOwnerships(live, new Map()) : emptyObject(applied);
  const ownerships = live ? ownershipsOf(request, live) : new Map();

  const owner: FieldOwner = { manager, operation: 'Apply', apiVersion, subresource };
  const id = ownerId(owner);
  const last = ownerships.get(id);
  const fields = fieldsOf(applied, type);
  const claimed = new Map(ownerships).set(id, { owner, fields, time: last?.time });
  const merged = mergeObjects(before, applied, type);
  // What was applied in another version has other names.
  const abandoned = last?.owner.apiVersion === apiVersion ? last.fields : FieldSet.empty;
  const after = pruneFields(merged, abandoned, fieldsOfAll(claimed, apiVersion), type) as KubeObject;

  const change = compareObjects(before, after, type);
  const taken = manager === kubectl && live ? lastAppliedFields(live, type, apiVersion) : FieldSet.empty;
  const others = { except: id, apiVersion };
  if (!force) requireNoConflict(claimed, change.written.difference(taken), others);
  const released = releaseChanged(claimed, change, others);
  const owned = withoutServerFields(fields);
  const isChanged = live === undefined || after !== before;
  if (owned.isEmpty) released.delete(id);
  else {
    // The same set, so that its encoded form is shared.
    const same = last?.fields.equals(owned) ? last.fields : owned;
    released.set(id, { owner, fields: same, time: isChanged ? time : last?.time });
  }
  const result = withOwnerships(after, released);
  return manager === kubectl ? withLastApplied(result, request.applied) : result;
}

function ownershipsOf(request: ApplyRequest, live: KubeObject): Ownerships {
  const known = decodeManagedFields(live.metadata.managedFields);
  if (known !== undefined && known.size > 0) return known;
  const firstChange = { ...request, previous: undefined, next: live, manager: managerOfOldObjects };
  return ownershipsAfter(firstChange, new Map());
}

function fieldsOfAll(ownerships: Ownerships, apiVersion: string): FieldSet {
  const ofVersion = [...ownerships.values()].filter(({ owner }) => owner.apiVersion === apiVersion);
  return ofVersion.reduce((all, { fields }) => all.union(fields), FieldSet.empty);
}

function emptyObject({ apiVersion, kind }: KubeObject): KubeObject {
  return { apiVersion, kind, metadata: {} } as KubeObject;
}

/** @throws ApiFailure when a field is not part of the type, or the items of a list cannot be told apart */
function requireDeclared(applied: KubeObject, type: FieldType): void {
  const defects = defectsOf(applied, type, '');
  if (defects.length === 0) return;
  const { name } = applied.metadata;
  throw new ApiFailure('', `failed to create typed patch object (${applied.kind} ${name}): ${defects.join(', ')}`);
}

function defectsOf(value: unknown, type: FieldType, path: string): string[] {
  if (Array.isArray(value)) {
    const isKeyed = type.itemKeys === undefined || partsOf(value, type) !== undefined;
    if (!isKeyed) return [`${path}: items need keys (${type.itemKeys?.join(', ')}), each other ones`];
    return value.flatMap((item, index) => defectsOf(item, type.items, `${path}[${index}]`));
  }
  return Object.entries(mapOf(value) ?? {}).flatMap(([name, entry]) => {
    const entryType = type.fieldOf(name);
    const at = `${path}.${name}`;
    return entryType ? defectsOf(entry, entryType, at) : [`${at}: field not declared in schema`];
  });
}
