/**
 * The objects of an immutable mirror: one for each content, named by it. The one of the present content stays, as many
 * former ones as the history has, and those that pods still name (object-users.ts); older ones go.
 *
 * Pure. Which was the present one last is told by when it became it: the annotation `changed-at`, or the creation of the
 * first one, which replaced nothing. A content that comes back makes its object the latest again.
 */
import { CHANGED_AT_ANNOTATION } from '../../api/names.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { HASH_DIGITS } from './mirror-target.ts';

export function generationName(name: string, md5: string): string {
  return `${name}-${md5.slice(0, HASH_DIGITS)}`;
}

/** Those of `objects` that hold a content of the immutable mirror `name`, the latest first. */
export function generationsOf(name: string, objects: readonly KubeObject[]): KubeObject[] {
  const generations = objects.filter(({ metadata }) => isGenerationOf(name, metadata.name));
  return generations.sort((a, b) => becamePresentMs(b) - becamePresentMs(a));
}

/** When the object became the one that holds the present content, in milliseconds since the epoch; -1 for none. */
export function becamePresentMs(object: KubeObject | undefined): number {
  if (object === undefined) return -1;
  const { annotations, creationTimestamp = '' } = object.metadata;
  return Date.parse(annotations?.[CHANGED_AT_ANNOTATION] ?? creationTimestamp) || 0;
}

function isGenerationOf(name: string, objectName: string): boolean {
  return (
    objectName.startsWith(`${name}-`) &&
    /^[0-9a-f]+$/.test(objectName.slice(name.length + 1)) &&
    objectName.length === name.length + 1 + HASH_DIGITS
  );
}
