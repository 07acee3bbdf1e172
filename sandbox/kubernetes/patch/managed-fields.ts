/**
 * `metadata.managedFields` as a value: who owns which fields, and since when.
 *
 * An owner is a manager with its operation and subresource; updates count for each apiVersion by themselves, applies do
 * not.
 *
 * Source: k8s.io/apimachinery/pkg/util/managedfields/internal/managedfields.go.
 */
import type { KubeObject, ManagedFieldsEntry } from '../object.ts';
import { FieldSet } from './field-set.ts';
import type { Comparison } from './object-fields.ts';

export interface FieldOwner {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string | undefined;
}

export interface Ownership {
  readonly owner: FieldOwner;
  readonly fields: FieldSet;
  /** Of the last change by this owner; absent when it never changed anything. */
  readonly time: string | undefined;
}

/** By `ownerId`. */
export type Ownerships = ReadonlyMap<string, Ownership>;

export function ownerId({ manager, operation, apiVersion, subresource }: FieldOwner): string {
  return JSON.stringify([operation, manager, operation === 'Update' ? apiVersion : '', subresource]);
}

/** Undefined when an entry is none. */
export function decodeManagedFields(entries: readonly ManagedFieldsEntry[] = []): Ownerships | undefined {
  const ownerships = new Map<string, Ownership>();
  try {
    for (const { manager = '', operation, apiVersion, subresource, fieldsV1 = {}, time } of entries) {
      if (!apiVersion || (operation !== 'Apply' && operation !== 'Update')) return undefined;
      const owner = { manager, operation, apiVersion, subresource: subresource || undefined };
      ownerships.set(ownerId(owner), { owner, fields: FieldSet.fromV1(fieldsV1), time });
    }
  } catch {
    return undefined;
  }
  return ownerships;
}

/** The object with exactly these owners; without managedFields when there are none. */
export function withOwnerships(object: KubeObject, ownerships: Ownerships): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  if (ownerships.size === 0) return { ...object, metadata };
  const entries = [...ownerships.values()].sort(inOrder).map(({ owner, fields, time }): ManagedFieldsEntry => {
    const { manager, operation, apiVersion, subresource } = owner;
    const fieldsV1 = fields.toV1();
    return {
      apiVersion,
      fieldsType: 'FieldsV1',
      fieldsV1,
      manager,
      operation,
      ...(subresource === undefined ? {} : { subresource }),
      ...(time === undefined ? {} : { time }),
    };
  });
  return { ...object, metadata: { ...metadata, managedFields: entries } };
}

/** Applies first, then by time and name. */
function inOrder(a: Ownership, b: Ownership): number {
  const key = ({ owner, time = '' }: Ownership): string => `${owner.operation} ${time} ${owner.manager}`;
  return key(a) < key(b) ? -1 : 1;
}

/** What nobody owns: the identity of an object, and what the API server alone writes. */
const ofTheServer = FieldSet.fromV1({
  'f:apiVersion': {},
  'f:kind': {},
  'f:metadata': {
    '.': {},
    'f:name': {},
    'f:namespace': {},
    'f:creationTimestamp': {},
    'f:uid': {},
    'f:generation': {},
    'f:managedFields': {},
    'f:resourceVersion': {},
  },
});

export function withoutServerFields(fields: FieldSet): FieldSet {
  return fields.difference(ofTheServer);
}

/**
 * The owners after a change: all but `except` lose what changed under them. Owners of another version stay as they are:
 * their fields have other names.
 */
export function releaseChanged(
  ownerships: Ownerships,
  { written, removed }: Comparison,
  { except, apiVersion }: { readonly except?: string; readonly apiVersion: string },
): Map<string, Ownership> {
  const gone = written.union(removed);
  const released = new Map<string, Ownership>();
  for (const [id, ownership] of ownerships) {
    const isConcerned = id !== except && ownership.owner.apiVersion === apiVersion;
    const fields = isConcerned ? ownership.fields.difference(gone) : ownership.fields;
    if (!fields.isEmpty) released.set(id, { ...ownership, fields });
  }
  return released;
}
