/**
 * The status of a Deployment, with the conditions Available and Progressing that `kubectl rollout status` and
 * `kubectl wait` read. A pure function.
 *
 * Source: k8s.io/kubernetes/pkg/controller/deployment/progress.go, sync.go and util/deployment_util.go
 */
import { timeText } from '../server-fields.ts';
import { rolloutLimits, total, wantedReplicas } from './deployment-rollout.ts';
import { positive } from './replica-sets.ts';
import { conditionOf, withCondition } from './shapes.ts';
import type { Condition, Deployment, DeploymentStatus, ReplicaSet } from './shapes.ts';

const defaultDeadlineSeconds = 600;

export function deploymentStatus(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
  nowMs: number,
): DeploymentStatus {
  const all = current ? [current, ...old] : old;
  const available = total(all, ({ status }) => status?.availableReplicas ?? 0);
  const ready = total(all, ({ status }) => status?.readyReplicas ?? 0);
  const asked = total(all, ({ spec }) => spec.replicas ?? 1);
  const counts: DeploymentStatus = {
    ...positive(
      'replicas',
      total(all, ({ status }) => status?.replicas ?? 0),
    ),
    ...positive('updatedReplicas', current?.status?.replicas ?? 0),
    ...positive('readyReplicas', ready),
    ...positive('availableReplicas', available),
    ...positive('unavailableReplicas', asked - available),
    terminatingReplicas: total(all, ({ status }) => status?.terminatingReplicas ?? 0),
    observedGeneration: deployment.metadata.generation,
  };
  const wanted = [availability(deployment, available), progress(deployment, counts, current, nowMs)];
  const now = timeText(nowMs);
  return {
    ...counts,
    conditions: wanted.reduce((list, one) => told(list, one, now), deployment.status?.conditions ?? []),
  };
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
  return {
    type: 'Available',
    status: isAvailable ? 'True' : 'False',
    reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
    message: `Deployment ${isAvailable ? 'has' : 'does not have'} minimum availability.`,
  };
}

/** Undefined leaves the condition as it is. */
function progress(
  deployment: Deployment,
  counts: DeploymentStatus,
  current: ReplicaSet | undefined,
  nowMs: number,
): Condition | undefined {
  if (deployment.spec.paused) return progressing('Unknown', 'DeploymentPaused', 'Deployment is paused');
  if (!current) return undefined;
  const set = `ReplicaSet "${current.metadata.name}"`;
  const before = conditionOf(deployment.status?.conditions, 'Progressing');
  const isOfThisSet = before?.message?.includes(set) === true;
  const isComplete = [counts.updatedReplicas, counts.replicas, counts.availableReplicas].every(
    (count = 0) => count === wantedReplicas(deployment),
  );
  if (isComplete) return progressing('True', 'NewReplicaSetAvailable', `${set} has successfully progressed.`);
  // What was complete stays so until the template changes, though pods come and go.
  if (isOfThisSet && before?.reason === 'NewReplicaSetAvailable') return undefined;
  if (!isOfThisSet || isFurther(counts, deployment.status ?? {})) {
    return progressing('True', 'ReplicaSetUpdated', `${set} is progressing.`);
  }
  if (deadlineInMs(deployment, nowMs) > 0) return undefined;
  return progressing('False', 'ProgressDeadlineExceeded', `${set} has timed out progressing.`);
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
function told(conditions: readonly Condition[], wanted: Condition | undefined, now: string): readonly Condition[] {
  const before = wanted && conditionOf(conditions, wanted.type);
  const isRepeated = before?.reason === wanted?.reason && before?.message === wanted?.message;
  if (!wanted || (isRepeated && wanted.reason !== 'ReplicaSetUpdated')) return conditions;
  return withCondition(conditions, { ...wanted, lastUpdateTime: now }, now);
}
