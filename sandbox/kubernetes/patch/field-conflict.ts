/**
 * What an apply would take from others, as the API server tells it: a cause for each field with the owner's name.
 *
 * Source: k8s.io/apimachinery/pkg/util/managedfields/internal/conflict.go.
 */
import { ApiFailure } from '../api-failure.ts';
import type { FieldSet, Path } from './field-set.ts';
import type { PathElement } from './field-type.ts';
import type { FieldOwner, Ownership, Ownerships } from './managed-fields.ts';

/** @throws ApiFailure `Conflict` when values changed that others own */
export function requireNoConflict(
  ownerships: Ownerships,
  written: FieldSet,
  { except, apiVersion }: { readonly except: string; readonly apiVersion: string },
): void {
  const isConcerned = ([other, { owner }]: readonly [string, Ownership]): boolean =>
    other !== except && owner.apiVersion === apiVersion;
  const conflicts = [...ownerships]
    .filter(isConcerned)
    .map(([, { owner, fields }]) => ({
      owner: printOwner(owner),
      paths: fields.intersection(written).paths().map(printPath),
    }))
    .filter(({ paths }) => paths.length > 0);
  if (conflicts.length === 0) return;
  const causes = conflicts.flatMap(({ owner, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${owner}`, field })),
  );
  const [only] = causes;
  if (only && causes.length === 1) {
    throw new ApiFailure('Conflict', `Apply failed with 1 conflict: ${only.message}: ${only.field}`, { causes });
  }
  const lines = conflicts.flatMap(({ owner, paths }) => [
    `conflicts with ${owner}:`,
    ...paths.map((path) => `- ${path}`),
  ]);
  throw new ApiFailure('Conflict', `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`, { causes });
}

function printOwner({ manager, operation, apiVersion, subresource }: FieldOwner): string {
  const name = subresource === undefined ? `"${manager}"` : `"${manager}" with subresource "${subresource}"`;
  return operation === 'Update' ? `${name} using ${apiVersion}` : name;
}

/** Such as `.spec.ports[port=80,protocol="TCP"].targetPort`. */
function printPath(path: Path): string {
  return path.map(printElement).join('');
}

function printElement(element: PathElement): string {
  const content = element.slice(2);
  if (element.startsWith('f:')) return `.${content}`;
  if (element.startsWith('v:')) return `[=${content}]`;
  const keys = Object.entries(JSON.parse(content) as object);
  return `[${keys.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(',')}]`;
}
