/**
 * The form in which objects of a type are stored, where several types show the same objects: the versions of a custom
 * resource, which differ in their apiVersion alone (there are no conversion webhooks), and Events, which two groups show.
 */
import type { KubeObject } from './object.ts';
import { apiVersionOf, type ResourceType, type ResourceTypes } from './resource-type.ts';

export interface StoredForm {
  readonly type: ResourceType;
  toStored(object: KubeObject): KubeObject;
  /** The same result for the same object. */
  toServed(object: KubeObject): KubeObject;
}

export class StoredForms {
  readonly #types: ResourceTypes;
  readonly #forms = new WeakMap<ResourceType, StoredForm>();

  constructor(types: ResourceTypes) {
    this.#types = types;
  }

  of(type: ResourceType): StoredForm {
    let form = this.#forms.get(type);
    if (form === undefined) {
      form = this.#make(type);
      this.#forms.set(type, form);
    }
    return form;
  }

  #make(type: ResourceType): StoredForm {
    const { storedAs } = type;
    const stored = storedAs && this.#types.find(storedAs.group, storedAs.version, storedAs.plural);
    if (stored) return { type: stored, toStored: storedAs.toStored, toServed: remembered(storedAs.fromStored) };
    const apiVersion = apiVersionOf(type);
    const inVersion = remembered((object) => ({ ...object, apiVersion }));
    return {
      type,
      toStored: (object) => object,
      toServed: (object) => (object.apiVersion === apiVersion ? object : inVersion(object)),
    };
  }
}

function remembered(convert: (object: KubeObject) => KubeObject): (object: KubeObject) => KubeObject {
  const results = new WeakMap<KubeObject, KubeObject>();
  return (object) => {
    let result = results.get(object);
    if (result === undefined) {
      result = convert(object);
      results.set(object, result);
    }
    return result;
  };
}
