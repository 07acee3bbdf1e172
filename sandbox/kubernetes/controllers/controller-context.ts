/** What every controller is made with. */
import type { Clock } from '../../../operator/clock.ts';
import type { Cluster } from '../cluster.ts';
import type { ClusterView } from './cluster-view.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { WorkLoop } from './work-loop.ts';

export interface ControllerContext {
  readonly cluster: Cluster;
  readonly view: ClusterView;
  readonly loop: WorkLoop;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

/** The field manager of everything that the controller manager writes. */
export const controllerManager = 'kube-controller-manager';
