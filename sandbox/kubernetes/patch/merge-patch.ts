/**
 * JSON merge patches (RFC 7386): null deletes, lists are replaced. Any key may be a field, also `constructor` and
 * `__proto__`, which a ConfigMap may well hold.
 */
import { ApiFailure } from '../api-failure.ts';
import { mapOf } from './field-value.ts';
import type { JsonMap } from './field-value.ts';
import { jsonKind } from './go-text.ts';
import type { KubeObject } from '../object.ts';

/**
 * Returns the patched copy; `current` stays as it is, and parts that the patch does not touch are shared.
 *
 * @throws ApiFailure `BadRequest` for a patch that is no object
 */
export function mergePatch(current: KubeObject, patch: unknown): KubeObject {
  const map = mapOf(patch);
  if (map) return merged(current, map) as unknown as KubeObject;
  const text = `error decoding patch: json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`;
  throw new ApiFailure('BadRequest', text);
}

function merged(value: unknown, patch: JsonMap): JsonMap {
  const fields = new Map(Object.entries(mapOf(value) ?? {}));
  for (const [key, change] of Object.entries(patch)) {
    const map = mapOf(change);
    if (change === null) fields.delete(key);
    else fields.set(key, map ? merged(fields.get(key), map) : change);
  }
  return Object.fromEntries(fields);
}
