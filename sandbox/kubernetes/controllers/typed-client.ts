/**
 * One type of objects, as a controller works with it: by keys `namespace/name`, typed.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Cluster, DeleteOptions, UpdateOptions } from '../cluster.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceType } from '../resource-type.ts';

/** The field manager of everything that the controllers write. */
export const manager = 'kube-controller-manager';

export class TypedClient<T extends KubeObject> {
  readonly #cluster: Cluster;
  readonly #apiVersion: string;
  readonly #kind: string;

  constructor(cluster: Cluster, apiVersion: string, kind: string) {
    this.#cluster = cluster;
    this.#apiVersion = apiVersion;
    this.#kind = kind;
  }

  get #type(): ResourceType {
    const type = this.#cluster.types.findKind(this.#apiVersion, this.#kind);
    if (!type) throw new Error(`the cluster does not serve ${this.#kind} of ${this.#apiVersion}`);
    return type;
  }

  get(key: string): T | undefined {
    const slash = key.indexOf('/');
    return this.#cluster.get(this.#type, key.slice(0, slash), key.slice(slash + 1)) as T | undefined;
  }

  list(namespace?: string): readonly T[] {
    return this.#cluster.list(this.#type, namespace) as readonly T[];
  }

  create(object: Omit<T, 'apiVersion' | 'kind'>): T {
    const whole = { apiVersion: this.#apiVersion, kind: this.#kind, ...object } as unknown as KubeObject;
    return this.#cluster.create(this.#type, whole, { manager }) as T;
  }

  update(object: T, subresource?: UpdateOptions['subresource']): T {
    return this.#cluster.update(this.#type, object, { manager, subresource }) as T;
  }

  /** Writes nothing when the status is so already. */
  updateStatus(object: T, status: T['status']): T {
    return isDeepStrictEqual(object['status'], status) ? object : this.update({ ...object, status }, 'status');
  }

  /** Nobody else's object of that name is hit. */
  delete(object: T, options: DeleteOptions = {}): void {
    const { namespace = '', name, uid } = object.metadata;
    this.#cluster.delete(this.#type, namespace, name, { ...options, preconditions: { uid } });
  }
}

export function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
