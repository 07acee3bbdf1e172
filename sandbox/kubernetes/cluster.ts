/**
 * The API of the embedded cluster inside the process: what the HTTP server does for its clients and what the controllers
 * (garbage collector, Deployments, EndpointSlices and the like) work with. Everything is synchronous and atomic.
 */
import type { KubeObject } from './object.ts';
import type { ResourceType, ResourceTypes } from './resource-type.ts';

export interface WriteOptions {
  /** Name of the field manager. */
  readonly manager: string;
  readonly dryRun?: boolean;
  /** @default Ignore */
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
  /** Paths of fields that the text of the request held twice, for `fieldValidation`. */
  readonly duplicateFields?: readonly string[];
  /** Receives the texts of `Warning` headers. */
  readonly warn?: (text: string) => void;
}

export interface UpdateOptions extends WriteOptions {
  /** `scale` writes as the main resource does. `finalize` is how the namespace controller lets go of a namespace: it writes `spec.finalizers`. */
  readonly subresource?: 'status' | 'scale' | 'finalize';
}

export interface PatchOptions extends WriteOptions {
  readonly subresource?: 'status';
  /** Apply patches only. */
  readonly force?: boolean;
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface DeleteOptions {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  /** @default Background */
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  readonly gracePeriodSeconds?: number;
  readonly dryRun?: boolean;
}

export interface Change {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly resource: ResourceType;
  /** After the change; of a deletion, the last state with the resourceVersion of the deletion. */
  readonly object: KubeObject;
  readonly previous: KubeObject | undefined;
}

/** Every method throws ApiFailure for what the API server would refuse. `namespace` is '' for cluster-scoped types. */
export interface Cluster {
  readonly types: ResourceTypes;
  get(type: ResourceType, namespace: string, name: string): KubeObject | undefined;
  /** Of all namespaces when `namespace` is undefined, by namespace and name. */
  list(type: ResourceType, namespace?: string): readonly KubeObject[];
  create(type: ResourceType, object: KubeObject, options: WriteOptions): KubeObject;
  /** A resourceVersion or uid in the object is a precondition. Writing what is there already changes nothing. */
  update(type: ResourceType, object: KubeObject, options: UpdateOptions): KubeObject;
  /** `apply` creates what is not there. */
  patch(
    type: ResourceType,
    namespace: string,
    name: string,
    patchType: PatchType,
    patch: unknown,
    options: PatchOptions,
  ): KubeObject;
  /** Returns the object when it stays for now (finalizers, grace period), undefined when it is gone. */
  delete(type: ResourceType, namespace: string, name: string, options?: DeleteOptions): KubeObject | undefined;
  /** Told after each change, in order, synchronously; returns what ends it. Who writes from a listener defers it. */
  onChange(listener: (change: Change) => void): () => void;
}
