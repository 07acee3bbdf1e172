/**
 * What the controllers know of the cluster beside what they ask it: every object by its uid and by its owners, kept by the
 * changes. A change costs what it touches, however many objects there are.
 *
 * Guarantees: listeners are told of what exists when the view starts, as additions, and of each change after it; the
 * indexes already show a change when its listeners are told.
 */
import type { Change, Cluster } from '../cluster.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceType } from '../resource-type.ts';

export interface Entry {
  readonly resource: ResourceType;
  readonly object: KubeObject;
}

export type ChangeListener = (change: Change) => void;

export class ClusterView {
  readonly #cluster: Cluster;
  readonly #byUid = new Map<string, Entry>();
  /** Uids of the objects that name this one in their owner references. */
  readonly #dependents = new Map<string, Set<string>>();
  readonly #listeners: ChangeListener[] = [];
  #unsubscribe = (): void => {};

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** `typeId` as typeIdOf says it, such as `apps/Deployment`, or `Pod` of the core group. */
  on(typeId: string, listener: ChangeListener): void {
    this.onAny((change) => {
      if (typeIdOf(change.resource) === typeId) listener(change);
    });
  }

  onAny(listener: ChangeListener): void {
    this.#listeners.push(listener);
  }

  start(): void {
    this.#unsubscribe = this.#cluster.onChange((change) => {
      this.#index(change);
      this.#notify(change);
    });
    const existing = this.#cluster.types.list().flatMap((resource) => entriesOf(this.#cluster, resource));
    // A type of several versions lists the same objects for each.
    const changes = new Map(
      existing.map((entry) => [uidOf(entry.object), { type: 'ADDED', previous: undefined, ...entry } as const]),
    );
    // All indexes first: who is told of an object looks for its owner.
    for (const change of changes.values()) this.#index(change);
    for (const change of changes.values()) this.#notify(change);
  }

  stop(): void {
    this.#unsubscribe();
  }

  get(uid: string): Entry | undefined {
    const entry = this.#byUid.get(uid);
    if (!entry) return undefined;
    // A CRD may have been changed since the object was written, and then its type is another one.
    const { group, version, plural } = entry.resource;
    return { resource: this.#cluster.types.find(group, version, plural) ?? entry.resource, object: entry.object };
  }

  dependentsOf(uid: string): Entry[] {
    return [...(this.#dependents.get(uid) ?? [])].map((one) => this.get(one)).filter((entry) => entry !== undefined);
  }

  #index({ type, resource, object, previous }: Change): void {
    const uid = uidOf(object);
    for (const owner of (previous ?? object).metadata.ownerReferences ?? []) {
      const uids = this.#dependents.get(owner.uid);
      if (uids?.delete(uid) && uids.size === 0) this.#dependents.delete(owner.uid);
    }
    if (type === 'DELETED') {
      this.#byUid.delete(uid);
      return;
    }
    this.#byUid.set(uid, { resource, object });
    for (const owner of object.metadata.ownerReferences ?? []) {
      const uids = this.#dependents.get(owner.uid) ?? new Set();
      this.#dependents.set(owner.uid, uids.add(uid));
    }
  }

  #notify(change: Change): void {
    for (const listener of this.#listeners) listener(change);
  }
}

/** Of one type, in all namespaces or in one. */
export function entriesOf(cluster: Cluster, resource: ResourceType, namespace?: string): Entry[] {
  return cluster.list(resource, namespace).map((object) => ({ resource, object }));
}

/** One id for all versions of a type: `apps/Deployment`, and `Pod` of the core group. */
export function typeIdOf({ group, kind }: Pick<ResourceType, 'group' | 'kind'>): string {
  return group === '' ? kind : `${group}/${kind}`;
}

export function uidOf(object: KubeObject): string {
  return object.metadata.uid ?? '';
}
