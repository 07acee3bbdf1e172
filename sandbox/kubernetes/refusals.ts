/**
 * The failures that any resource can meet.
 */
import { ApiFailure, type FailureCause } from './api-failure.ts';
import type { ResourceType } from './resource-type.ts';

type Named = Pick<ResourceType, 'group' | 'plural' | 'kind'>;

/** `configmaps`, `deployments.apps`. */
function qualifiedPlural({ group, plural }: Pick<ResourceType, 'group' | 'plural'>): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** `ConfigMap`, `Deployment.apps`. */
function qualifiedKind({ group, kind }: Pick<ResourceType, 'group' | 'kind'>): string {
  return group === '' ? kind : `${kind}.${group}`;
}

export function notFound(type: Named, name: string): ApiFailure {
  return new ApiFailure('NotFound', `${qualifiedPlural(type)} "${name}" not found`, detailsOf(type, name));
}

export function alreadyExists(type: Named, name: string): ApiFailure {
  return new ApiFailure('AlreadyExists', `${qualifiedPlural(type)} "${name}" already exists`, detailsOf(type, name));
}

export function conflict(type: Named, name: string, why: string): ApiFailure {
  const message = `Operation cannot be fulfilled on ${qualifiedPlural(type)} "${name}": ${why}`;
  return new ApiFailure('Conflict', message, detailsOf(type, name));
}

export function forbidden(type: Named, name: string, why: string, causes?: readonly FailureCause[]): ApiFailure {
  const message = `${qualifiedPlural(type)} "${name}" is forbidden: ${why}`;
  return new ApiFailure('Forbidden', message, { ...detailsOf(type, name), causes });
}

export function invalid(
  type: Pick<ResourceType, 'group' | 'kind'>,
  name: string,
  ...causes: FailureCause[]
): ApiFailure {
  const lines = causes.map(({ field, message }) => (field === undefined ? message : `${field}: ${message}`));
  const text = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  return new ApiFailure('Invalid', `${qualifiedKind(type)} "${name}" is invalid: ${text}`, {
    name: name === '' ? undefined : name,
    group: type.group === '' ? undefined : type.group,
    kind: type.kind || undefined,
    causes,
  });
}

function detailsOf({ group, plural }: Named, name: string) {
  return { name, group: group === '' ? undefined : group, kind: plural };
}
