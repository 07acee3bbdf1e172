/**
 * The status of a Deployment, with the conditions Available and Progressing that `kubectl rollout status` and
 * `kubectl wait` read. A pure function.
 *
 * Source: k8s.io/kubernetes/pkg/controller/deployment/progress.go, sync.go and util/deployment_util.go
 */
import { conditionOf, timestamp } from './condition.ts';
import { rolloutLimits, total, wantedReplicas } from './deployment-rollout.ts';
import { positive } from './replica-sets.ts';
import type { Condition, Deployment, DeploymentStatus, ReplicaSet } from './shapes.ts';

const defaultDeadlineSeconds = 600;

export interface DeploymentSets {
  readonly current: ReplicaSet | undefined;
  readonly old: readonly ReplicaSet[];
  /** Whether this look made `current`. */
  readonly isNew: boolean;
}

export function deploymentStatus(deployment: Deployment, sets: DeploymentSets, nowMs: number): DeploymentStatus {
  const all = sets.current ? [sets.current, ...sets.old] : sets.old;
  const replicas = total(all, ({ status }) => status?.replicas ?? 0);
  const available = total(all, ({ status }) => status?.availableReplicas ?? 0);
  const counts = {
    ...positive('replicas', replicas),
    ...positive('updatedReplicas', sets.current?.status?.replicas ?? 0),
    ...positive(
      'readyReplicas',
      total(all, ({ status }) => status?.readyReplicas ?? 0),
    ),
    ...positive('availableReplicas', available),
    ...positive('unavailableReplicas', Math.max(0, total(all, ({ spec }) => spec.replicas ?? 1) - available)),
    terminatingReplicas: total(all, ({ status }) => status?.terminatingReplicas ?? 0),
    observedGeneration: deployment.metadata.generation,
  };
  const now = timestamp(nowMs);
  const before = deployment.status?.conditions ?? [];
  const conditions = [availability(deployment, available), progress(deployment, counts, sets, nowMs)].filter(
    (condition) => condition !== undefined,
  );
  return { ...counts, conditions: conditions.reduce((list, condition) => replaced(list, condition, now), [...before]) };
}

/** When the deadline of the progress passes; Infinity when nothing is awaited. */
export function deadlineInMs({ spec, status }: Deployment, nowMs: number): number {
  const condition = conditionOf(status?.conditions, 'Progressing');
  const isAwaited = condition?.status === 'True' && condition.reason !== 'NewReplicaSetAvailable' && !spec.paused;
  if (!isAwaited) return Infinity;
  const deadlineSeconds = spec.progressDeadlineSeconds ?? defaultDeadlineSeconds;
  return (Date.parse(condition.lastUpdateTime ?? '') || nowMs) + deadlineSeconds * 1000 - nowMs;
}

function availability(deployment: Deployment, available: number): Condition {
  const isAvailable = available >= wantedReplicas(deployment) - rolloutLimits(deployment).maxUnavailable;
  return isAvailable
    ? {
        type: 'Available',
        status: 'True',
        reason: 'MinimumReplicasAvailable',
        message: 'Deployment has minimum availability.',
      }
    : {
        type: 'Available',
        status: 'False',
        reason: 'MinimumReplicasUnavailable',
        message: 'Deployment does not have minimum availability.',
      };
}

/** Undefined leaves the condition as it is. */
function progress(
  deployment: Deployment,
  counts: DeploymentStatus,
  { current, isNew }: DeploymentSets,
  nowMs: number,
): Condition | undefined {
  const before = conditionOf(deployment.status?.conditions, 'Progressing');
  if (deployment.spec.paused) return progressing('Unknown', 'DeploymentPaused', 'Deployment is paused');
  if (before?.reason === 'DeploymentPaused') {
    return progressing('Unknown', 'DeploymentResumed', 'Deployment is resumed');
  }
  if (!current) return undefined;
  const set = `ReplicaSet "${current.metadata.name}"`;
  if (isNew) {
    return progressing('True', 'NewReplicaSetCreated', `Created new replica set "${current.metadata.name}"`);
  }
  const isTold = before?.reason === 'NewReplicaSetAvailable' && before.message?.includes(set);
  if (isComplete(deployment, counts)) {
    return progressing('True', 'NewReplicaSetAvailable', `${set} has successfully progressed.`);
  }
  // What was complete stays so until the template changes, though pods come and go.
  if (isTold) return undefined;
  if (isFurther(counts, deployment.status ?? {})) {
    return progressing('True', 'ReplicaSetUpdated', `${set} is progressing.`);
  }
  if (!before || before.reason === 'NewReplicaSetAvailable') {
    return progressing('True', 'FoundNewReplicaSet', `Found new replica set "${current.metadata.name}"`);
  }
  if (deadlineInMs(deployment, nowMs) > 0) return undefined;
  return progressing('False', 'ProgressDeadlineExceeded', `${set} has timed out progressing.`);
}

function isComplete(
  deployment: Deployment,
  { replicas = 0, updatedReplicas = 0, availableReplicas = 0 }: DeploymentStatus,
): boolean {
  const wanted = wantedReplicas(deployment);
  return updatedReplicas === wanted && replicas === wanted && availableReplicas === wanted;
}

function isFurther(now: DeploymentStatus, before: DeploymentStatus): boolean {
  const old = ({ replicas = 0, updatedReplicas = 0 }: DeploymentStatus) => replicas - updatedReplicas;
  const more = (name: 'updatedReplicas' | 'readyReplicas' | 'availableReplicas') =>
    (now[name] ?? 0) > (before[name] ?? 0);
  return more('updatedReplicas') || more('readyReplicas') || more('availableReplicas') || old(now) < old(before);
}

function progressing(status: Condition['status'], reason: string, message: string): Condition {
  return { type: 'Progressing', status, reason, message };
}

/** Progress renews the update time, which the deadline counts from; other repetitions change nothing. */
function replaced(conditions: readonly Condition[], wanted: Condition, now: string): Condition[] {
  const before = conditionOf(conditions, wanted.type);
  const isSame = before !== undefined && before.reason === wanted.reason && before.message === wanted.message;
  if (isSame && (wanted.reason !== 'ReplicaSetUpdated' || before.lastUpdateTime === now)) return [...conditions];
  const lastTransitionTime = before?.status === wanted.status ? (before.lastTransitionTime ?? now) : now;
  const condition = { ...wanted, lastUpdateTime: now, lastTransitionTime };
  return [...conditions.filter((other) => other !== before), condition];
}
