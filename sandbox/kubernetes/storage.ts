/**
 * What the embedded API server holds: the objects of every type, one revision counter over all of them, and for each type
 * the latest changes, from which watches are fed and older states are read.
 *
 * Guarantees: a write is atomic and synchronous and raises the revision by one; lists are sorted as etcd sorts them; the
 * state of a type at any revision that its history reaches can be read exactly. A list costs nothing while nothing
 * changes, and a write costs no more when the type has many objects.
 */
import { ApiFailure } from './api-failure.ts';
import type { Change } from './cluster.ts';
import { inOrder, ObjectTable } from './object-table.ts';
import type { KubeObject } from './object.ts';
import type { ResourceType } from './resource-type.ts';

/** A change with the revision that it made. */
export interface Revised extends Change {
  readonly revision: number;
}

const defaultHistoryLength = 10_000;

export class Storage {
  readonly #historyLength: number;
  readonly #tables = new Map<string, TypeStorage>();
  #revision = 1;
  #compactedRevision = 0;

  /** `historyLength` is for how many changes of a type a watch may lag behind. */
  constructor(historyLength = defaultHistoryLength) {
    this.#historyLength = historyLength;
  }

  /** Of the last write. */
  get revision(): number {
    return this.#revision;
  }

  /** The versions of a resource share what is stored. */
  of({ group, plural }: Pick<ResourceType, 'group' | 'plural'>): TypeStorage {
    const key = `${group}/${plural}`;
    let table = this.#tables.get(key);
    if (table === undefined) {
      table = new TypeStorage(this.#historyLength, this.#compactedRevision);
      this.#tables.set(key, table);
    }
    return table;
  }

  /** `object` is the last state where it is deleted. */
  write(resource: ResourceType, previous: KubeObject | undefined, object: KubeObject, type: Change['type']): Revised {
    const revision = this.#revision + 1;
    const metadata = { ...object.metadata, resourceVersion: String(revision) };
    const versioned = { ...object, metadata };
    const change: Revised = { type, resource, object: versioned, previous, revision };
    this.#revision = revision;
    this.of(resource).apply(change);
    return change;
  }

  /** Forgets all history: whoever asks for an older revision is told that it expired. */
  compact(): void {
    this.#compactedRevision = this.#revision;
    for (const table of this.#tables.values()) table.forget(this.#revision);
  }
}

export class TypeStorage {
  readonly #historyLength: number;
  readonly #table = new ObjectTable();
  #history: Revised[] = [];
  /** Changes up to this revision are forgotten. */
  #forgottenRevision: number;
  readonly #cursors = new Set<ChangeCursor>();

  constructor(historyLength: number, forgottenRevision: number) {
    this.#historyLength = historyLength;
    this.#forgottenRevision = forgottenRevision;
  }

  get(namespace: string, name: string): KubeObject | undefined {
    return this.#table.get(namespace, name);
  }

  list(namespace?: string): readonly KubeObject[] {
    return this.#table.list(namespace);
  }

  /** The revision before the last write of this type. */
  get previousRevision(): number {
    const last = this.#history.at(-1);
    return last === undefined ? this.#forgottenRevision : last.revision - 1;
  }

  /**
   * What was there at this revision.
   *
   * @throws ApiFailure `Expired` when the history does not reach back to it
   */
  listAt(revision: number, namespace?: string): readonly KubeObject[] {
    const now = this.list(namespace);
    const then = new Map<string, KubeObject | undefined>();
    for (const { object, previous } of this.changesAfter(revision)) {
      if (namespace !== undefined && (object.metadata.namespace ?? '') !== namespace) continue;
      // Of several changes the first knows what was before them all.
      if (!then.has(keyOf(object))) then.set(keyOf(object), previous);
    }
    if (then.size === 0) return now;
    const unchanged = now.filter((object) => !then.has(keyOf(object)));
    const changed = [...then.values()].filter((object) => object !== undefined);
    return [...unchanged, ...changed].sort(inOrder);
  }

  /**
   * At most `limit` changes that follow a revision, oldest first.
   *
   * @throws ApiFailure `Expired` when some of them are forgotten
   */
  changesAfter(revision: number, limit = Infinity): readonly Revised[] {
    if (revision < this.#forgottenRevision) {
      throw new ApiFailure('Expired', `too old resource version: ${revision} (${this.#forgottenRevision})`);
    }
    let low = 0;
    let high = this.#history.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#history[middle]!.revision > revision) high = middle;
      else low = middle + 1;
    }
    return this.#history.slice(low, low + Math.min(limit, this.#history.length));
  }

  /** A reader of what follows a revision, whose `wake` is called after each change. */
  follow(revision: number, wake: () => void): ChangeCursor {
    const cursor = new ChangeCursor(this, revision, wake, () => this.#cursors.delete(cursor));
    this.#cursors.add(cursor);
    return cursor;
  }

  apply(change: Revised): void {
    if (change.type === 'DELETED') this.#table.remove(change.object);
    else this.#table.put(change.object);
    this.#history.push(change);
    if (this.#history.length > this.#historyLength * 1.25) {
      const dropped = this.#history.splice(0, this.#history.length - this.#historyLength);
      this.#forgottenRevision = dropped.at(-1)!.revision;
    }
    for (const cursor of this.#cursors) cursor.wake();
  }

  forget(revision: number): void {
    const last = this.#history.at(-1)?.revision ?? 0;
    // Whoever has read everything misses nothing.
    for (const cursor of this.#cursors) if (cursor.revision >= last) cursor.skipTo(revision);
    this.#history = [];
    this.#forgottenRevision = revision;
  }
}

export class ChangeCursor {
  readonly #storage: TypeStorage;
  #revision: number;
  readonly wake: () => void;
  readonly close: () => void;

  constructor(storage: TypeStorage, revision: number, wake: () => void, close: () => void) {
    this.#storage = storage;
    this.#revision = revision;
    this.wake = wake;
    this.close = close;
  }

  /** Up to here everything was taken. */
  get revision(): number {
    return this.#revision;
  }

  /** @throws ApiFailure `Expired` when it lags behind the history */
  take(limit: number): readonly Revised[] {
    const changes = this.#storage.changesAfter(this.#revision, limit);
    this.#revision = changes.at(-1)?.revision ?? this.#revision;
    return changes;
  }

  skipTo(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
  }
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
