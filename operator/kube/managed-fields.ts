/**
 * Who has which fields of an object, as the API server keeps account of it in `metadata.managedFields`: it takes a field
 * from one manager when another changes it. What is missing or not understood is nobody's.
 */

/** What one manager has by one way of writing. */
export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly time?: string;
  /** Each field `NAME` is a member `f:NAME`. */
  readonly fieldsV1?: unknown;
}

/** `metadata.managedFields`, as far as it is understood. */
export function readManagedFields(managedFields: readonly unknown[] | undefined): readonly ManagedFields[] {
  return (managedFields ?? []).filter(isMap);
}

/** `path` as in the object, such as ['data', 'app.yaml']. */
export function hasField(fields: ManagedFields, path: readonly string[]): boolean {
  return fieldAt(fields, path) !== undefined;
}

/** The names of the fields right below `path`. */
export function fieldNames(fields: ManagedFields, path: readonly string[]): string[] {
  const below = fieldAt(fields, path);
  const members = isMap(below) ? Object.keys(below) : [];
  return members.filter((member) => member.startsWith('f:')).map((member) => member.slice(2));
}

function fieldAt({ fieldsV1 }: ManagedFields, path: readonly string[]): unknown {
  let current = fieldsV1;
  for (const name of path) current = isMap(current) ? current[`f:${name}`] : undefined;
  return current;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
