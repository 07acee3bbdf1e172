/**
 * The status of a pod as a kubelet reports it: running, with all containers ready or none. Pure functions.
 *
 * The annotation `embedded.kubernetes/ready: "false"` makes a pod not ready, as a failing probe would; without it, or with
 * "true", its containers are ready. Conditions that somebody else writes stay as long as no annotation and no readiness
 * gate speaks against them.
 */
import { conditionOf, isTrue, withCondition } from './condition.ts';
import type { Condition, Container, Pod, PodStatus } from './shapes.ts';

export const readyAnnotation = 'embedded.kubernetes/ready';

const unreadyReason = 'ContainersNotReady';

export interface PodPlace {
  readonly podIP: string;
  readonly hostIP: string;
}

export function runningStatus(pod: Pod, { podIP, hostIP }: PodPlace, now: string): PodStatus {
  const isReady = hasReadyContainers(pod);
  const conditions: Condition[] = [
    { type: 'PodReadyToStartContainers', status: 'True' },
    { type: 'Initialized', status: 'True' },
    ...readiness(pod, isReady),
    { type: 'PodScheduled', status: 'True' },
  ];
  const init = pod.spec.initContainers ?? [];
  return {
    ...pod.status,
    phase: 'Running',
    conditions: conditions.reduce((list, condition) => turned(list, condition, now), pod.status?.conditions ?? []),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: now,
    ...(init.length > 0 ? { initContainerStatuses: init.map((container) => initialized(container, now)) } : {}),
    containerStatuses: pod.spec.containers.map((container) => running(container, isReady, now)),
  };
}

/** The status with the readiness that annotation and gates ask for; undefined when it is so, or somebody else decided. */
export function steeredStatus(pod: Pod, now: string): PodStatus | undefined {
  const { conditions } = pod.status ?? {};
  const isAsked = pod.metadata.annotations?.[readyAnnotation] !== undefined;
  const isOurs = conditionOf(conditions, 'ContainersReady')?.reason === unreadyReason;
  if (!isAsked && !isOurs && !pod.spec.readinessGates?.length) return undefined;
  const wanted = readiness(pod, hasReadyContainers(pod));
  const isSo = wanted.every(({ type, status }) => (status === 'True') === isTrue(conditions, type));
  return isSo ? undefined : withReadiness(pod, wanted, now);
}

/** The status of a pod whose containers have ended while finalizers hold it. */
export function endedStatus(pod: Pod, now: string): PodStatus {
  return withReadiness(pod, readiness(pod, false), now);
}

function hasReadyContainers({ metadata }: Pod): boolean {
  return metadata.annotations?.[readyAnnotation] !== 'false';
}

/** The conditions Ready and ContainersReady. */
function readiness(pod: Pod, isReady: boolean): Condition[] {
  const types = ['Ready', 'ContainersReady'] as const;
  if (!isReady) {
    const message = `containers with unready status: [${pod.spec.containers.map(({ name }) => name).join(' ')}]`;
    return types.map((type) => ({ type, status: 'False', reason: unreadyReason, message }));
  }
  const messages = (pod.spec.readinessGates ?? []).map(({ conditionType }) => closedGate(pod, conditionType));
  const closed = messages.filter((message) => message !== undefined);
  const whole: Condition =
    closed.length === 0
      ? { type: 'Ready', status: 'True' }
      : { type: 'Ready', status: 'False', reason: 'ReadinessGatesNotReady', message: closed.join(', ') };
  return [whole, { type: 'ContainersReady', status: 'True' }];
}

function closedGate({ status }: Pod, type: string): string | undefined {
  const condition = conditionOf(status?.conditions, type);
  if (!condition) return `corresponding condition of pod readiness gate "${type}" does not exist.`;
  if (condition.status === 'True') return undefined;
  return `the status of pod readiness gate "${type}" is not "True", but ${condition.status}`;
}

function withReadiness({ status = {} }: Pod, wanted: readonly Condition[], now: string): PodStatus {
  const ready = wanted.some((condition) => condition.type === 'ContainersReady' && condition.status === 'True');
  const containers = (status['containerStatuses'] ?? []) as readonly object[];
  return {
    ...status,
    conditions: wanted.reduce((list, condition) => turned(list, condition, now), status.conditions ?? []),
    containerStatuses: containers.map((container) => ({ ...container, ready })),
  };
}

function turned(conditions: readonly Condition[], condition: Condition, now: string): readonly Condition[] {
  return withCondition(conditions, { ...condition, lastProbeTime: null }, now);
}

function running({ name, image = '' }: Container, ready: boolean, startedAt: string): object {
  const state = { running: { startedAt } };
  return { name, image, imageID: '', ready, started: true, restartCount: 0, lastState: {}, state };
}

function initialized({ name, image = '', restartPolicy }: Container, now: string): object {
  // An init container that restarts always is a sidecar.
  if (restartPolicy === 'Always') return running({ name, image }, true, now);
  const terminated = { exitCode: 0, reason: 'Completed', startedAt: now, finishedAt: now };
  return {
    name,
    image,
    imageID: '',
    ready: true,
    started: false,
    restartCount: 0,
    lastState: {},
    state: { terminated },
  };
}
