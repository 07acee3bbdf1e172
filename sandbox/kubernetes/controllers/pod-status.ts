/**
 * The status of a pod as a kubelet reports it, running with all containers ready or none, and what it says about the pod.
 * Pure functions.
 *
 * The annotation `embedded.kubernetes/ready: "false"` makes a pod not ready, as a failing probe would; without it, or with
 * "true", its containers are ready. Conditions that somebody else writes stay as long as no annotation speaks against them.
 */
import { conditionOf, withCondition } from './shapes.ts';
import type { Condition, Container, Pod, PodStatus } from './shapes.ts';

const readyAnnotation = 'embedded.kubernetes/ready';
const unreadyReason = 'ContainersNotReady';

export function isTerminal({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

export function isTerminating({ metadata }: Pod): boolean {
  return metadata.deletionTimestamp !== undefined;
}

export function isReady({ status }: Pod): boolean {
  return conditionOf(status?.conditions, 'Ready')?.status === 'True';
}

/** In milliseconds; 0 while it is not ready. */
export function readySince({ status }: Pod): number {
  return Date.parse(conditionOf(status?.conditions, 'Ready')?.lastTransitionTime ?? '') || 0;
}

export interface PodPlace {
  readonly podIP: string;
  readonly hostIP: string;
}

export function runningStatus(pod: Pod, { podIP, hostIP }: PodPlace, now: string): PodStatus {
  const isReady = hasReadyContainers(pod);
  const conditions: readonly Condition[] = [
    { type: 'Initialized', status: 'True' },
    ...readiness(pod, isReady),
    { type: 'PodScheduled', status: 'True' },
  ];
  return {
    ...pod.status,
    phase: 'Running',
    conditions: withConditions(pod, conditions, now),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: now,
    containerStatuses: pod.spec.containers.map((container) => running(container, isReady, now)),
  };
}

/** The status with the readiness that the annotation asks for; undefined when it is so, or somebody else decided. */
export function steeredStatus(pod: Pod, now: string): PodStatus | undefined {
  const isAsked = pod.metadata.annotations?.[readyAnnotation] !== undefined;
  const isOurs = conditionOf(pod.status?.conditions, 'ContainersReady')?.reason === unreadyReason;
  const wantsReady = hasReadyContainers(pod);
  if ((!isAsked && !isOurs) || wantsReady === isReady(pod)) return undefined;
  return withReadiness(pod, wantsReady, now);
}

/** The status of a pod whose containers have ended while finalizers hold it. */
export function endedStatus(pod: Pod, now: string): PodStatus {
  return withReadiness(pod, false, now);
}

function hasReadyContainers({ metadata }: Pod): boolean {
  return metadata.annotations?.[readyAnnotation] !== 'false';
}

function readiness({ spec }: Pod, isReady: boolean): Condition[] {
  const message = `containers with unready status: [${spec.containers.map(({ name }) => name).join(' ')}]`;
  return ['Ready', 'ContainersReady'].map((type) => {
    return isReady ? { type, status: 'True' } : { type, status: 'False', reason: unreadyReason, message };
  });
}

function withReadiness(pod: Pod, ready: boolean, now: string): PodStatus {
  const containers = (pod.status?.['containerStatuses'] ?? []) as readonly object[];
  return {
    ...pod.status,
    conditions: withConditions(pod, readiness(pod, ready), now),
    containerStatuses: containers.map((container) => ({ ...container, ready })),
  };
}

function withConditions({ status }: Pod, wanted: readonly Condition[], now: string): readonly Condition[] {
  return wanted.reduce((list, condition) => withCondition(list, condition, now), status?.conditions ?? []);
}

function running({ name, image = '' }: Container, ready: boolean, startedAt: string): object {
  const state = { running: { startedAt } };
  return { name, image, imageID: '', ready, started: true, restartCount: 0, lastState: {}, state };
}
