/**
 * Keeps the ReplicaSets of each Deployment: one for its template, which grows while those of former templates shrink.
 * What to scale is decided in deployment-rollout.ts, what to tell in deployment-status.ts.
 *
 * Revisions are annotations of the sets, which `kubectl rollout history` and `undo` read: a template that returns gets a new
 * one. The label `pod-template-hash` is equal for equal templates, and its values are not those of a real cluster.
 */
import { isDeepStrictEqual } from 'node:util';
import { selects } from '../label-selector.ts';
import { uidOf } from './cluster-view.ts';
import type { ControllerContext } from './controllers.ts';
import { newSetReplicas, recreateStep, replicasOf, rollingStep, total, wantedReplicas } from './deployment-rollout.ts';
import type { Scaling } from './deployment-rollout.ts';
import { deadlineInMs, deploymentStatus } from './deployment-status.ts';
import { adopted, controllerOf, controllerReference, isControlledBy } from './owner-reference.ts';
import { isTerminal } from './pod-status.ts';
import type { Deployment, Pod, PodTemplate, ReplicaSet } from './shapes.ts';
import { keyOf, TypedClient } from './typed-client.ts';
import type { KeyQueue } from './work-loop.ts';

const revisionAnnotation = 'deployment.kubernetes.io/revision';
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const templateHashLabel = 'pod-template-hash';
const defaultHistoryLimit = 10;

interface Sets {
  readonly current: ReplicaSet | undefined;
  /** Oldest first. */
  readonly old: readonly ReplicaSet[];
}

export class Deployments {
  readonly #context: ControllerContext;
  readonly #deployments: TypedClient<Deployment>;
  readonly #replicaSets: TypedClient<ReplicaSet>;
  readonly #queue: KeyQueue;

  constructor(context: ControllerContext) {
    const { cluster, loop, view } = context;
    this.#context = context;
    this.#deployments = new TypedClient(cluster, 'apps/v1', 'Deployment');
    this.#replicaSets = new TypedClient(cluster, 'apps/v1', 'ReplicaSet');
    this.#queue = loop.queue('deployments', (key) => this.#sync(key));
    view.on('apps/Deployment', ({ object }) => this.#queue.add(keyOf(object)));
    view.on('apps/ReplicaSet', ({ object }) => this.#addOwner(object as ReplicaSet));
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
    if (deployment.metadata.deletionTimestamp === undefined) {
      this.#adopt(deployment);
      this.#move(deployment, this.#setsOf(deployment));
    }
    const { current, old } = this.#setsOf(deployment);
    const nowMs = this.#context.clock.now();
    const written = this.#deployments.get(key)!;
    const told = this.#deployments.updateStatus(written, deploymentStatus(deployment, current, old, nowMs));
    const deadlineMs = deadlineInMs(told, nowMs);
    if (deadlineMs > 0 && deadlineMs < Infinity) this.#queue.addAfter(key, deadlineMs);
    this.#forgetOldSets(told, old);
  }

  /** One step of the rollout. */
  #move(deployment: Deployment, { current, old }: Sets): void {
    if (deployment.spec.paused) return this.#scaleOnly(deployment, current ? [...old, current] : old);
    if (deployment.spec.strategy?.type === 'Recreate') {
      const down = recreateStep(old);
      this.#scale(deployment, down);
      if (down.length > 0 || this.#havePods(old)) return;
    }
    const ready = current ? this.#renew(deployment, current, old) : this.#create(deployment, old);
    this.#writeRevision(deployment, ready);
    this.#scale(deployment, rollingStep(deployment, ready, old));
  }

  /** A Deployment that is paused keeps its templates as they are, and is scaled where it is clear which set is meant. */
  #scaleOnly(deployment: Deployment, sets: readonly ReplicaSet[]): void {
    const active = sets.filter((set) => replicasOf(set) > 0);
    const [set, ...others] = active.length > 0 ? active : sets.slice(-1);
    const replicas = wantedReplicas(deployment);
    if (set && others.length === 0 && replicasOf(set) !== replicas) this.#scale(deployment, [{ set, replicas }]);
  }

  /** ReplicaSets that fit and have no controller, such as those of a Deployment that was deleted without them. */
  #adopt(deployment: Deployment): void {
    for (const set of this.#replicaSets.list(deployment.metadata.namespace)) {
      if (controllerOf(set) || set.metadata.deletionTimestamp !== undefined) continue;
      if (selects(deployment.spec.selector, set.metadata.labels)) this.#replicaSets.update(adopted(set, deployment));
    }
  }

  #setsOf(deployment: Deployment): Sets {
    const dependents = this.#context.view.dependentsOf(uidOf(deployment)).map(({ object }) => object as ReplicaSet);
    const sets = dependents.filter((object) => object.kind === 'ReplicaSet' && isControlledBy(object, deployment));
    const hash = templateHash(deployment.spec.template);
    const current = sets.find(({ metadata }) => metadata.labels?.[templateHashLabel] === hash);
    return { current, old: sets.filter((set) => set !== current).sort((a, b) => revisionOf(a) - revisionOf(b)) };
  }

  #havePods(sets: readonly ReplicaSet[]): boolean {
    const dependents = sets.flatMap((set) => this.#context.view.dependentsOf(uidOf(set)));
    return dependents.some(({ object }) => object.kind === 'Pod' && !isTerminal(object as Pod));
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
        annotations: annotationsOf(deployment, undefined, old),
        ownerReferences: [controllerReference(deployment)],
      },
      spec: {
        replicas: newSetReplicas(deployment, undefined, old),
        minReadySeconds,
        selector: { ...selector, matchLabels: { ...selector.matchLabels, ...hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    });
    if (replicasOf(set) > 0) this.#tellScaling(deployment, set, 0, replicasOf(set));
    return set;
  }

  /** The set for the current template with what the Deployment says beside the template. */
  #renew(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): ReplicaSet {
    const annotations = annotationsOf(deployment, current, old);
    const { minReadySeconds = 0 } = deployment.spec;
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
      this.#replicaSets.update({ ...set, spec: { ...set.spec, replicas } });
      this.#tellScaling(deployment, set, replicasOf(set), replicas);
    }
  }

  #tellScaling(deployment: Deployment, { metadata: { name } }: ReplicaSet, from: number, to: number): void {
    const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`;
    this.#context.events.record('deployment-controller', deployment, 'ScalingReplicaSet', message);
  }

  /** Once a rollout is complete, only so many of the old sets are kept for an undo. */
  #forgetOldSets({ spec, status }: Deployment, old: readonly ReplicaSet[]): void {
    const isComplete = [status?.updatedReplicas, status?.replicas].every((count = 0) => count === (spec.replicas ?? 1));
    const isBusy = total(old, (set) => replicasOf(set) + (set.status?.replicas ?? 0)) > 0;
    const excess = old.length - (spec.revisionHistoryLimit ?? defaultHistoryLimit);
    if (!isComplete || isBusy || excess <= 0) return;
    for (const set of old.slice(0, excess)) this.#replicaSets.delete(set, { propagationPolicy: 'Background' });
  }
}

function revisionOf({ metadata }: ReplicaSet | Deployment): number {
  return Number(metadata.annotations?.[revisionAnnotation] ?? 0);
}

/** The annotations of the set for the current template: the Deployment's, and the newest revision. */
function annotationsOf(
  { metadata }: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): Readonly<Record<string, string>> {
  const { [lastApplied]: _, [revisionAnnotation]: __, ...copied } = metadata.annotations ?? {};
  const newest = Math.max(0, ...old.map(revisionOf));
  const own = current ? revisionOf(current) : 0;
  const revision = own > newest ? own : newest + 1;
  return { ...current?.metadata.annotations, ...copied, [revisionAnnotation]: String(revision) };
}

/** Without vowels and what looks like them (k8s.io/apimachinery/pkg/util/rand). */
const hashLetters = 'bcdfghjklmnpqrstvwxz2456789';

/** FNV-1a of 32 bits over the template, whatever the order of its fields. */
function templateHash(template: PodTemplate): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(JSON.stringify(template, inOrder))) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return Array.from(String(hash), (digit) => hashLetters[digit.charCodeAt(0) % hashLetters.length]).join('');
}

/** Fields sorted, and those that are null left out: clients send `creationTimestamp: null`. */
function inOrder(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const fields = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
}
