/**
 * The objects of one type by namespace and name, in the order of etcd's keys (`NAMESPACE/NAME`, byte by byte).
 *
 * A list is kept until something in it changes, so that who lists again and again (controllers, pages) costs nothing.
 */
import type { KubeObject } from './object.ts';

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
      const sorted = [...this.#namespaces].toSorted(([a], [b]) => compare(`${a}/`, `${b}/`));
      this.#all = sorted.flatMap(([, names]) => listOf(names));
    }
    return this.#all;
  }

  put(object: KubeObject): void {
    const { namespace = '', name } = object.metadata;
    let names = this.#namespaces.get(namespace);
    if (names === undefined) {
      names = { sorted: [], objects: new Map(), list: undefined };
      this.#namespaces.set(namespace, names);
    }
    if (!names.objects.has(name)) names.sorted.splice(position(names.sorted, name), 0, name);
    names.objects.set(name, object);
    this.#forgetLists(names);
  }

  remove({ metadata: { namespace = '', name } }: KubeObject): void {
    const names = this.#namespaces.get(namespace);
    if (names === undefined || !names.objects.delete(name)) return;
    names.sorted.splice(position(names.sorted, name), 1);
    this.#forgetLists(names);
    if (names.objects.size === 0) this.#namespaces.delete(namespace);
  }

  #forgetLists(names: Names): void {
    names.list = undefined;
    this.#all = undefined;
  }
}

interface Names {
  readonly sorted: string[];
  readonly objects: Map<string, KubeObject>;
  list: readonly KubeObject[] | undefined;
}

function listOf(names: Names | undefined): readonly KubeObject[] {
  if (names === undefined) return [];
  names.list ??= names.sorted.map((name) => names.objects.get(name)!);
  return names.list;
}

/** Where a name is or belongs. */
function position(sorted: readonly string[], name: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

interface Placed {
  readonly metadata: Pick<KubeObject['metadata'], 'namespace' | 'name'>;
}

/** Compares by the key in etcd. */
export function inOrder(a: Placed, b: Placed): number {
  return (
    compare(`${a.metadata.namespace ?? ''}/`, `${b.metadata.namespace ?? ''}/`) ||
    compare(a.metadata.name, b.metadata.name)
  );
}

/** Of two sorted lists one. */
export function mergeInOrder(left: readonly KubeObject[], right: readonly KubeObject[]): readonly KubeObject[] {
  const merged: KubeObject[] = [];
  let index = 0;
  for (const object of left) {
    while (index < right.length && inOrder(right[index]!, object) < 0) merged.push(right[index++]!);
    merged.push(object);
  }
  return [...merged, ...right.slice(index)];
}
