/**
 * The objects of one type by namespace and name, listed in the order of etcd's keys (`NAMESPACE/NAME`, byte by byte).
 *
 * A list is kept until something in it changes, so that who lists again and again (controllers, pages) costs nothing.
 */
import type { KubeObject } from './object.ts';

interface Names {
  readonly objects: Map<string, KubeObject>;
  list: readonly KubeObject[] | undefined;
}

export class ObjectTable {
  readonly #namespaces = new Map<string, Names>();
  #all: readonly KubeObject[] | undefined;

  get(namespace: string, name: string): KubeObject | undefined {
    return this.#namespaces.get(namespace)?.objects.get(name);
  }

  /** Must not be changed. */
  list(namespace?: string): readonly KubeObject[] {
    if (namespace !== undefined) return listOf(this.#namespaces.get(namespace));
    if (this.#all === undefined) {
      const sorted = [...this.#namespaces].sort(([a], [b]) => (`${a}/` < `${b}/` ? -1 : 1));
      this.#all = sorted.flatMap(([, names]) => listOf(names));
    }
    return this.#all;
  }

  put(object: KubeObject): void {
    const { namespace = '', name } = object.metadata;
    const names: Names = this.#namespaces.get(namespace) ?? { objects: new Map(), list: undefined };
    this.#namespaces.set(namespace, names);
    names.objects.set(name, object);
    names.list = undefined;
    this.#all = undefined;
  }

  remove({ metadata: { namespace = '', name } }: KubeObject): void {
    const names = this.#namespaces.get(namespace);
    if (names === undefined) return;
    names.objects.delete(name);
    names.list = undefined;
    this.#all = undefined;
    if (names.objects.size === 0) this.#namespaces.delete(namespace);
  }
}

function listOf(names: Names | undefined): readonly KubeObject[] {
  if (names === undefined) return [];
  names.list ??= [...names.objects.values()].sort(inOrder);
  return names.list;
}

interface Placed {
  readonly metadata: Pick<KubeObject['metadata'], 'namespace' | 'name'>;
}

/** Compares by the key in etcd. */
export function inOrder({ metadata: a }: Placed, { metadata: b }: Placed): number {
  const [left, right] = a.namespace === b.namespace ? [a.name, b.name] : [`${a.namespace}/`, `${b.namespace}/`];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
