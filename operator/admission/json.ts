/** Plain JSON, while an object is being admitted: the copy that pruning made belongs to the admission and may be changed. */
export type JsonObject = Record<string, unknown>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object at this key; an empty one that is not part of `parent` when there is none. */
export function objectAt(parent: unknown, key: string): JsonObject {
  const value = isJsonObject(parent) ? parent[key] : undefined;
  return isJsonObject(value) ? value : {};
}

export function listAt(parent: unknown, key: string): readonly unknown[] {
  const value = isJsonObject(parent) ? parent[key] : undefined;
  return Array.isArray(value) ? value : [];
}

/** '' when there is none, as in Go. */
export function stringAt(parent: unknown, key: string): string {
  const value = isJsonObject(parent) ? parent[key] : undefined;
  return typeof value === 'string' ? value : '';
}
