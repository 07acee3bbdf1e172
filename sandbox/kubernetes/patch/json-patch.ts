/**
 * JSON patches (RFC 6902).
 */
import { applyPatch, Pointer } from 'rfc6902';
import type { Operation } from 'rfc6902';
import { ApiFailure } from '../api-failure.ts';
import { jsonKind } from './go-text.ts';
import type { KubeObject } from '../object.ts';

const maxOperations = 10_000;

/**
 * Returns the patched copy; `current` stays as it is.
 *
 * @throws ApiFailure `Invalid` for an operation that does not apply, of which the API server says no more than that;
 *   `BadRequest` for a patch that is no list
 */
export function jsonPatch(current: KubeObject, patch: unknown): KubeObject {
  if (!Array.isArray(patch)) {
    const text = `error decoding patch: json: cannot unmarshal ${jsonKind(patch)} into Go value of type []handlers.jsonPatchOp`;
    throw new ApiFailure('BadRequest', text);
  }
  if (patch.length > maxOperations) {
    const text = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`;
    throw new ApiFailure('RequestEntityTooLarge', text);
  }
  const patched = structuredClone(current);
  for (const operation of patch as Operation[]) {
    if (!isTestOfAbsence(patched, operation) && !applies(patched, operation)) throw refusal();
  }
  return patched;
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

function refusal(): ApiFailure {
  return new ApiFailure('Invalid', 'the server rejected our request due to an error in our request', {});
}
