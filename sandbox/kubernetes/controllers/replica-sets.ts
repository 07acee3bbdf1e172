/**
 * Keeps as many pods of each ReplicaSet as it wants, adopts those that fit and have no controller, and counts them in its
 * status.
 */
import type { Clock } from '../../../operator/clock.ts';
import type { Change } from '../cluster.ts';
import { controllerManager } from './controller-context.ts';
import type { ControllerContext } from './controller-context.ts';
import { uidOf } from './cluster-view.ts';
import type { ClusterView } from './cluster-view.ts';
import type { EventRecorder } from './event-recorder.ts';
import { SelectorIndex } from './label-index.ts';
import type { LabelIndex } from './label-index.ts';
import { controllerOf, controllerReference, isControlledBy, withoutOwners, withOwner } from './owner-reference.ts';
import { availableInMs, inOrderOfDeletion, isReady, isTerminal, isTerminating } from './pod-state.ts';
import { selects } from './selector-match.ts';
import type { Pod, ReplicaSet, ReplicaSetStatus } from './shapes.ts';
import { keyOf, partsOf, TypedClient } from './typed-client.ts';
import type { KeyQueue } from './work-loop.ts';

const component = 'replicaset-controller';
/** So that a thousand pods do not stop everything else. */
const writesPerSync = 10;

export class ReplicaSets {
  readonly #view: ClusterView;
  readonly #clock: Clock;
  readonly #events: EventRecorder;
  readonly #sets: TypedClient<ReplicaSet>;
  readonly #pods: TypedClient<Pod>;
  readonly #podIndex: LabelIndex;
  readonly #selectors = new SelectorIndex((object) => (object as ReplicaSet).spec.selector);
  readonly #queue: KeyQueue;

  /** `podIndex` holds all pods by their labels. */
  constructor({ cluster, view, loop, clock, events }: ControllerContext, podIndex: LabelIndex) {
    this.#view = view;
    this.#clock = clock;
    this.#events = events;
    this.#sets = new TypedClient(cluster, 'apps/v1', 'ReplicaSet', controllerManager);
    this.#pods = new TypedClient(cluster, 'v1', 'Pod', controllerManager);
    this.#podIndex = podIndex;
    this.#queue = loop.queue('replica-sets', (key) => this.#sync(key));
    view.on('apps/ReplicaSet', (change) => {
      this.#selectors.apply(change);
      this.#queue.add(keyOf(change.object));
    });
    view.on('Pod', (change) => this.#observePod(change));
  }

  #observePod({ object, previous }: Change): void {
    const { namespace = '', labels } = object.metadata;
    for (const pod of previous ? [previous, object] : [object]) {
      const owner = controllerOf(pod);
      if (owner?.kind === 'ReplicaSet') this.#queue.add(`${namespace}/${owner.name}`);
    }
    if (controllerOf(object)) return;
    for (const key of this.#selectors.candidates(namespace, labels)) this.#queue.add(key);
  }

  #sync(key: string): void {
    const set = this.#sets.get(key);
    if (!set) return;
    if (set.metadata.deletionTimestamp === undefined) this.#claim(set);
    const pods = this.#podsOf(set).filter((pod) => !isTerminal(pod));
    const active = pods.filter((pod) => !isTerminating(pod));
    const missing = (set.spec.replicas ?? 1) - active.length;
    if (set.metadata.deletionTimestamp === undefined && missing !== 0) {
      if (missing > 0) this.#create(set, missing);
      else this.#remove(set, active, -missing);
      // The changes of the pods bring this set here again, and then its status is written.
      return;
    }
    this.#sets.updateStatus(set, this.#statusOf(set, active, pods.length - active.length));
  }

  #podsOf(set: ReplicaSet): Pod[] {
    const dependents = this.#view.dependentsOf(uidOf(set)).map(({ object }) => object);
    return dependents.filter((object) => object.kind === 'Pod' && isControlledBy(object, set)) as Pod[];
  }

  /** Takes over pods that fit and are nobody's, and lets go of those whose labels were changed. */
  #claim(set: ReplicaSet): void {
    const { namespace } = partsOf(keyOf(set));
    const { selector } = set.spec;
    for (const key of this.#podIndex.candidates(namespace, selector.matchLabels)) {
      const pod = this.#pods.get(key);
      if (!pod || isTerminating(pod) || isTerminal(pod) || controllerOf(pod)) continue;
      if (selects(selector, pod.metadata.labels)) this.#pods.update(withOwner(pod, controllerReference(set)));
    }
    for (const pod of this.#podsOf(set)) {
      if (isTerminating(pod) || selects(selector, pod.metadata.labels)) continue;
      this.#pods.update(withoutOwners(pod, [uidOf(set)]));
    }
  }

  #create(set: ReplicaSet, count: number): void {
    const { namespace, name } = set.metadata;
    const { metadata: templateMetadata, spec } = set.spec.template ?? { spec: { containers: [] } };
    for (let made = 0; made < Math.min(count, writesPerSync); made += 1) {
      const metadata = {
        ...templateMetadata,
        name: '',
        generateName: `${name}-`,
        namespace,
        ownerReferences: [controllerReference(set)],
      };
      const pod = this.#pods.create({ metadata, spec });
      this.#events.record(component, set, 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    }
  }

  #remove(set: ReplicaSet, active: readonly Pod[], count: number): void {
    for (const pod of active.toSorted(inOrderOfDeletion).slice(0, Math.min(count, writesPerSync))) {
      this.#pods.delete(pod, { propagationPolicy: 'Background' });
      this.#events.record(component, set, 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
    }
  }

  #statusOf(set: ReplicaSet, active: readonly Pod[], terminatingReplicas: number): ReplicaSetStatus {
    const { minReadySeconds = 0, template } = set.spec;
    const nowMs = this.#clock.now();
    const delaysMs = active.map((pod) => availableInMs(pod, minReadySeconds, nowMs));
    const nextMs = Math.min(...delaysMs.filter((delayMs) => delayMs > 0), Infinity);
    if (nextMs < Infinity) this.#queue.addAfter(keyOf(set), nextMs);

    const wanted = { matchLabels: template?.metadata?.labels };
    const { conditions } = set.status ?? {};
    return {
      replicas: active.length,
      ...positive('fullyLabeledReplicas', active.filter((pod) => selects(wanted, pod.metadata.labels)).length),
      ...positive('readyReplicas', active.filter(isReady).length),
      ...positive('availableReplicas', delaysMs.filter((delayMs) => delayMs === 0).length),
      terminatingReplicas,
      observedGeneration: set.metadata.generation,
      ...(conditions ? { conditions } : {}),
    };
  }
}

/** The API leaves out counts of zero. */
export function positive<Name extends string>(name: Name, count: number): { readonly [name in Name]?: number } {
  return count > 0 ? ({ [name]: count } as { readonly [name in Name]?: number }) : {};
}
