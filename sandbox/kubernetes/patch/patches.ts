/**
 * The patches that make a new object of the current one alone: JSON patches (RFC 6902), JSON merge patches (RFC 7386, where
 * null deletes and lists are replaced), and strategic ones. Apply needs to know who asks: see server-side-apply.ts.
 *
 * Any key may be a field, also `constructor` and `__proto__`, which a ConfigMap may well hold.
 */
import { applyPatch, Pointer } from 'rfc6902';
import type { Operation } from 'rfc6902';
import { ApiFailure } from '../api-failure.ts';
import type { PatchType } from '../cluster.ts';
import type { KubeObject } from '../object.ts';
import type { Schema } from '../../../operator/admission/schema.ts';
import { mapOf } from './field-type.ts';
import type { JsonMap } from './field-type.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';

/**
 * Returns the patched copy; `current` stays as it is.
 *
 * @throws ApiFailure `BadRequest` for a patch of the wrong form, `Invalid` for an operation that does not apply
 */
export function patched(
  patchType: Exclude<PatchType, 'apply'>,
  current: KubeObject,
  patch: unknown,
  schema: Schema,
): KubeObject {
  if (patchType === 'json') {
    if (Array.isArray(patch)) return jsonPatch(current, patch as Operation[]);
    throw new ApiFailure('BadRequest', 'error decoding patch: a JSON patch is a list of operations');
  }
  const map = mapOf(patch);
  if (map === undefined) throw new ApiFailure('BadRequest', `error decoding patch: a ${patchType} patch is an object`);
  return patchType === 'merge'
    ? (merged(current, map) as unknown as KubeObject)
    : strategicMergePatch(current, map, schema);
}

function jsonPatch(current: KubeObject, operations: readonly Operation[]): KubeObject {
  const object = structuredClone(current);
  for (const operation of operations) {
    if (!isTestOfAbsence(object, operation) && !applies(object, operation)) {
      throw new ApiFailure('Invalid', 'the server rejected our request due to an error in our request', {});
    }
  }
  return object;
}

function applies(object: object, operation: Operation): boolean {
  try {
    return applyPatch(object, [operation])[0] === null;
  } catch {
    return false;
  }
}

/** The API server's library takes what does not exist for equal to null. */
function isTestOfAbsence(object: object, { op, path, ...rest }: Operation): boolean {
  const isNull = 'value' in rest && rest.value === null;
  return op === 'test' && isNull && Pointer.fromJSON(path).evaluate(object).value === undefined;
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
