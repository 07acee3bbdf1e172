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
  return JSON.stringify({
    manager,
    operation,
    apiVersion: operation === 'Update' ? apiVersion : undefined,
    subresource,
  });
}

/** Undefined when an entry is none: then the API server falls back to what it had. */
export function decodeManagedFields(entries: unknown): Ownerships | undefined {
  if (entries === undefined || entries === null) return new Map();
  if (!Array.isArray(entries)) return undefined;
  const ownerships = new Map<string, Ownership>();
  for (const entry of entries as Partial<ManagedFieldsEntry>[]) {
    const { manager = '', operation, apiVersion, fieldsType, fieldsV1 = {}, time } = entry;
    if (operation !== 'Apply' && operation !== 'Update') return undefined;
    if (!apiVersion || fieldsType !== 'FieldsV1') return undefined;
    const owner = { manager, operation, apiVersion, subresource: entry.subresource || undefined };
    try {
      ownerships.set(ownerId(owner), { owner, fields: FieldSet.fromV1(fieldsV1), time });
    } catch {
      return undefined;
    }
  }
  return ownerships;
}

/** Applies first, then by time and name. */
export function encodeManagedFields(ownerships: Ownerships): ManagedFieldsEntry[] {
  const sorted = [...ownerships.values()].sort(compareOwnerships);
  return sorted.map(({ owner: { manager, operation, apiVersion, subresource }, fields, time }) => ({
    apiVersion,
    fieldsType: 'FieldsV1',
    fieldsV1: fields.toV1(),
    manager,
    operation,
    ...(subresource === undefined ? {} : { subresource }),
    ...(time === undefined ? {} : { time }),
  }));
}

/** The object with exactly these managedFields, or without any. */
export function withManagedFields(object: KubeObject, entries: readonly ManagedFieldsEntry[] | undefined): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  const isManaged = entries !== undefined && entries.length > 0;
  return { ...object, metadata: isManaged ? { ...metadata, managedFields: entries } : metadata };
}

function compareOwnerships(a: Ownership, b: Ownership): number {
  const key = ({ owner, time }: Ownership): string[] => [
    owner.operation,
    time ?? '',
    owner.manager,
    owner.apiVersion,
    owner.subresource ?? '',
  ];
  const [left, right] = [key(a), key(b)];
  for (const [index, part] of left.entries()) {
    const other = right[index] ?? '';
    if (part !== other) return part < other ? -1 : 1;
  }
  return 0;
}
