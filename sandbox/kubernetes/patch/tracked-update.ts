/**
 * What a create, an update or a patch other than apply makes of `metadata.managedFields`: the fields that it added or
 * changed are its manager's, fields that are gone are nobody's.
 *
 * Source: k8s.io/apimachinery/pkg/util/managedfields/internal (fieldmanager.go, managedfieldsupdater.go).
 */
import type { KubeObject, ManagedFieldsEntry } from '../object.ts';
import type { Schema } from '../../../operator/admission/schema.ts';
import { FieldSet } from './field-set.ts';
import { fieldTypeOf, mapOf } from './field-type.ts';
import { decodeManagedFields, ownerId, releaseChanged, withoutServerFields, withOwnerships } from './managed-fields.ts';
import type { FieldOwner, Ownerships } from './managed-fields.ts';
import { compareObjects } from './object-fields.ts';

export interface ManagedRequest {
  readonly schema: Schema;
  readonly manager: string;
  /** Such as `apps/v1`: the version in which the request speaks. */
  readonly apiVersion: string;
  /** RFC 3339, whole seconds. */
  readonly time: string;
  readonly subresource?: string;
  /** The status is written through /status alone. @default false */
  readonly hasStatus?: boolean;
  /** Custom resources have no structs, which exist even when they are empty. @default false */
  readonly isCustom?: boolean;
}

export interface UpdateRequest extends ManagedRequest {
  /** Undefined at a create. */
  readonly previous: KubeObject | undefined;
  /** With defaults, before anything that the API server allocates or sets itself, which nobody owns. */
  readonly next: KubeObject;
}

/** What a request can come to own by its endpoint: the status, or everything else. */
export function ownablePart(object: KubeObject, { subresource, hasStatus }: ManagedRequest): KubeObject {
  const { apiVersion, kind, metadata, status, ...rest } = object;
  if (subresource === 'status') return { apiVersion, kind, metadata: {}, status } as unknown as KubeObject;
  const { managedFields: _, ...others } = metadata;
  return { apiVersion, kind, metadata: others, ...rest, ...(hasStatus ? {} : { status }) };
}

/** Returns `next` with the managedFields that it has to be stored with. */
export function trackUpdate(request: UpdateRequest): KubeObject {
  const { previous, next, subresource } = request;
  const given = subresource === undefined ? next.metadata.managedFields : undefined;
  const ownerships = isReset(given) ? new Map() : ownershipsBefore(given, previous);
  // Objects that came to be without managedFields, or lost them, get some at the first apply only.
  if (ownerships.size === 0 && previous !== undefined) return withOwnerships(next, new Map());
  return withOwnerships(next, ownershipsAfter(request, ownerships));
}

export function ownershipsAfter(request: UpdateRequest, ownerships: Ownerships): Ownerships {
  const { previous, next, schema, manager, apiVersion, time, subresource, isCustom = false } = request;
  const before = previous ?? zeroObject(next, schema, isCustom);
  const type = fieldTypeOf(schema);
  const change = compareObjects(ownablePart(before, request), ownablePart(next, request), type);
  const after = releaseChanged(ownerships, change, { apiVersion });

  const written = withoutServerFields(change.written);
  if (written.isEmpty) return after;
  const owner: FieldOwner = { manager: manager || 'unknown', operation: 'Update', apiVersion, subresource };
  const id = ownerId(owner);
  const own = after.get(id)?.fields ?? FieldSet.empty;
  // The API server forgets to say when somebody scaled.
  return after.set(id, { owner, fields: own.union(written), time: subresource === 'scale' ? undefined : time });
}

/** Those of the request, which may edit them; those of the object when the request has none, or nonsense. */
function ownershipsBefore(
  given: readonly ManagedFieldsEntry[] | undefined,
  previous: KubeObject | undefined,
): Ownerships {
  const asked = decodeManagedFields(given);
  if (asked && asked.size > 0) return asked;
  return decodeManagedFields(previous?.metadata.managedFields) ?? new Map();
}

/** An empty list, or one of an empty entry, asks that nobody owns anything any more. */
function isReset(given: readonly ManagedFieldsEntry[] | undefined): boolean {
  return given !== undefined && given.every((entry) => Object.keys(entry).length === 0);
}

/**
 * The empty object of a type, against which the first version of an object is compared.
 *
 * Built-in types are structs: `spec` of a Deployment exists before anybody wrote it, so nobody owns its being there, nor
 * that of fields which are always written. OpenAPI tells them by their defaults (`{}`, and 0 of required fields) and as
 * required lists. A custom resource begins with nothing.
 */
function zeroObject(object: KubeObject, schema: Schema, isCustom: boolean): KubeObject {
  const { apiVersion, kind } = object;
  return { ...(isCustom ? {} : zeroOf(schema, object)), apiVersion, kind, metadata: {} } as unknown as KubeObject;
}

function zeroOf({ properties = {}, required = [] }: Schema, value: unknown): Record<string, unknown> {
  const object = mapOf(value) ?? {};
  const zeros: Record<string, unknown> = {};
  for (const [name, of] of Object.entries(properties)) {
    const isStruct = Object.keys(mapOf(of.default) ?? { none: true }).length === 0;
    if (isStruct) zeros[name] = zeroOf(of, object[name]);
    else if (required.includes(name) && of.default === 0) zeros[name] = 0;
    else if (required.includes(name) && of.type === 'array') zeros[name] = null;
    // Written though they are empty: text, and times, which are null then.
    if (object[name] === null || object[name] === '') zeros[name] = object[name];
  }
  return zeros;
}
