/**
 * The controllers of the embedded cluster: what kube-controller-manager, the scheduler and a kubelet do in a real one, as far
 * as people who try something with Deployments, Services and namespaces see it.
 *
 * Each controller works from the state that it finds, whatever the changes were that led there. They write through the
 * cluster's own API.
 */
import type { Clock } from '../../../operator/clock.ts';
import type { Logger } from '../../../operator/logger.ts';
import type { Cluster } from '../cluster.ts';
import { ClusterView } from './cluster-view.ts';
import { Contents } from './contents.ts';
import { Deployments } from './deployments.ts';
import { EndpointSlices } from './endpoint-slices.ts';
import { EventRecorder } from './event-recorder.ts';
import { GarbageCollector } from './garbage-collector.ts';
import { fillNamespaces } from './namespace-basics.ts';
import { Nodes } from './nodes.ts';
import { Pods } from './pods.ts';
import { ReplicaSets } from './replica-sets.ts';
import { WorkLoop } from './work-loop.ts';

/** What every controller is made with. */
export interface ControllerContext {
  readonly cluster: Cluster;
  readonly view: ClusterView;
  readonly loop: WorkLoop;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

export interface ControllerOptions {
  readonly clock: Clock;
  readonly log: Logger;
  /** PEM text for the ConfigMap kube-root-ca.crt of each namespace. */
  readonly rootCertificate: string;
  /** The node that exists by itself. @default sandbox */
  readonly nodeName?: string;
  /** From the creation of a pod until it is ready. @default 30 */
  readonly podStartDelayMs?: number;
  /** The longest time that a pod takes to end. @default 1000 */
  readonly longestPodGraceMs?: number;
}

export interface Controllers {
  /** Nothing is left to do until something changes or a time comes. */
  readonly isIdle: boolean;
  stop(): void;
}

export function startControllers(cluster: Cluster, options: ControllerOptions): Controllers {
  const { clock, log, rootCertificate, nodeName = 'sandbox', podStartDelayMs = 30, longestPodGraceMs = 1000 } = options;
  const view = new ClusterView(cluster);
  const loop = new WorkLoop(clock, log);
  const context: ControllerContext = { cluster, view, loop, clock, events: new EventRecorder(cluster, clock) };

  // Their order is that of the work: what counts or collects the results of others comes after them.
  fillNamespaces(context, rootCertificate);
  const nodes = new Nodes(context, nodeName);
  new Pods(context, nodes, { startDelayMs: podStartDelayMs, longestGraceMs: longestPodGraceMs });
  new ReplicaSets(context);
  new Deployments(context);
  new EndpointSlices(context, nodes);
  new GarbageCollector(context);
  new Contents(context);
  view.start();

  return {
    get isIdle() {
      return loop.isIdle;
    },
    stop() {
      view.stop();
      loop.stop();
    },
  };
}
