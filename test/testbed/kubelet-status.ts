/** What the small kubelet tells the API server of a pod. */
import type { Pod } from './kubelet-pod.ts';

export interface PodCondition {
  readonly address: string;
  /** As Kubernetes writes times. */
  readonly startedAt: string;
  readonly isReady: boolean;
  readonly isRunning: boolean;
  readonly restarts: number;
}

/** `status` of the pod, for a strategic merge patch. */
export function podStatus(pod: Pod, { address, startedAt, isReady, isRunning, restarts }: PodCondition): object {
  const [container] = pod.spec.containers;
  const status = isReady ? 'True' : 'False';
  const always = ['Initialized', 'PodScheduled'].map((type) => ({ type, status: 'True' }));
  const ready = ['Ready', 'ContainersReady'].map((type) => ({ type, status }));
  const state = isRunning ? { running: { startedAt } } : { waiting: { reason: 'Restarting' } };
  const own = { name: container?.name, ready: isReady, restartCount: restarts, state };
  return {
    phase: 'Running',
    podIP: address,
    podIPs: [{ ip: address }],
    startTime: startedAt,
    conditions: [...always, ...ready],
    containerStatuses: [{ ...own, image: 'none', imageID: '' }],
  };
}
