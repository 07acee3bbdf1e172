/**
 * What the controllers know of the cluster beside what they ask it: every object by uid, by owner, by namespace and by
 * type, kept by the changes. A change costs what it touches, however many objects there are.
 *
 * Guarantees: listeners are told of what exists when the view starts, as additions, and of each change after it; the
 * indexes already show a change when its listeners are told.
 */
import type { Change, Cluster } from '../cluster.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceType } from '../resource-type.ts';
import { SetsByKey } from './sets-by-key.ts';

export interface Entry {
  readonly resource: ResourceType;
  readonly object: KubeObject;
}

export type ChangeListener = (change: Change) => void;

export class ClusterView {
  readonly #cluster: Cluster;
  readonly #byUid = new Map<string, Entry>();
  readonly #dependents = new SetsByKey();
  readonly #contents = new SetsByKey();
  readonly #instances = new SetsByKey();
  readonly #listeners = new Map<string, ChangeListener[]>();
  readonly #listenersOfAll: ChangeListener[] = [];
  #unsubscribe = (): void => {};

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** `typeId` as typeIdOf says it, such as `apps/Deployment`, or `Pod` of the core group. */
  on(typeId: string, listener: ChangeListener): void {
    const listeners = this.#listeners.get(typeId);
    if (listeners) listeners.push(listener);
    else this.#listeners.set(typeId, [listener]);
  }

  onAny(listener: ChangeListener): void {
    this.#listenersOfAll.push(listener);
  }

  start(): void {
    this.#unsubscribe = this.#cluster.onChange((change) => this.#tell(change));
    const existing = new Map<string, Change>();
    for (const resource of this.#cluster.types.list()) {
      for (const object of this.#cluster.list(resource)) {
        // A type of several versions lists the same objects for each.
        existing.set(uidOf(object), { type: 'ADDED', resource, object, previous: undefined });
      }
    }
    // All indexes first: who is told of an object looks for its owner.
    for (const change of existing.values()) this.#index(change);
    for (const change of existing.values()) this.#notify(change);
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

  /** Objects that name this uid in their owner references. */
  dependentsOf(uid: string): Entry[] {
    return this.#entries(this.#dependents.get(uid));
  }

  hasDependents(uid: string): boolean {
    return this.#dependents.get(uid).size > 0;
  }

  contentsOf(namespace: string): Entry[] {
    return this.#entries(this.#contents.get(namespace));
  }

  isEmpty(namespace: string): boolean {
    return this.#contents.get(namespace).size === 0;
  }

  hasInstances(typeId: string): boolean {
    return this.#instances.get(typeId).size > 0;
  }

  instancesOf(typeId: string): Entry[] {
    return this.#entries(this.#instances.get(typeId));
  }

  #entries(uids: ReadonlySet<string>): Entry[] {
    return [...uids].map((uid) => this.get(uid)).filter((entry) => entry !== undefined);
  }

  #tell(change: Change): void {
    this.#index(change);
    this.#notify(change);
  }

  #index({ type, resource, object, previous }: Change): void {
    const uid = uidOf(object);
    if (previous && previous !== object) this.#unindexOwners(previous);
    if (type === 'DELETED') {
      this.#unindexOwners(object);
      this.#byUid.delete(uid);
      this.#contents.delete(object.metadata.namespace, uid);
      this.#instances.delete(typeIdOf(resource), uid);
      return;
    }
    this.#byUid.set(uid, { resource, object });
    for (const owner of object.metadata.ownerReferences ?? []) this.#dependents.add(owner.uid, uid);
    this.#contents.add(object.metadata.namespace, uid);
    this.#instances.add(typeIdOf(resource), uid);
  }

  #unindexOwners(object: KubeObject): void {
    for (const owner of object.metadata.ownerReferences ?? []) this.#dependents.delete(owner.uid, uidOf(object));
  }

  #notify(change: Change): void {
    for (const listener of this.#listeners.get(typeIdOf(change.resource)) ?? []) listener(change);
    for (const listener of this.#listenersOfAll) listener(change);
  }
}

/** One id for all versions of a type: `apps/Deployment`, and `Pod` of the core group. */
export function typeIdOf({ group, kind }: Pick<ResourceType, 'group' | 'kind'>): string {
  return group === '' ? kind : `${group}/${kind}`;
}

export function uidOf(object: KubeObject): string {
  return object.metadata.uid ?? '';
}
