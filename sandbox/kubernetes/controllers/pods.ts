/**
 * Plays scheduler and kubelet: a pod gets a node and an address, runs and is ready a moment later, and goes a moment after
 * it was deleted.
 */
import type { Change } from '../cluster.ts';
import { timeText } from '../server-fields.ts';
import { uidOf } from './cluster-view.ts';
import type { ControllerContext } from './controllers.ts';
import type { Nodes } from './nodes.ts';
import { endedStatus, isReady, isTerminal, isTerminating, runningStatus, steeredStatus } from './pod-status.ts';
import type { Pod } from './shapes.ts';
import { keyOf, TypedClient } from './typed-client.ts';
import type { KeyQueue } from './work-loop.ts';

export interface PodOptions {
  /** From the creation of a pod until it runs and is ready. */
  readonly startDelayMs: number;
  /** The longest time that a pod takes to end; a shorter grace period of its own counts. */
  readonly longestGraceMs: number;
}

/** Of 10.244.0.0/16. */
const mostAddresses = 65_534;

export class Pods {
  readonly #context: ControllerContext;
  readonly #options: PodOptions;
  readonly #nodes: Nodes;
  readonly #pods: TypedClient<Pod>;
  readonly #queue: KeyQueue;
  /** By uid. */
  readonly #addresses = new Map<string, string>();
  #nextAddress = 0;
  /** When each pod that starts or ends was first seen doing so, by uid: its times have no fractions of a second. */
  readonly #startedMs = new Map<string, number>();
  readonly #endingMs = new Map<string, number>();

  constructor(context: ControllerContext, nodes: Nodes, options: PodOptions) {
    const { cluster, loop, view } = context;
    this.#context = context;
    this.#options = options;
    this.#nodes = nodes;
    this.#pods = new TypedClient(cluster, 'v1', 'Pod');
    this.#queue = loop.queue('pods', (key) => this.#sync(key));
    view.on('Pod', (change) => this.#observe(change));
    // A node that comes, or is uncordoned, is a place for those that wait for one.
    view.on('Node', () => {
      for (const pod of this.#pods.list()) if (!pod.spec.nodeName) this.#queue.add(keyOf(pod));
    });
  }

  #observe({ type, object }: Change): void {
    const uid = uidOf(object);
    if (type === 'DELETED') {
      for (const known of [this.#addresses, this.#startedMs, this.#endingMs]) known.delete(uid);
      return;
    }
    const { podIP } = (object as Pod).status ?? {};
    if (type === 'ADDED' && podIP !== undefined) this.#addresses.set(uid, podIP);
    this.#queue.add(keyOf(object));
  }

  #sync(key: string): void {
    const pod = this.#pods.get(key);
    if (!pod) return;
    if (isTerminating(pod)) return this.#end(pod);
    if (isTerminal(pod)) return;
    if (!pod.spec.nodeName) return this.#bind(pod);
    if (pod.status?.phase === 'Running') return this.#steer(pod);
    this.#start(pod);
  }

  #bind(pod: Pod): void {
    const nodeName = this.#nodes.schedulable();
    if (nodeName === undefined) return;
    this.#pods.update({ ...pod, spec: { ...pod.spec, nodeName } });
    const message = `Successfully assigned ${keyOf(pod)} to ${nodeName}`;
    this.#context.events.record('default-scheduler', pod, 'Scheduled', message);
  }

  #start(pod: Pod): void {
    if (this.#waits(pod, this.#startedMs, this.#options.startDelayMs)) return;
    const { nodeName = '', hostNetwork } = pod.spec;
    const hostIP = this.#nodes.hostIP(nodeName);
    const podIP = hostNetwork ? hostIP : this.#addressOf(uidOf(pod));
    this.#pods.updateStatus(pod, runningStatus(pod, { podIP, hostIP }, this.#now()));
  }

  /** One that was given back comes again as late as possible: nobody likes to find another pod where one just was. */
  #addressOf(uid: string): string {
    const known = this.#addresses.get(uid);
    if (known !== undefined) return known;
    const taken = new Set(this.#addresses.values());
    let address: string;
    do {
      const number = 1 + (this.#nextAddress++ % mostAddresses);
      address = `10.244.${number >> 8}.${number & 255}`;
    } while (taken.has(address));
    this.#addresses.set(uid, address);
    return address;
  }

  #steer(pod: Pod): void {
    const status = steeredStatus(pod, this.#now());
    if (status) this.#pods.updateStatus(pod, status);
  }

  #end(pod: Pod): void {
    const graceMs = (pod.metadata.deletionGracePeriodSeconds ?? 0) * 1000;
    if (this.#waits(pod, this.#endingMs, Math.min(graceMs, this.#options.longestGraceMs))) return;
    // What finalizers hold is seen for a while yet.
    const isHeld = (pod.metadata.finalizers?.length ?? 0) > 0;
    const told = isHeld && isReady(pod) ? this.#pods.updateStatus(pod, endedStatus(pod, this.#now())) : pod;
    if (graceMs > 0) this.#pods.delete(told, { gracePeriodSeconds: 0 });
  }

  /** Whether the time since the pod was first seen in this state is not over; it comes again when it is. */
  #waits(pod: Pod, sinceMs: Map<string, number>, delayMs: number): boolean {
    const uid = uidOf(pod);
    const nowMs = this.#context.clock.monotonic();
    const seenMs = sinceMs.get(uid) ?? nowMs;
    sinceMs.set(uid, seenMs);
    const leftMs = seenMs + delayMs - nowMs;
    if (leftMs <= 0) return false;
    this.#queue.addAfter(keyOf(pod), leftMs);
    return true;
  }

  #now(): string {
    return timeText(this.#context.clock.now());
  }
}
