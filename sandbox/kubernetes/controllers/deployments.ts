/**
 * Keeps the ReplicaSets of each Deployment: one for its template, which grows while those of former templates shrink.
 * What to scale is decided in deployment-rollout.ts, what to tell in deployment-status.ts.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../operator/clock.ts';
import { controllerManager } from './controller-context.ts';
import type { ControllerContext } from './controller-context.ts';
import { uidOf } from './cluster-view.ts';
import type { ClusterView } from './cluster-view.ts';
import { currentAnnotations, revisionAnnotation, revisionOf, sizeAnnotations } from './deployment-revision.ts';
import {
  byAge,
  newSetReplicas,
  recreateStep,
  replicasOf,
  rollingStep,
  total,
  wantedReplicas,
} from './deployment-rollout.ts';
import type { Scaling } from './deployment-rollout.ts';
import { deadlineInMs, deploymentStatus } from './deployment-status.ts';
import type { EventRecorder } from './event-recorder.ts';
import { LabelIndex } from './label-index.ts';
import { controllerOf, controllerReference, isControlledBy, withOwner } from './owner-reference.ts';
import { isTerminal } from './pod-state.ts';
import { selects } from './selector-match.ts';
import type { Deployment, Pod, ReplicaSet } from './shapes.ts';
import { templateHash, templateHashLabel } from './template-hash.ts';
import { keyOf, TypedClient } from './typed-client.ts';
import type { KeyQueue } from './work-loop.ts';

const component = 'deployment-controller';
const defaultHistoryLimit = 10;

interface Sets {
  readonly current: ReplicaSet | undefined;
  /** Oldest first. */
  readonly old: readonly ReplicaSet[];
}

export class Deployments {
  readonly #view: ClusterView;
  readonly #clock: Clock;
  readonly #events: EventRecorder;
  readonly #deployments: TypedClient<Deployment>;
  readonly #replicaSets: TypedClient<ReplicaSet>;
  readonly #setIndex = new LabelIndex();
  readonly #queue: KeyQueue;

  constructor({ cluster, view, loop, clock, events }: ControllerContext) {
    this.#view = view;
    this.#clock = clock;
    this.#events = events;
    this.#deployments = new TypedClient(cluster, 'apps/v1', 'Deployment', controllerManager);
    this.#replicaSets = new TypedClient(cluster, 'apps/v1', 'ReplicaSet', controllerManager);
    this.#queue = loop.queue('deployments', (key) => this.#sync(key));
    view.on('apps/Deployment', ({ object }) => this.#queue.add(keyOf(object)));
    view.on('apps/ReplicaSet', (change) => {
      this.#setIndex.apply(change);
      this.#addOwner(change.object as ReplicaSet);
    });
    // The strategy Recreate waits until the last pod is gone, which its set no longer counts.
    view.on('Pod', ({ type, object }) => {
      const owner = type === 'DELETED' ? view.get(controllerOf(object)?.uid ?? '') : undefined;
      if (owner) this.#addOwner(owner.object as ReplicaSet);
    });
  }

  #addOwner(set: ReplicaSet): void {
    const owner = controllerOf(set);
    if (owner?.kind === 'Deployment') this.#queue.add(`${set.metadata.namespace ?? ''}/${owner.name}`);
  }

  #sync(key: string): void {
    const deployment = this.#deployments.get(key);
    if (!deployment) return;
    const isMeant = deployment.metadata.deletionTimestamp === undefined;
    if (isMeant) this.#adopt(deployment);
    const before = this.#setsOf(deployment);
    if (isMeant) this.#move(deployment, before);
    const sets = this.#setsOf(deployment);
    const nowMs = this.#clock.now();
    const isNew = before.current === undefined && sets.current !== undefined;
    const told = this.#deployments.updateStatus(
      this.#deployments.get(key)!,
      deploymentStatus(deployment, { ...sets, isNew }, nowMs),
    );
    const deadlineMs = deadlineInMs(told, nowMs);
    if (deadlineMs > 0 && deadlineMs < Infinity) this.#queue.addAfter(key, deadlineMs);
    if (sets.old.length > 0) this.#forgetOldSets(told, sets.old);
  }

  /** One step of the rollout. */
  #move(deployment: Deployment, { current, old }: Sets): void {
    if (deployment.spec.paused) return this.#scaleOnly(deployment, current ? [...old, current] : old);
    const isRecreate = deployment.spec.strategy?.type === 'Recreate';
    if (isRecreate) {
      const down = recreateStep(old);
      this.#scale(deployment, down);
      if (down.length > 0 || this.#havePods(old)) return;
    }
    const ready = current ? this.#annotate(deployment, current, old) : this.#create(deployment, old);
    this.#writeRevision(deployment, ready);
    this.#scale(deployment, rollingStep(deployment, ready, old));
  }

  /** A Deployment that is paused keeps its templates as they are, and is scaled where it is clear which set is meant. */
  #scaleOnly(deployment: Deployment, sets: readonly ReplicaSet[]): void {
    const active = sets.filter((set) => replicasOf(set) > 0);
    const meant = active.length > 0 ? active : sets.slice(-1);
    const wanted = wantedReplicas(deployment);
    if (meant.length !== 1 || replicasOf(meant[0]!) === wanted) return;
    this.#scale(deployment, [{ set: meant[0]!, replicas: wanted }]);
  }

  /** ReplicaSets that fit and have no controller, such as those of a Deployment that was deleted without them. */
  #adopt(deployment: Deployment): void {
    const { selector } = deployment.spec;
    for (const key of this.#setIndex.candidates(deployment.metadata.namespace ?? '', selector.matchLabels)) {
      const set = this.#replicaSets.get(key);
      if (!set || controllerOf(set) || set.metadata.deletionTimestamp !== undefined) continue;
      if (selects(selector, set.metadata.labels)) {
        this.#replicaSets.update(withOwner(set, controllerReference(deployment)));
      }
    }
  }

  #setsOf(deployment: Deployment): Sets {
    const dependents = this.#view.dependentsOf(uidOf(deployment)).map(({ object }) => object as ReplicaSet);
    const sets = dependents.filter((object) => object.kind === 'ReplicaSet' && isControlledBy(object, deployment));
    const hash = templateHash(deployment.spec.template);
    const current = sets.find(({ metadata }) => metadata.labels?.[templateHashLabel] === hash);
    return { current, old: sets.filter((set) => set !== current).sort(byAge) };
  }

  #havePods(sets: readonly ReplicaSet[]): boolean {
    return sets.some((set) =>
      this.#view.dependentsOf(uidOf(set)).some(({ object }) => object.kind === 'Pod' && !isTerminal(object as Pod)),
    );
  }

  #create(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet {
    const { namespace, name } = deployment.metadata;
    const { template, selector, minReadySeconds } = deployment.spec;
    const hash = { [templateHashLabel]: templateHash(template) };
    const labels = { ...template.metadata?.labels, ...hash };
    const set = this.#replicaSets.create({
      metadata: {
        name: `${name}-${hash[templateHashLabel]}`,
        namespace,
        labels,
        annotations: currentAnnotations(deployment, undefined, old),
        ownerReferences: [controllerReference(deployment)],
      },
      spec: {
        replicas: newSetReplicas(deployment, undefined, old),
        ...(minReadySeconds ? { minReadySeconds } : {}),
        selector: { ...selector, matchLabels: { ...selector.matchLabels, ...hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    });
    if (replicasOf(set) > 0) this.#tellScaling(deployment, set, 0, replicasOf(set));
    return set;
  }

  #annotate(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): ReplicaSet {
    const annotations = currentAnnotations(deployment, current, old);
    const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
    const isSame =
      isDeepStrictEqual(annotations, current.metadata.annotations) &&
      minReadySeconds === (current.spec.minReadySeconds ?? 0);
    if (isSame) return current;
    const spec = { ...current.spec, minReadySeconds };
    return this.#replicaSets.update({ ...current, metadata: { ...current.metadata, annotations }, spec });
  }

  #writeRevision(deployment: Deployment, current: ReplicaSet): void {
    if (revisionOf(deployment) === revisionOf(current)) return;
    const { metadata } = deployment;
    const annotations = { ...metadata.annotations, [revisionAnnotation]: String(revisionOf(current)) };
    this.#deployments.update({ ...deployment, metadata: { ...metadata, annotations } });
  }

  #scale(deployment: Deployment, scalings: readonly Scaling[]): void {
    for (const { set, replicas } of scalings) {
      const annotations = { ...set.metadata.annotations, ...sizeAnnotations(deployment) };
      const spec = { ...set.spec, replicas };
      this.#replicaSets.update({ ...set, metadata: { ...set.metadata, annotations }, spec });
      this.#tellScaling(deployment, set, replicasOf(set), replicas);
    }
  }

  #tellScaling(deployment: Deployment, set: ReplicaSet, from: number, to: number): void {
    const direction = to > from ? 'up' : 'down';
    const message = `Scaled ${direction} replica set ${set.metadata.name} from ${from} to ${to}`;
    this.#events.record(component, deployment, 'ScalingReplicaSet', message);
  }

  /** Once a rollout is complete, only so many of the old sets are kept for an undo. */
  #forgetOldSets({ spec, status }: Deployment, old: readonly ReplicaSet[]): void {
    const wanted = spec.replicas ?? 1;
    if ((status?.updatedReplicas ?? 0) !== wanted || (status?.replicas ?? 0) !== wanted) return;
    const empty = old.filter((set) => replicasOf(set) === 0 && (set.status?.replicas ?? 0) === 0);
    const isBusy = total(old, replicasOf) > 0;
    const excess = empty.length - (spec.revisionHistoryLimit ?? defaultHistoryLimit);
    if (isBusy || excess <= 0) return;
    const oldest = empty.toSorted((a, b) => revisionOf(a) - revisionOf(b)).slice(0, excess);
    for (const set of oldest) this.#replicaSets.delete(set, { propagationPolicy: 'Background' });
  }
}
