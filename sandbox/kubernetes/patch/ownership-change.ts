/**
 * How a change of an object moves its fields from owner to owner. Pure sets; what a request means for the object is
 * decided in server-side-apply.ts and tracked-update.ts.
 *
 * Source: sigs.k8s.io/structured-merge-diff/v6/merge/update.go.
 */
import type { KubeObject } from '../object.ts';
import { compareObjects } from './comparison.ts';
import type { Comparison } from './comparison.ts';
import { FieldConflicts } from './field-conflict.ts';
import { FieldSet } from './field-set.ts';
import type { FieldType } from './field-type.ts';
import type { Ownership, Ownerships } from './managed-fields.ts';
import { fieldElement } from './path-element.ts';

/** What nobody owns: the identity of an object, and what the API server alone writes. */
const ofTheServer = FieldSet.of(
  [fieldElement('apiVersion')],
  [fieldElement('kind')],
  [fieldElement('metadata')],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'clusterName',
    'generation',
    'managedFields',
    'resourceVersion',
  ].map((name) => [fieldElement('metadata'), fieldElement(name)]),
);

export function withoutServerFields(fields: FieldSet): FieldSet {
  return fields.difference(ofTheServer);
}

export function compareWithout(
  before: KubeObject,
  after: KubeObject,
  type: FieldType,
  resetFields: FieldSet,
): Comparison {
  const { added, modified, removed } = compareObjects(before, after, type);
  return {
    added: added.without(resetFields),
    modified: modified.without(resetFields),
    removed: removed.without(resetFields),
  };
}

/**
 * Takes from all owners but `except` what changed under them. Owners of another version stay as they are: their fields
 * have other names.
 *
 * @throws FieldConflicts unless `force`, when values changed that others own
 */
export function releaseChanged(
  ownerships: Ownerships,
  change: Comparison,
  { except, apiVersion, force }: { except: string | undefined; apiVersion: string; force: boolean },
): Map<string, Ownership> {
  const written = change.modified.union(change.added);
  const concerns = ([id, { owner }]: readonly [string, Ownership]): boolean =>
    id !== except && owner.apiVersion === apiVersion;
  const conflicts = [...ownerships]
    .filter(concerns)
    .map(([id, { owner, fields }]) => ({ id, owner, fields: fields.intersection(written) }))
    .filter(({ fields }) => !fields.isEmpty)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  if (!force && conflicts.length > 0) throw new FieldConflicts(conflicts);

  const gone = written.union(change.removed);
  const released = new Map<string, Ownership>();
  for (const [id, ownership] of ownerships) {
    const fields = concerns([id, ownership]) ? ownership.fields.difference(gone) : ownership.fields;
    if (!fields.isEmpty) released.set(id, { ...ownership, fields });
  }
  return released;
}
