/**
 * Values of a strategic merge patch that go into an object as they are, cleaned of what only means something in a merge.
 */

/** Without directives; undefined for a map that itself carries `$patch`. */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (typeof value !== 'object' || value === null) return value;
  if (Object.hasOwn(value, '$patch')) return undefined;
  const entries = Object.entries(value).map(([key, entry]): [string, unknown] => [key, withoutDirectives(entry)]);
  return Object.fromEntries(entries.filter(([, entry]) => entry !== undefined));
}

/** Without the nulls in maps, which would delete where there is nothing to delete. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, entry]) => entry !== null);
  return Object.fromEntries(entries.map(([key, entry]) => [key, withoutNulls(entry)]));
}
