/**
 * The objects of a resource as last seen, with indexes, fed by a reflector and read by everybody.
 *
 * Guarantees: reads are of one moment, since a list is swapped in as a whole and events are applied one by one,
 * synchronously; every difference between two states is told to each listener once, after it is visible; the same
 * object again (same uid and resourceVersion) is no difference; an object that was deleted and created anew between
 * two looks is told as both. A listener that throws keeps neither the store nor other listeners from going on.
 *
 * Objects are shared: whoever reads one must not change it. Listeners should do no more than remember the key.
 */
import { objectKey } from './resource.ts';
import type { KubeObject } from './resource.ts';

export interface StoreChange<T> {
  readonly key: string;
  /** Undefined for a new object. */
  readonly previous?: T;
  /** Undefined for a deleted object. */
  readonly current?: T;
  /** Part of the first list: what was there before we looked. */
  readonly initial: boolean;
}

export type ChangeListener<T> = (change: StoreChange<T>) => void;

export interface StoreOptions<T> {
  /** For each index the values under which an object is found. */
  readonly indexes?: Readonly<Record<string, (object: T) => readonly string[]>>;
  /** Applied before storing, e.g. to keep less; must keep name, namespace, uid and resourceVersion. */
  readonly transform?: (object: T) => T;
  /**
   * Whether the spec of an object changes with its generation only, so that an unchanged one is kept once however often its
   * status is written. So it is with custom resources that have a status subresource; pods, e.g., are bound without.
   *
   * @default false
   */
  readonly specFollowsGeneration?: boolean;
}

export class Store<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexers: Readonly<Record<string, (object: T) => readonly string[]>>;
  readonly #indexes = new Map<string, Map<string, Map<string, T>>>();
  readonly #transform: (object: T) => T;
  readonly #specFollowsGeneration: boolean;
  readonly #listeners = new Set<ChangeListener<T>>();
  /** Scopes (a namespace, or '' for all) whose first list has arrived. */
  readonly #listed = new Set<string>();

  constructor(options: StoreOptions<T> = {}) {
    this.#indexers = options.indexes ?? {};
    this.#transform = options.transform ?? ((object) => object);
    this.#specFollowsGeneration = options.specFollowsGeneration ?? false;
    for (const name of Object.keys(this.#indexers)) this.#indexes.set(name, new Map());
  }

  /** Whether the first list of the namespace has arrived. */
  isListed(namespace: string): boolean {
    return this.#listed.has('') || this.#listed.has(namespace);
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  list(): readonly T[] {
    return [...this.#objects.values()];
  }

  keys(): readonly string[] {
    return [...this.#objects.keys()];
  }

  /** Throws for an index that was not declared: an empty answer would hide the mistake. */
  byIndex(name: string, value: string): readonly T[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new TypeError(`the store has no index '${name}'`);
    return [...(index.get(value)?.values() ?? [])];
  }

  /** Returns how to stop listening. */
  onChange(listener: ChangeListener<T>): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * The complete list of a namespace, or of everything when it is undefined: what is missing from it is deleted.
   * For the reflector. Throws an AggregateError of what listeners threw, after all work is done.
   */
  replace(objects: Iterable<T>, namespace?: string): void {
    const scope = namespace ?? '';
    const initial = !this.#listed.has(scope);
    this.#listed.add(scope);
    const changes: StoreChange<T>[] = [];
    const gone = new Map(
      [...this.#objects].filter(([, object]) => namespace === undefined || object.metadata.namespace === namespace),
    );
    for (const object of objects) {
      gone.delete(objectKey(object));
      changes.push(...this.#put(object, initial));
    }
    for (const [key, previous] of gone) changes.push(this.#remove(key, previous, initial));
    this.#tell(changes);
  }

  /** One event of a watch. For the reflector. Throws as `replace` does. */
  applyEvent(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void {
    if (type !== 'DELETED') return this.#tell(this.#put(object, false));
    const key = objectKey(object);
    const previous = this.#objects.get(key);
    if (previous === undefined || previous.metadata.uid !== object.metadata.uid) return;
    this.#tell([this.#remove(key, previous, false)]);
  }

  #put(object: T, initial: boolean): StoreChange<T>[] {
    const key = objectKey(object);
    const previous = this.#objects.get(key);
    if (previous !== undefined && sameVersion(previous, object)) return [];
    const transformed = this.#transform(object);
    const current = this.#specFollowsGeneration ? withSpecOf(previous, transformed) : transformed;
    if (previous !== undefined) this.#unindex(key, previous);
    this.#objects.set(key, current);
    this.#index(key, current);
    if (previous === undefined || previous.metadata.uid === current.metadata.uid) {
      return [{ key, previous, current, initial }];
    }
    return [
      { key, previous, initial },
      { key, current, initial },
    ];
  }

  #remove(key: string, previous: T, initial: boolean): StoreChange<T> {
    this.#objects.delete(key);
    this.#unindex(key, previous);
    return { key, previous, initial };
  }

  #index(key: string, object: T): void {
    for (const [name, values] of Object.entries(this.#indexers)) {
      const index = this.#indexes.get(name);
      for (const value of values(object)) {
        const entries = index?.get(value);
        if (entries === undefined) index?.set(value, new Map([[key, object]]));
        else entries.set(key, object);
      }
    }
  }

  #unindex(key: string, object: T): void {
    for (const [name, values] of Object.entries(this.#indexers)) {
      const index = this.#indexes.get(name);
      for (const value of values(object)) {
        const entries = index?.get(value);
        entries?.delete(key);
        if (entries?.size === 0) index?.delete(value);
      }
    }
  }

  #tell(changes: readonly StoreChange<T>[]): void {
    const errors: unknown[] = [];
    for (const change of changes) {
      for (const listener of this.#listeners) {
        try {
          listener(change);
        } catch (error) {
          errors.push(error);
        }
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'a listener of the store failed');
  }
}

function sameVersion(a: KubeObject, b: KubeObject): boolean {
  const { uid, resourceVersion } = a.metadata;
  return uid === b.metadata.uid && resourceVersion !== undefined && resourceVersion === b.metadata.resourceVersion;
}

/**
 * One copy of an unchanged spec is enough, and a status that is written comes back with all of it. Changes `current`, which
 * is not shared yet.
 */
function withSpecOf<T extends KubeObject & { spec?: unknown }>(previous: T | undefined, current: T): T {
  const { uid, generation } = current.metadata;
  const isSameSpec = generation !== undefined && previous?.metadata.generation === generation;
  if (isSameSpec && previous.metadata.uid === uid && previous.spec !== undefined) current.spec = previous.spec;
  return current;
}
