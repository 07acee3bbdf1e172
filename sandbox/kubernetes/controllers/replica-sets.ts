/**
 * Keeps as many pods of each ReplicaSet as it wants, adopts those that fit and have no controller, and counts them in its
 * status.
 */
import type { Change } from '../cluster.ts';
import { selects } from '../label-selector.ts';
import { uidOf } from './cluster-view.ts';
import type { ControllerContext } from './controllers.ts';
import { adopted, controllerOf, controllerReference, isControlledBy, withoutOwners } from './owner-reference.ts';
import { isReady, isTerminal, isTerminating, readySince } from './pod-status.ts';
import type { Pod, ReplicaSet, ReplicaSetStatus } from './shapes.ts';
import { keyOf, TypedClient } from './typed-client.ts';
import type { KeyQueue } from './work-loop.ts';

const component = 'replicaset-controller';
/** So that a thousand pods do not stop everything else. */
const writesPerSync = 10;

export class ReplicaSets {
  readonly #context: ControllerContext;
  readonly #sets: TypedClient<ReplicaSet>;
  readonly #pods: TypedClient<Pod>;
  readonly #queue: KeyQueue;

  constructor(context: ControllerContext) {
    const { cluster, loop, view } = context;
    this.#context = context;
    this.#sets = new TypedClient(cluster, 'apps/v1', 'ReplicaSet');
    this.#pods = new TypedClient(cluster, 'v1', 'Pod');
    this.#queue = loop.queue('replica-sets', (key) => this.#sync(key));
    view.on('apps/ReplicaSet', ({ object }) => this.#queue.add(keyOf(object)));
    view.on('Pod', (change) => this.#observePod(change));
  }

  #observePod({ object, previous }: Change): void {
    const { namespace = '', labels } = object.metadata;
    for (const pod of previous ? [previous, object] : [object]) {
      const owner = controllerOf(pod);
      if (owner?.kind === 'ReplicaSet') this.#queue.add(`${namespace}/${owner.name}`);
    }
    if (controllerOf(object)) return;
    const fitting = this.#sets.list(namespace).filter(({ spec }) => selects(spec.selector, labels));
    for (const set of fitting) this.#queue.add(keyOf(set));
  }

  #sync(key: string): void {
    const set = this.#sets.get(key);
    if (!set) return;
    const isMeant = set.metadata.deletionTimestamp === undefined;
    if (isMeant) this.#claim(set);
    const pods = this.#podsOf(set).filter((pod) => !isTerminal(pod));
    const active = pods.filter((pod) => !isTerminating(pod));
    const missing = (set.spec.replicas ?? 1) - active.length;
    if (isMeant && missing !== 0) {
      if (missing > 0) this.#create(set, missing);
      else this.#remove(set, active, -missing);
      // The changes of the pods bring this set here again, and then its status is written.
      return;
    }
    this.#sets.updateStatus(set, this.#statusOf(set, active, pods.length - active.length));
  }

  #podsOf(set: ReplicaSet): Pod[] {
    const dependents = this.#context.view.dependentsOf(uidOf(set)).map(({ object }) => object);
    return dependents.filter((object) => object.kind === 'Pod' && isControlledBy(object, set)) as Pod[];
  }

  /** Takes over pods that fit and are nobody's, and lets go of those whose labels were changed. */
  #claim(set: ReplicaSet): void {
    const { selector } = set.spec;
    for (const pod of this.#pods.list(set.metadata.namespace)) {
      if (isTerminating(pod) || isTerminal(pod)) continue;
      const fits = selects(selector, pod.metadata.labels);
      if (fits && !controllerOf(pod)) this.#pods.update(adopted(pod, set));
      if (!fits && isControlledBy(pod, set)) this.#pods.update(withoutOwners(pod, [uidOf(set)]));
    }
  }

  #create(set: ReplicaSet, count: number): void {
    const { namespace, name } = set.metadata;
    const { metadata: templateMetadata, spec } = set.spec.template ?? { spec: { containers: [] } };
    const own = { name: '', generateName: `${name}-`, namespace, ownerReferences: [controllerReference(set)] };
    for (let made = 0; made < Math.min(count, writesPerSync); made += 1) {
      const pod = this.#pods.create({ metadata: { ...templateMetadata, ...own }, spec });
      this.#context.events.record(component, set, 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    }
  }

  #remove(set: ReplicaSet, active: readonly Pod[], count: number): void {
    for (const pod of active.toSorted(inOrderOfDeletion).slice(0, Math.min(count, writesPerSync))) {
      this.#pods.delete(pod, { propagationPolicy: 'Background' });
      this.#context.events.record(component, set, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
    }
  }

  #statusOf(set: ReplicaSet, active: readonly Pod[], terminatingReplicas: number): ReplicaSetStatus {
    const nowMs = this.#context.clock.now();
    const ready = active.filter(isReady);
    const minReadyMs = (set.spec.minReadySeconds ?? 0) * 1000;
    const leftMs = ready.map((pod) => readySince(pod) + minReadyMs - nowMs).filter((ms) => ms > 0);
    if (leftMs.length > 0) this.#queue.addAfter(keyOf(set), Math.min(...leftMs));
    return {
      replicas: active.length,
      ...positive('fullyLabeledReplicas', active.length),
      ...positive('readyReplicas', ready.length),
      ...positive('availableReplicas', ready.length - leftMs.length),
      terminatingReplicas,
      observedGeneration: set.metadata.generation,
    };
  }
}

/** Those that are to go first come first: not ready, ready for a short time, young. */
function inOrderOfDeletion(a: Pod, b: Pod): number {
  const created = ({ metadata }: Pod): number => Date.parse(metadata.creationTimestamp ?? '') || 0;
  return Number(isReady(a)) - Number(isReady(b)) || readySince(b) - readySince(a) || created(b) - created(a);
}

/** The API leaves out counts of zero. */
export function positive<Name extends string>(name: Name, count: number): { readonly [name in Name]?: number } {
  return count > 0 ? ({ [name]: count } as { readonly [name in Name]?: number }) : {};
}
