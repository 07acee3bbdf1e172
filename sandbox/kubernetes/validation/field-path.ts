/**
 * Paths of fields as the API server writes them: `spec.ports[0].name`, and in rules of CRDs also `labels[a.b]`.
 */

/** @param pointer a JSON pointer into `root`, such as `/spec/ports/0/name` */
export function segmentsOf(pointer: string): string[] {
  if (pointer === '') return [];
  const segments = pointer.slice(1).split('/');
  return segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}

export function fieldPath(segments: readonly string[], root: unknown): string {
  let path = '';
  let value = root;
  for (const segment of segments) {
    if (Array.isArray(value)) path += `[${segment}]`;
    else path += path === '' ? segment : `.${segment}`;
    value = valueAt(value, segment);
  }
  return path;
}

export function valueAt(parent: unknown, segment: string): unknown {
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, segment)) return undefined;
  return (parent as Record<string, unknown>)[segment];
}

/**
 * Whether an update left alone what is at this path, or what it is part of: a defect that was there before is none of the
 * update's (CRD validation ratcheting). Items of lists have no identity here; a list counts as a whole.
 */
export function isUnchanged(segments: readonly string[], value: unknown, previous: unknown, same: SameTest): boolean {
  let now = value;
  let before = previous;
  for (const segment of segments) {
    now = valueAt(now, segment);
    before = valueAt(before, segment);
    if (now === undefined || before === undefined) return false;
    if (same(now, before)) return true;
    if (Array.isArray(now)) return false;
  }
  return false;
}

export type SameTest = (a: unknown, b: unknown) => boolean;
