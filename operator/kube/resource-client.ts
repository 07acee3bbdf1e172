/**
 * The verbs of one resource type. Objects go out and come in as JSON; `apiVersion` and `kind`, which lists of built-in
 * types leave out of their items, are always set on what comes in.
 *
 * Objects that several writers share are written by server-side apply or JSON Patch, never replaced: replacing a
 * read copy would drop fields of newer servers and undo what others wrote meanwhile.
 */
import { BridgeError } from '../errors.ts';
import { ApiError } from './api-errors.ts';
import { applyContentType } from './client.ts';
import type { KubeClient } from './client.ts';
import { apiVersionOf, resourceName, resourcePath } from './resource.ts';
import type { KubeObject, ResourceRef } from './resource.ts';
import type { WatchStream } from './watch-stream.ts';

export interface Selection {
  /** All namespaces when undefined. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only `metadata` is sent, which spares the network and the parser what is not wanted. */
  readonly metadataOnly?: boolean;
}

export interface ListOptions extends Selection {
  /** Objects per page; all at once when undefined. */
  readonly limit?: number;
  /** From the page before. */
  readonly continue?: string;
  readonly signal?: AbortSignal;
}

export interface ObjectList<T> {
  readonly items: T[];
  /** Where a watch that follows this list begins. */
  readonly resourceVersion: string;
  /** Set when there are more pages. */
  readonly continue?: string;
}

export interface WatchOptions extends Selection {
  readonly resourceVersion: string;
  /** After which the server ends the watch by itself. */
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
}

export interface ApplyOptions {
  readonly fieldManager: string;
  /** Takes fields over from other managers instead of failing with KUBE_CONFLICT. */
  readonly force: boolean;
  readonly subresource?: 'status';
  /** Only `metadata` is answered, which spares both sides what is known. */
  readonly metadataOnly?: boolean;
  /** The server judges and answers, and keeps nothing. */
  readonly dryRun?: boolean;
}

export interface DeleteOptions {
  /** Preconditions: otherwise KUBE_CONFLICT and nothing is deleted. */
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

/** RFC 6902. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

const metadataAccept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const metadataListAccept = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

interface RawList {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: KubeObject[] | null;
}

export class ResourceClient<T extends KubeObject> {
  readonly ref: ResourceRef;
  readonly #client: KubeClient;
  /** One text for the objects of all lists and watches. */
  readonly #apiVersion: string;

  constructor(client: KubeClient, ref: ResourceRef) {
    this.#client = client;
    this.ref = ref;
    this.#apiVersion = apiVersionOf(ref);
  }

  /** Undefined when the object does not exist; KUBE_NOT_FOUND when the type does not. */
  async get(name: string, namespace?: string): Promise<T | undefined> {
    try {
      return this.#typed(await this.#client.request({ method: 'GET', path: this.#path(namespace, name) }));
    } catch (error) {
      if (isMissingObject(error)) return undefined;
      throw error;
    }
  }

  /** One page, read at the newest state of the server unless it continues an earlier one. */
  async list(options: ListOptions = {}): Promise<ObjectList<T>> {
    const list = await this.#client.request<RawList>({
      method: 'GET',
      path: resourcePath(this.ref, options.namespace),
      query: {
        labelSelector: options.labelSelector,
        fieldSelector: options.fieldSelector,
        limit: options.limit,
        continue: options.continue,
      },
      accept: options.metadataOnly ? metadataListAccept : undefined,
      signal: options.signal,
    });
    const resourceVersion = list.metadata?.resourceVersion;
    // Whatever else answers 200 must not be taken for a cluster in which everything was deleted.
    if (!resourceVersion || list.items === undefined) {
      throw new BridgeError('KUBE_UNAVAILABLE', `list ${resourceName(this.ref)}: the answer is not a list`);
    }
    return {
      items: (list.items ?? []).map((item) => this.#typed(item)),
      resourceVersion,
      continue: list.metadata?.continue || undefined,
    };
  }

  /** The raw stream: see `watchedObject` for what its events hold. Bookmarks are asked for. */
  watch(options: WatchOptions): Promise<WatchStream> {
    return this.#client.watch({
      path: resourcePath(this.ref, options.namespace),
      query: {
        labelSelector: options.labelSelector,
        fieldSelector: options.fieldSelector,
        resourceVersion: options.resourceVersion,
        timeoutSeconds: options.timeoutSeconds,
        allowWatchBookmarks: true,
      },
      accept: options.metadataOnly ? metadataAccept : undefined,
      signal: options.signal,
    });
  }

  /** The object of an ADDED, MODIFIED or DELETED event of a watch on this resource. */
  watchedObject(object: unknown): T {
    return this.#typed(object as KubeObject);
  }

  async create(object: T, options: { fieldManager: string }): Promise<T> {
    return this.#typed(
      await this.#client.request({
        method: 'POST',
        path: this.#path(object.metadata.namespace),
        query: { fieldManager: options.fieldManager },
        body: this.#typed(object),
      }),
    );
  }

  /**
   * Server-side apply: creates the object or makes the given fields ours. `metadata.uid` is a precondition: where
   * the object is another one or gone, the answer is KUBE_CONFLICT. `metadata.resourceVersion` is one as well.
   */
  async apply(object: T, options: ApplyOptions): Promise<T> {
    const { managedFields: _, ...metadata } = object.metadata;
    return this.#typed(
      await this.#client.request({
        method: 'PATCH',
        path: this.#path(object.metadata.namespace, object.metadata.name, options.subresource),
        query: {
          fieldManager: options.fieldManager,
          force: options.force,
          dryRun: options.dryRun ? 'All' : undefined,
        },
        contentType: applyContentType,
        accept: options.metadataOnly ? metadataAccept : undefined,
        body: this.#typed({ ...object, metadata }),
      }),
    );
  }

  /**
   * Replaces the whole object: only for objects that nobody else writes. `metadata.resourceVersion` is required and
   * a precondition (KUBE_CONFLICT).
   */
  async replace(object: T, options: { fieldManager: string }): Promise<T> {
    return this.#typed(
      await this.#client.request({
        method: 'PUT',
        path: this.#path(object.metadata.namespace, object.metadata.name),
        query: { fieldManager: options.fieldManager },
        body: this.#typed(object),
      }),
    );
  }

  /** False when there was nothing to delete. True says that deletion began: finalizers may hold the object. */
  async delete(name: string, namespace?: string, options: DeleteOptions = {}): Promise<boolean> {
    const { uid, resourceVersion, propagationPolicy } = options;
    const preconditions = uid === undefined && resourceVersion === undefined ? undefined : { uid, resourceVersion };
    try {
      await this.#client.request({
        method: 'DELETE',
        path: this.#path(namespace, name),
        body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions, propagationPolicy },
      });
      return true;
    } catch (error) {
      if (isMissingObject(error)) return false;
      throw error;
    }
  }

  /** A `test` that fails is KUBE_INVALID (the server answers 422 without saying which operation it was). */
  async jsonPatch(
    name: string,
    namespace: string | undefined,
    operations: readonly JsonPatchOperation[],
    options: { fieldManager?: string; subresource?: 'status' } = {},
  ): Promise<T> {
    return this.#patch('application/json-patch+json', name, namespace, operations, options);
  }

  /** RFC 7396. For objects of ours in which one field changes, such as the count of an Event. */
  async mergePatch(
    name: string,
    namespace: string | undefined,
    patch: unknown,
    options: { fieldManager?: string; subresource?: 'status' } = {},
  ): Promise<T> {
    return this.#patch('application/merge-patch+json', name, namespace, patch, options);
  }

  async #patch(
    contentType: string,
    name: string,
    namespace: string | undefined,
    body: unknown,
    options: { fieldManager?: string; subresource?: 'status' },
  ): Promise<T> {
    return this.#typed(
      await this.#client.request({
        method: 'PATCH',
        path: this.#path(namespace, name, options.subresource),
        query: { fieldManager: options.fieldManager },
        contentType,
        body,
      }),
    );
  }

  /** A path without the namespace would address all namespaces, so a missing one is refused here. */
  #path(namespace?: string, name?: string, subresource?: string): string {
    if (this.ref.namespaced && !namespace) throw new TypeError(`${this.ref.kind} needs a namespace`);
    return resourcePath(this.ref, namespace, name, subresource);
  }

  #typed(object: KubeObject): T {
    return { ...object, apiVersion: this.#apiVersion, kind: this.ref.kind } as T;
  }
}

function isMissingObject(error: unknown): boolean {
  return error instanceof ApiError && error.objectMissing;
}
