/**
 * One type of objects, as a controller works with it: by keys `namespace/name`, under its manager's name, typed.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Cluster, DeleteOptions } from '../cluster.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceType } from '../resource-type.ts';

export class TypedClient<T extends KubeObject> {
  readonly #cluster: Cluster;
  readonly #apiVersion: string;
  readonly #kind: string;
  readonly #manager: string;

  constructor(cluster: Cluster, apiVersion: string, kind: string, manager: string) {
    this.#cluster = cluster;
    this.#apiVersion = apiVersion;
    this.#kind = kind;
    this.#manager = manager;
  }

  get type(): ResourceType {
    const type = this.#cluster.types.findKind(this.#apiVersion, this.#kind);
    if (!type) throw new Error(`the cluster does not serve ${this.#kind} of ${this.#apiVersion}`);
    return type;
  }

  get(key: string): T | undefined {
    const { namespace, name } = partsOf(key);
    return this.#cluster.get(this.type, namespace, name) as T | undefined;
  }

  create(object: Omit<T, 'apiVersion' | 'kind'>): T {
    const whole = { apiVersion: this.#apiVersion, kind: this.#kind, ...object } as unknown as KubeObject;
    return this.#cluster.create(this.type, whole, { manager: this.#manager }) as T;
  }

  update(object: T): T {
    return this.#cluster.update(this.type, object, { manager: this.#manager }) as T;
  }

  /** Writes nothing when the status is so already. */
  updateStatus(object: T, status: T['status']): T {
    if (isDeepStrictEqual(object['status'], status)) return object;
    const options = { manager: this.#manager, subresource: 'status' } as const;
    return this.#cluster.update(this.type, { ...object, status }, options) as T;
  }

  /** Writes `spec.finalizers`, of namespaces. */
  finalize(object: T): void {
    this.#cluster.update(this.type, object, { manager: this.#manager, subresource: 'finalize' });
  }

  /** Nobody else's object of that name is hit. */
  delete(object: T, options: DeleteOptions = {}): void {
    const { namespace = '', name, uid } = object.metadata;
    this.#cluster.delete(this.type, namespace, name, { ...options, preconditions: { uid } });
  }
}

export function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

export function partsOf(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
