/**
 * JSON merge patches (RFC 7386): null deletes, lists are replaced.
 */
import { apply } from 'json-merge-patch';
import { ApiFailure } from '../api-failure.ts';
import { jsonKind } from './go-text.ts';
import type { KubeObject } from '../object.ts';

/**
 * Returns the patched copy; `current` stays as it is.
 *
 * @throws ApiFailure `BadRequest` for a patch that is no object
 */
export function mergePatch(current: KubeObject, patch: unknown): KubeObject {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    const text = `error decoding patch: json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`;
    throw new ApiFailure('BadRequest', text);
  }
  return apply(structuredClone(current), patch) as KubeObject;
}
