/**
 * What an apply would take from others, and how the API server says so.
 *
 * Source: k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go.
 */
import { ApiFailure } from '../api-failure.ts';
import { FieldSet } from './field-set.ts';
import type { Path } from './field-set.ts';
import type { FieldOwner } from './managed-fields.ts';
import { printPathElement } from './path-element.ts';

export interface FieldConflict {
  readonly owner: FieldOwner;
  readonly fields: FieldSet;
}

/** Thrown while an apply is tried; ends as the ApiFailure of `toFailure`. */
export class FieldConflicts extends Error {
  /** Each with at least one field, sorted by owner. */
  readonly conflicts: readonly FieldConflict[];

  constructor(conflicts: readonly FieldConflict[]) {
    super('fields are owned by others');
    this.name = 'FieldConflicts';
    this.conflicts = conflicts;
  }

  get fields(): FieldSet {
    return this.conflicts.reduce((all, { fields }) => all.union(fields), FieldSet.empty);
  }

  without(fields: FieldSet): FieldConflicts {
    const rest = this.conflicts.map((conflict) => ({ ...conflict, fields: conflict.fields.difference(fields) }));
    return new FieldConflicts(rest.filter((conflict) => !conflict.fields.isEmpty));
  }

  toFailure(): ApiFailure {
    const byOwner = this.conflicts.map(({ owner, fields }) => ({
      owner: printOwner(owner),
      paths: fields.paths().map(printPath),
    }));
    const causes = byOwner.flatMap(({ owner, paths }) =>
      paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${owner}`, field })),
    );
    const [only] = byOwner;
    if (only && causes.length === 1) {
      const text = `Apply failed with 1 conflict: conflict with ${only.owner}: ${only.paths.join('')}`;
      return new ApiFailure('Conflict', text, { causes });
    }
    const lines = byOwner.flatMap(({ owner, paths }) => [
      `conflicts with ${owner}:`,
      ...paths.map((path) => `- ${path}`),
    ]);
    const text = `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`;
    return new ApiFailure('Conflict', text, { causes });
  }
}

function printPath(path: Path): string {
  return path.map(printPathElement).join('');
}

function printOwner({ manager, operation, apiVersion, subresource }: FieldOwner): string {
  const name = subresource === undefined ? `"${manager}"` : `"${manager}" with subresource "${subresource}"`;
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}
