/** What a pod's status and deletion say about it. Source: k8s.io/kubernetes/pkg/api/v1/pod and pkg/controller */
import { conditionOf, isTrue } from './condition.ts';
import type { Pod } from './shapes.ts';

export function isTerminal({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

export function isTerminating({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

export function isReady({ status }: Pod): boolean {
  return isTrue(status?.conditions, 'Ready');
}

/** How long until the pod has been ready for `minReadySeconds`; Infinity when it is not ready, 0 when it is available. */
export function availableInMs(pod: Pod, minReadySeconds: number, nowMs: number): number {
  if (!isReady(pod)) return Infinity;
  const sinceMs = Date.parse(conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime ?? '') || nowMs;
  return Math.max(0, sinceMs + minReadySeconds * 1000 - nowMs);
}

/** The pods that are to go first come first: unassigned, not ready, cheap by annotation, ready for a short time, young. */
export function inOrderOfDeletion(a: Pod, b: Pod): number {
  const [ranksA, ranksB] = [deletionRanks(a), deletionRanks(b)];
  const place = ranksA.findIndex((rank, index) => rank !== ranksB[index]);
  return place < 0 ? 0 : ranksA[place]! - ranksB[place]!;
}

function deletionRanks(pod: Pod): number[] {
  const { metadata, spec, status } = pod;
  const readySince = conditionOf(status?.conditions, 'Ready')?.lastTransitionTime ?? '';
  return [
    spec.nodeName ? 1 : 0,
    status?.phase === 'Running' ? 1 : 0,
    isReady(pod) ? 1 : 0,
    Number(metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost'] ?? 0),
    -(Date.parse(readySince) || 0),
    -(Date.parse(metadata.creationTimestamp ?? '') || 0),
  ];
}
