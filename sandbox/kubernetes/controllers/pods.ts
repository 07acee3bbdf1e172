/**
 * Plays scheduler and kubelet: a pod gets a node and an address, runs and is ready a moment later, and goes a moment after
 * it was deleted.
 */
import type { Clock } from '../../../operator/clock.ts';
import type { Change } from '../cluster.ts';
import { timestamp } from './condition.ts';
import type { ControllerContext } from './controller-context.ts';
import { uidOf } from './cluster-view.ts';
import type { EventRecorder } from './event-recorder.ts';
import type { Nodes } from './nodes.ts';
import { PodAddresses } from './pod-addresses.ts';
import { isReady, isTerminal, isTerminating } from './pod-state.ts';
import { endedStatus, runningStatus, steeredStatus } from './pod-status.ts';
import type { Pod } from './shapes.ts';
import { keyOf, TypedClient } from './typed-client.ts';
import type { KeyQueue } from './work-loop.ts';

export interface PodOptions {
  /** Where pods go that name no node. */
  readonly nodeName: string;
  /** From the creation of a pod until it runs and is ready. */
  readonly startDelayMs: number;
  /** The longest time that a pod takes to end; a shorter grace period of its own counts. */
  readonly longestGraceMs: number;
}

export class Pods {
  readonly #options: PodOptions;
  readonly #clock: Clock;
  readonly #events: EventRecorder;
  readonly #nodes: Nodes;
  readonly #scheduler: TypedClient<Pod>;
  readonly #kubelet: TypedClient<Pod>;
  readonly #addresses = new PodAddresses();
  /** When each pod that starts or ends was first seen doing so, by uid: its times have no fractions of a second. */
  readonly #startedMs = new Map<string, number>();
  readonly #endingMs = new Map<string, number>();
  readonly #queue: KeyQueue;

  constructor({ cluster, view, loop, clock, events }: ControllerContext, nodes: Nodes, options: PodOptions) {
    this.#options = options;
    this.#clock = clock;
    this.#events = events;
    this.#nodes = nodes;
    this.#scheduler = new TypedClient(cluster, 'v1', 'Pod', 'kube-scheduler');
    this.#kubelet = new TypedClient(cluster, 'v1', 'Pod', 'kubelet');
    this.#queue = loop.queue('pods', (key) => this.#sync(key));
    view.on('Pod', (change) => this.#observe(change));
  }

  #observe({ type, object }: Change): void {
    const uid = uidOf(object);
    if (type === 'DELETED') {
      this.#addresses.release(uid);
      this.#startedMs.delete(uid);
      this.#endingMs.delete(uid);
      return;
    }
    const { podIP } = (object as Pod).status ?? {};
    if (type === 'ADDED' && podIP !== undefined) this.#addresses.reserve(uid, podIP);
    this.#queue.add(keyOf(object));
  }

  #sync(key: string): void {
    const pod = this.#kubelet.get(key);
    if (!pod) return;
    if (isTerminating(pod)) return this.#end(pod);
    if (isTerminal(pod)) return;
    if (!pod.spec.nodeName) return this.#bind(pod);
    if (pod.status?.phase === 'Running') return this.#steer(pod);
    this.#start(pod);
  }

  #bind(pod: Pod): void {
    const { nodeName } = this.#options;
    this.#scheduler.update({ ...pod, spec: { ...pod.spec, nodeName } });
    const { namespace, name } = pod.metadata;
    const message = `Successfully assigned ${namespace}/${name} to ${nodeName}`;
    this.#events.record('default-scheduler', pod, 'Scheduled', message);
  }

  #start(pod: Pod): void {
    if (this.#waits(pod, this.#startedMs, this.#options.startDelayMs)) return;
    const { nodeName = '', hostNetwork } = pod.spec;
    const hostIP = this.#nodes.hostIP(nodeName);
    const podIP = hostNetwork ? hostIP : this.#addresses.of(uidOf(pod));
    this.#kubelet.updateStatus(pod, runningStatus(pod, { podIP, hostIP }, this.#now()));
  }

  #steer(pod: Pod): void {
    const status = steeredStatus(pod, this.#now());
    if (status) this.#kubelet.updateStatus(pod, status);
  }

  #end(pod: Pod): void {
    const graceMs = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
    if (this.#waits(pod, this.#endingMs, Math.min(graceMs, this.#options.longestGraceMs))) return;
    // What finalizers hold is seen for a while yet.
    const isHeld = (pod.metadata.finalizers?.length ?? 0) > 0;
    const told = isHeld && isReady(pod) ? this.#kubelet.updateStatus(pod, endedStatus(pod, this.#now())) : pod;
    if (graceMs > 0) this.#kubelet.delete(told, { gracePeriodSeconds: 0 });
  }

  /** Whether the time since the pod was first seen in this state is not over; it comes again when it is. */
  #waits(pod: Pod, sinceMs: Map<string, number>, delayMs: number): boolean {
    const uid = uidOf(pod);
    const nowMs = this.#clock.monotonic();
    const seenMs = sinceMs.get(uid) ?? nowMs;
    sinceMs.set(uid, seenMs);
    const leftMs = seenMs + delayMs - nowMs;
    if (leftMs <= 0) return false;
    this.#queue.addAfter(keyOf(pod), leftMs);
    return true;
  }

  #now(): string {
    return timestamp(this.#clock.now());
  }
}
