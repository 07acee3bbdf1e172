/**
 * The patch types that make a new object of the current one alone. Apply needs to know who asks: see server-side-apply.ts.
 */
import type { PatchType } from './cluster.ts';
import type { KubeObject } from './object.ts';
import { jsonPatch } from './patch/json-patch.ts';
import { mergePatch } from './patch/merge-patch.ts';
import { strategicMergePatch } from './patch/strategic-merge-patch.ts';
import type { Schema } from '../../operator/admission/schema.ts';

/** @throws ApiFailure */
export function patched(
  patchType: Exclude<PatchType, 'apply'>,
  current: KubeObject,
  patch: unknown,
  schema: Schema,
): KubeObject {
  switch (patchType) {
    case 'json':
      return jsonPatch(current, patch);
    case 'merge':
      return mergePatch(current, patch);
    case 'strategic':
      return strategicMergePatch(current, patch, schema);
  }
}
