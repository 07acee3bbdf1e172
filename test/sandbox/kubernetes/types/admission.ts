/** Admits objects, and gives them what the API server gives, as the storage of an embedded API server does, for tests of what is refused and filled in. */
import type { ApiFailure } from '../../../../sandbox/kubernetes/api-failure.ts';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';
import type { AdmitOptions, ResourceTypes } from '../../../../sandbox/kubernetes/resource-type.ts';

interface Admission extends Partial<AdmitOptions> {
  readonly previous?: KubeObject;
}

export function admit(types: ResourceTypes, object: KubeObject, admission: Admission = {}): KubeObject {
  const { object: after } = admitted(types, object, admission);
  return types.findKind(object.apiVersion, object.kind)?.allot?.(after, admission.previous) ?? after;
}

export function admitted(types: ResourceTypes, object: KubeObject, { previous, ...options }: Admission = {}) {
  const type = types.findKind(object.apiVersion, object.kind);
  if (!type) throw new Error(`no type ${object.apiVersion} ${object.kind}`);
  const all = { fieldValidation: 'Strict', subresource: undefined, ...options } as const;
  return type.admit(object, previous, all);
}

/** What it is refused with, as people see it; '' when it is admitted. */
export function refusal(types: ResourceTypes, object: KubeObject, admission: Admission = {}): string {
  return refusalOf(types, object, admission)?.message ?? '';
}

export function refusalOf(types: ResourceTypes, object: KubeObject, admission: Admission = {}): ApiFailure | undefined {
  try {
    admit(types, object, admission);
    return undefined;
  } catch (error) {
    return error as ApiFailure;
  }
}
