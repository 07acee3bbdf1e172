/**
 * Deletes what has lost its owners, and carries out the deletion policies Foreground and Orphan.
 *
 * An owner is looked up where its reference says (type, namespace, name), and it is gone when nothing is there or something
 * of another uid. References to types that the cluster does not serve are left alone: nothing can be said about them.
 *
 *   owners that are left | others                    | what happens to the object
 *   ---------------------+---------------------------+--------------------------------------------------------------
 *   some                 | gone, or awaiting it      | the references to the others are removed
 *   none                 | some await their objects  | it is deleted, in the foreground if it has dependents itself
 *   none                 | all gone                  | it is deleted, by the policy that its finalizers say
 *
 * Source: https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 */
import type { Change, Cluster, DeleteOptions } from '../cluster.ts';
import type { KubeObject, OwnerReference } from '../object.ts';
import { controllerManager } from './controller-context.ts';
import type { ControllerContext } from './controller-context.ts';
import { uidOf } from './cluster-view.ts';
import type { ClusterView, Entry } from './cluster-view.ts';
import { withoutFinalizer, withoutOwners } from './owner-reference.ts';
import type { KeyQueue } from './work-loop.ts';

const foreground = 'foregroundDeletion';
const orphan = 'orphan';

interface Owners {
  readonly solid: OwnerReference[];
  readonly gone: OwnerReference[];
  /** Being deleted in the foreground: they wait until this object is gone. */
  readonly waiting: OwnerReference[];
}

export class GarbageCollector {
  readonly #cluster: Cluster;
  readonly #view: ClusterView;
  /** Keys are uids. */
  readonly #queue: KeyQueue;

  constructor({ cluster, view, loop }: ControllerContext) {
    this.#cluster = cluster;
    this.#view = view;
    this.#queue = loop.queue('garbage-collector', (uid) => this.#sync(uid));
    view.onAny((change) => this.#observe(change));
  }

  #observe({ type, object, previous }: Change): void {
    const owners = object.metadata.ownerReferences ?? [];
    if (type === 'DELETED') {
      for (const dependent of this.#view.dependentsOf(uidOf(object))) this.#queue.add(uidOf(dependent.object));
      this.#lookAtWaiting(owners);
      return;
    }
    if (isGoing(object)) this.#queue.add(uidOf(object));
    if (owners === previous?.metadata.ownerReferences) return;
    if (owners.some(({ uid }) => this.#isGoneOrGoing(uid))) this.#queue.add(uidOf(object));
    this.#lookAtWaiting(previous?.metadata.ownerReferences ?? []);
  }

  /** Owners that wait for their dependents look again when one of these changes. */
  #lookAtWaiting(owners: readonly OwnerReference[]): void {
    for (const { uid } of owners) if (isGoing(this.#view.get(uid)?.object)) this.#queue.add(uid);
  }

  #isGoneOrGoing(uid: string): boolean {
    const owner = this.#view.get(uid);
    return !owner || isGoing(owner.object);
  }

  #sync(uid: string): void {
    const entry = this.#view.get(uid);
    if (!entry) return;
    const { object } = entry;
    if (!isDeleted(object)) return this.#judge(entry);
    if (has(object, orphan)) this.#orphanDependents(entry);
    else if (has(object, foreground)) this.#finishForeground(entry);
  }

  #judge(entry: Entry): void {
    const { object } = entry;
    const { solid, gone, waiting } = this.#ownersOf(object);
    const others = [...gone, ...waiting].map(({ uid }) => uid);
    if (others.length === 0) return;
    if (solid.length > 0) return this.#update(entry, withoutOwners(object, others));
    if (waiting.length > 0 && this.#view.hasDependents(uidOf(object))) {
      this.#breakCircle(entry);
      return this.#delete(entry, 'Foreground');
    }
    if (has(object, orphan)) return this.#delete(entry, 'Orphan');
    this.#delete(entry, has(object, foreground) ? 'Foreground' : 'Background');
  }

  /** An owner that waits for an object, which in turn owns that owner, would wait for ever. */
  #breakCircle(entry: Entry): void {
    const { object } = entry;
    const dependents = this.#view.dependentsOf(uidOf(object));
    if (!dependents.some((dependent) => isGoing(dependent.object))) return;
    const ownerReferences = object.metadata.ownerReferences?.map((owner) => ({ ...owner, blockOwnerDeletion: false }));
    this.#update(entry, { ...object, metadata: { ...object.metadata, ownerReferences } });
  }

  #ownersOf(object: KubeObject): Owners {
    const owners: Owners = { solid: [], gone: [], waiting: [] };
    for (const reference of object.metadata.ownerReferences ?? []) {
      const type = this.#cluster.types.findKind(reference.apiVersion, reference.kind);
      const namespace = type?.namespaced ? object.metadata.namespace : '';
      // Nor can anything be said about an owner in a namespace that a cluster-wide object cannot name.
      if (!type || namespace === undefined) {
        owners.solid.push(reference);
        continue;
      }
      const found = this.#cluster.get(type, namespace, reference.name);
      if (!found || uidOf(found) !== reference.uid) owners.gone.push(reference);
      else if (isGoing(found) && has(found, foreground)) owners.waiting.push(reference);
      else owners.solid.push(reference);
    }
    return owners;
  }

  #orphanDependents(owner: Entry): void {
    const uid = uidOf(owner.object);
    for (const dependent of this.#view.dependentsOf(uid)) {
      this.#update(dependent, withoutOwners(dependent.object, [uid]));
    }
    this.#update(owner, withoutFinalizer(owner.object, orphan));
  }

  /** The owner goes when none is left of the dependents that block it; the others are deleted as well. */
  #finishForeground(owner: Entry): void {
    const uid = uidOf(owner.object);
    const dependents = this.#view.dependentsOf(uid);
    for (const { object } of dependents) if (!isDeleted(object)) this.#queue.add(uidOf(object));
    const isBlocked = dependents.some(({ object }) =>
      object.metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
    );
    if (!isBlocked) this.#update(owner, withoutFinalizer(owner.object, foreground));
  }

  #update({ resource }: Entry, object: KubeObject): void {
    this.#cluster.update(resource, object, { manager: controllerManager });
  }

  #delete({ resource, object }: Entry, propagationPolicy: NonNullable<DeleteOptions['propagationPolicy']>): void {
    const { namespace = '', name, uid } = object.metadata;
    this.#cluster.delete(resource, namespace, name, { propagationPolicy, preconditions: { uid } });
  }
}

function isDeleted(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/** Deleted, and the collector has work to do before it is gone. */
function isGoing(object: KubeObject | undefined): boolean {
  return object !== undefined && isDeleted(object) && (has(object, foreground) || has(object, orphan));
}

function has({ metadata }: KubeObject, finalizer: string): boolean {
  return metadata.finalizers?.includes(finalizer) ?? false;
}
