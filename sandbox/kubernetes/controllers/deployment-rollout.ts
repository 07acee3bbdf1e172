/**
 * How far the ReplicaSets of a Deployment may be scaled now, so that it gets from one template to the next within
 * maxSurge and maxUnavailable. Pure functions; each result is one step, and the changes that it causes bring the next.
 *
 *   strategy      | first                                  | then
 *   --------------+----------------------------------------+---------------------------------------------------------
 *   RollingUpdate | the new set grows, up to the surge     | the old ones shrink: what is not available first, then
 *                 |                                        | as many as may be unavailable, the oldest set first
 *   Recreate      | the old sets go to zero                | when their pods are gone, the new set grows
 *
 * Source: k8s.io/kubernetes/pkg/controller/deployment/rolling.go and recreate.go
 */
import type { Deployment, ReplicaSet } from './shapes.ts';

export interface Scaling {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

export interface Limits {
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

export function wantedReplicas({ spec }: Pick<Deployment, 'spec'>): number {
  return spec.replicas ?? 1;
}

export function replicasOf({ spec }: ReplicaSet): number {
  return spec.replicas ?? 1;
}

/** Numbers of pods: percentages of surge are rounded up, those of unavailability down; both zero would stop everything. */
export function rolloutLimits(deployment: Deployment): Limits {
  const { type, rollingUpdate: { maxSurge = '25%', maxUnavailable = '25%' } = {} } = deployment.spec.strategy ?? {};
  if (type === 'Recreate') return { maxSurge: 0, maxUnavailable: 0 };
  const wanted = wantedReplicas(deployment);
  const surge = resolved(maxSurge, wanted, Math.ceil);
  const unavailable = Math.min(resolved(maxUnavailable, wanted, Math.floor), wanted);
  return { maxSurge: surge, maxUnavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

function resolved(value: number | string, of: number, round: (value: number) => number): number {
  return typeof value === 'number' ? value : round((Number.parseInt(value, 10) * of) / 100);
}

/** `old` has the oldest first. */
export function rollingStep(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Scaling[] {
  const replicas = newSetReplicas(deployment, current, old);
  if (replicas !== replicasOf(current)) return [{ set: current, replicas }];
  return shrunkOldSets(deployment, current, old);
}

/** Before the new set is made, or grows. */
export function recreateStep(old: readonly ReplicaSet[]): Scaling[] {
  return old.filter((set) => replicasOf(set) > 0).map((set) => ({ set, replicas: 0 }));
}

/** How many replicas the set for the current template has next; it may not exist yet. */
export function newSetReplicas(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  old: readonly ReplicaSet[],
): number {
  const wanted = wantedReplicas(deployment);
  const has = current ? replicasOf(current) : 0;
  if (has >= wanted) return wanted;
  const room = wanted + rolloutLimits(deployment).maxSurge - has - total(old, replicasOf);
  return has + Math.max(0, Math.min(room, wanted - has));
}

function shrunkOldSets(deployment: Deployment, current: ReplicaSet, old: readonly ReplicaSet[]): Scaling[] {
  const leastAvailable = wantedReplicas(deployment) - rolloutLimits(deployment).maxUnavailable;
  const newUnavailable = Math.max(0, replicasOf(current) - available(current));
  let left = total([current, ...old], replicasOf) - leastAvailable - newUnavailable;
  const replicas = new Map(old.map((set) => [set, replicasOf(set)]));
  const take = (set: ReplicaSet, most: number): void => {
    const taken = Math.max(0, Math.min(most, left, replicas.get(set)!));
    replicas.set(set, replicas.get(set)! - taken);
    left -= taken;
  };
  for (const set of old) take(set, replicasOf(set) - available(set));
  for (const set of old) take(set, Infinity);
  return [...replicas]
    .map(([set, count]) => ({ set, replicas: count }))
    .filter((one) => one.replicas !== replicasOf(one.set));
}

function available({ status }: ReplicaSet): number {
  return status?.availableReplicas ?? 0;
}

export function total(sets: readonly ReplicaSet[], count: (set: ReplicaSet) => number): number {
  return sets.reduce((sum, set) => sum + count(set), 0);
}
