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
import type { Change, DeleteOptions } from '../cluster.ts';
import { foregroundFinalizer, orphanFinalizer } from '../deletion.ts';
import type { KubeObject, OwnerReference } from '../object.ts';
import { uidOf } from './cluster-view.ts';
import type { Entry } from './cluster-view.ts';
import type { ControllerContext } from './controllers.ts';
import { hasFinalizer, withoutFinalizer, withoutOwners } from './owner-reference.ts';
import { manager } from './typed-client.ts';
import type { KeyQueue } from './work-loop.ts';

export class GarbageCollector {
  readonly #context: ControllerContext;
  /** Keys are uids. */
  readonly #queue: KeyQueue;

  constructor(context: ControllerContext) {
    this.#context = context;
    this.#queue = context.loop.queue('garbage-collector', (uid) => this.#sync(uid));
    context.view.onAny((change) => this.#observe(change));
  }

  #observe({ type, object, previous }: Change): void {
    const owners = object.metadata.ownerReferences ?? [];
    if (type === 'DELETED') {
      for (const { object: dependent } of this.#context.view.dependentsOf(uidOf(object)))
        this.#queue.add(uidOf(dependent));
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
    for (const { uid } of owners) if (isGoing(this.#context.view.get(uid)?.object)) this.#queue.add(uid);
  }

  #isGoneOrGoing(uid: string): boolean {
    const owner = this.#context.view.get(uid);
    return !owner || isGoing(owner.object);
  }

  #sync(uid: string): void {
    const entry = this.#context.view.get(uid);
    if (!entry) return;
    const { object } = entry;
    if (!isDeleted(object)) this.#judge(entry);
    else if (hasFinalizer(object, orphanFinalizer)) this.#orphanDependents(entry);
    else if (hasFinalizer(object, foregroundFinalizer)) this.#finishForeground(entry);
  }

  #judge(entry: Entry): void {
    const { object } = entry;
    const owners = Object.groupBy(object.metadata.ownerReferences ?? [], (owner) => this.#stateOf(owner, object));
    const { solid = [], gone = [], waiting = [] } = owners;
    const others = [...gone, ...waiting].map(({ uid }) => uid);
    if (others.length === 0) return;
    if (solid.length > 0) return this.#update(entry, withoutOwners(object, others));
    const hasDependents = this.#context.view.dependentsOf(uidOf(object)).length > 0;
    if (waiting.length > 0 && hasDependents) return this.#delete(entry, 'Foreground');
    if (hasFinalizer(object, orphanFinalizer)) return this.#delete(entry, 'Orphan');
    this.#delete(entry, hasFinalizer(object, foregroundFinalizer) ? 'Foreground' : 'Background');
  }

  /** `waiting` is an owner that is deleted in the foreground: it waits until this object is gone. */
  #stateOf({ apiVersion, kind, name, uid }: OwnerReference, object: KubeObject): 'solid' | 'gone' | 'waiting' {
    const { cluster } = this.#context;
    const type = cluster.types.findKind(apiVersion, kind);
    const namespace = type?.namespaced ? object.metadata.namespace : '';
    // Nor can anything be said about an owner in a namespace that a cluster-wide object cannot name.
    if (!type || namespace === undefined) return 'solid';
    const found = cluster.get(type, namespace, name);
    if (!found || uidOf(found) !== uid) return 'gone';
    return isDeleted(found) && hasFinalizer(found, foregroundFinalizer) ? 'waiting' : 'solid';
  }

  #orphanDependents(owner: Entry): void {
    const uid = uidOf(owner.object);
    for (const dependent of this.#context.view.dependentsOf(uid)) {
      this.#update(dependent, withoutOwners(dependent.object, [uid]));
    }
    this.#update(owner, withoutFinalizer(owner.object, orphanFinalizer));
  }

  /** The owner goes when none is left of the dependents that block it; the others are deleted as well. */
  #finishForeground(owner: Entry): void {
    const uid = uidOf(owner.object);
    const dependents = this.#context.view.dependentsOf(uid);
    for (const { object } of dependents) if (!isDeleted(object)) this.#queue.add(uidOf(object));
    const isBlocked = dependents.some(({ object }) =>
      object.metadata.ownerReferences?.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true),
    );
    if (!isBlocked) this.#update(owner, withoutFinalizer(owner.object, foregroundFinalizer));
  }

  #update({ resource }: Entry, object: KubeObject): void {
    this.#context.cluster.update(resource, object, { manager });
  }

  #delete({ resource, object }: Entry, propagationPolicy: NonNullable<DeleteOptions['propagationPolicy']>): void {
    const { namespace = '', name, uid } = object.metadata;
    this.#context.cluster.delete(resource, namespace, name, { propagationPolicy, preconditions: { uid } });
  }
}

function isDeleted(object: KubeObject): boolean {
  return object.metadata.deletionTimestamp !== undefined;
}

/** Deleted, and the collector has work to do before it is gone. */
function isGoing(object: KubeObject | undefined): boolean {
  if (object === undefined || !isDeleted(object)) return false;
  return hasFinalizer(object, foregroundFinalizer) || hasFinalizer(object, orphanFinalizer);
}
