/** An API server of the model: objects, versions and preconditions, for clients of processes that may end at any request. */
import { BridgeError } from '../../../../operator/errors.ts';
import { ApiError } from '../../../../operator/kube/api-errors.ts';
import type { JsonPatchOperation, ResourceClient } from '../../../../operator/kube/resource-client.ts';
import type { KubeObject } from '../../../../operator/kube/resource.ts';

export type ModelObject = KubeObject & { data?: Record<string, string>; status?: Record<string, unknown> };
export type ModelKind = 'ConfigMap' | 'NacosConfigInventory' | 'NacosConfigSync';

export interface ApiUser {
  /** Before and after each request: may never come back. */
  step(): Promise<void>;
}

export class ModelApi {
  readonly #objects = new Map<string, ModelObject>();
  /** All versions, the first one first. */
  readonly #versions = new Map<string, ModelObject[]>();
  #version = 0;
  #uids = 0;
  /** Told each key of a ConfigMap that a process writes, before it does. */
  onWrite: (name: string, key: string, text: string) => void = () => {};
  /** Told each status that a process writes, and the user. */
  onStatus: (name: string, user: ApiUser) => void = () => {};

  list(kind: ModelKind): ModelObject[] {
    return [...this.#objects]
      .filter(([key]) => key.startsWith(`${kind}/`))
      .map(([, object]) => structuredClone(object));
  }

  get(kind: ModelKind, name: string): ModelObject | undefined {
    return structuredClone(this.#objects.get(`${kind}/${name}`));
  }

  versions(kind: ModelKind, name: string): ModelObject[] {
    return structuredClone(this.#versions.get(`${kind}/${name}`) ?? []);
  }

  put(kind: ModelKind, object: ModelObject): ModelObject {
    const key = `${kind}/${object.metadata.name}`;
    const uid = this.#objects.get(key)?.metadata.uid ?? `uid-${(this.#uids += 1)}`;
    const metadata = { ...object.metadata, uid, resourceVersion: String((this.#version += 1)) };
    const stored = { ...structuredClone(object), metadata };
    this.#objects.set(key, stored);
    this.#versions.set(key, [...(this.#versions.get(key) ?? []), stored]);
    return structuredClone(stored);
  }

  /** Also what has a finalizer: by whoever forces it. */
  remove(kind: ModelKind, name: string): void {
    this.#version += 1;
    this.#objects.delete(`${kind}/${name}`);
  }

  clientOf<T extends KubeObject>(kind: ModelKind, user: ApiUser): ResourceClient<T> {
    const request = async <R>(act: () => R): Promise<R> => {
      await user.step();
      let result: R;
      try {
        result = act();
      } finally {
        await user.step();
      }
      return result;
    };
    const client = {
      ref: { kind },
      get: (name: string) => request(() => this.get(kind, name)),
      list: () => request(() => ({ items: this.list(kind), resourceVersion: String(this.#version) })),
      create: (object: ModelObject) => request(() => this.#create(kind, object)),
      mergePatch: (name: string, _: string, patch: Patch) => request(() => this.#patch(kind, name, patch, user)),
      delete: (name: string) => request(() => this.#delete(kind, name)),
      jsonPatch: (name: string, _: string, operations: readonly JsonPatchOperation[]) =>
        request(() => this.#jsonPatch(kind, name, operations)),
    };
    return client as unknown as ResourceClient<T>;
  }

  #create(kind: ModelKind, object: ModelObject): ModelObject {
    if (this.#objects.has(`${kind}/${object.metadata.name}`)) throw conflict();
    for (const [key, text] of Object.entries(object.data ?? {})) this.onWrite(object.metadata.name, key, text);
    return this.put(kind, object);
  }

  #patch(kind: ModelKind, name: string, { data, metadata, status }: Patch, user: ApiUser): ModelObject {
    const object = this.#objects.get(`${kind}/${name}`);
    if (object === undefined) throw missing();
    if (metadata?.resourceVersion !== undefined && metadata.resourceVersion !== object.metadata.resourceVersion)
      throw conflict();
    for (const [key, text] of Object.entries(data ?? {})) this.onWrite(name, key, text);
    if (status) this.onStatus(name, user);
    return this.put(kind, { ...object, ...(data && { data: { ...object.data, ...data } }), ...(status && { status }) });
  }

  /** What has a finalizer stays until that is gone. */
  #delete(kind: ModelKind, name: string): void {
    const object = this.#objects.get(`${kind}/${name}`);
    if (object === undefined) throw missing();
    if ((object.metadata.finalizers ?? []).length === 0) return this.remove(kind, name);
    this.put(kind, { ...object, metadata: { ...object.metadata, deletionTimestamp: 'now' } });
  }

  #jsonPatch(kind: ModelKind, name: string, operations: readonly JsonPatchOperation[]): ModelObject {
    const object = this.#objects.get(`${kind}/${name}`);
    if (object === undefined) throw missing();
    const added = operations.find(({ op, path }) => op === 'add' && path === '/metadata/finalizers');
    const finalizers = added && 'value' in added ? (added.value as string[]) : [];
    const patched = this.put(kind, { ...object, metadata: { ...object.metadata, finalizers } });
    if (finalizers.length === 0 && object.metadata.deletionTimestamp !== undefined) this.remove(kind, name);
    return patched;
  }
}

interface Patch {
  metadata?: { resourceVersion?: string };
  data?: Record<string, string>;
  status?: Record<string, unknown>;
}

function conflict(): BridgeError {
  return new BridgeError('KUBE_CONFLICT', 'it was changed meanwhile');
}

function missing(): ApiError {
  const status = { reason: 'NotFound' };
  return new ApiError('KUBE_NOT_FOUND', 'not found', { httpStatus: 404, status, objectMissing: true });
}
