/**
 * What a model of replicas has around it: an API server with connections and instances, and two Nacos registries that keep
 * entries and records. Both lose, delay and reorder what real ones do.
 */
import type { ReplicaHost } from '../../operator/replicas/replica-entry.ts';

/** Which Nacos, and which of its namespaces. */
export interface Place {
  readonly nacos: string;
  readonly namespace: string;
}

export type Connections = ReadonlyMap<string, Place>;

/** An instance, of the namespace of Kubernetes and published over the connection that its name says. */
type Instances = ReadonlySet<string>;

export interface Truth {
  readonly connections: Connections;
  readonly instances: Instances;
}

export const resources = ['connections', 'instances'] as const;
export type Resource = (typeof resources)[number];

/** A server that ends leaves what was written at it on the others for so long. */
const remainderSeconds = 180;

export class ModelCluster {
  now = 0;
  isApiUp = true;
  readonly downNacos = new Set<string>();
  readonly #connections = new Map<string, Place>([
    ['c0', { nacos: 'k0', namespace: 'n0' }],
    ['c1', { nacos: 'k0', namespace: 'n1' }],
  ]);
  readonly bornAt = new Map<string, number>();
  readonly diedAt = new Map<string, number>();
  readonly #arrivedAt = new Map<string, string | undefined>();
  readonly #truths: Truth[] = [];
  /** Entries that are there now, by who writes them, then by the text of the place. */
  readonly #entries = new Map<string, Map<string, ReplicaHost>>();
  readonly #remainders: { readonly place: string; readonly host: ReplicaHost; readonly untilSecond: number }[] = [];
  readonly #history: ReadonlyMap<string, readonly ReplicaHost[]>[] = [];

  get truth(): Truth {
    return { connections: new Map(this.#connections), instances: new Set(this.bornAt.keys()) };
  }

  /** The truth of that second. */
  truthAt(second: number): Truth {
    return this.#truths[Math.max(0, second - 1)] ?? this.truth;
  }

  /** What was in the namespace that many seconds ago. */
  entriesIn(place: string, secondsAgo: number): readonly ReplicaHost[] {
    return this.#history[Math.max(0, this.#history.length - 1 - secondsAgo)]?.get(place) ?? [];
  }

  tick(): void {
    this.now += 1;
    this.#truths.push(this.truth);
    const all = new Map<string, ReplicaHost[]>();
    const add = (place: string, host: ReplicaHost) => all.set(place, [...(all.get(place) ?? []), host]);
    // The older ones first, or a reader that takes the last would be right by luck.
    for (const entries of this.#entries.values()) for (const [place, host] of entries) add(place, host);
    for (const { host, place, untilSecond } of this.#remainders) if (untilSecond > this.now) add(place, host);
    this.#history.push(all);
  }

  write(writer: string, place: string, host: ReplicaHost): void {
    const entries = this.#entries.get(writer) ?? new Map<string, ReplicaHost>();
    this.#entries.set(writer, entries.set(place, host));
  }

  erase(writer: string, place: string): void {
    this.#entries.get(writer)?.delete(place);
  }

  /** The server that the entries are at ends; those who write it begin anew at another one. */
  leaveRemainders(writer: string): void {
    for (const [place, host] of this.#entries.get(writer) ?? []) {
      this.#remainders.push({ place, host, untilSecond: this.now + remainderSeconds });
    }
  }

  /** Where the instance is wanted. */
  nacosOf(instance: string): string | undefined {
    return this.#connections.get(connectionOf(instance))?.nacos;
  }

  /** It is published where it is wanted. */
  arrived(instance: string): void {
    this.#arrivedAt.set(instance, this.nacosOf(instance));
  }

  hasArrived(instance: string): boolean {
    return this.#arrivedAt.get(instance) === this.nacosOf(instance);
  }

  create(instance: string): void {
    this.bornAt.set(instance, this.now);
    this.diedAt.delete(instance);
    this.#arrivedAt.delete(instance);
    // What names no connection that there is would be nobody's to publish.
    this.connect(connectionOf(instance));
  }

  delete(instance: string): void {
    if (this.bornAt.delete(instance)) this.diedAt.set(instance, this.now);
  }

  connect(name: string): void {
    if (!this.#connections.has(name)) this.#connections.set(name, { nacos: 'k0', namespace: 'n0' });
  }

  /** A connection that something uses is not deleted. */
  disconnect(name: string): void {
    if (![...this.bornAt.keys()].some((instance) => connectionOf(instance) === name)) this.#connections.delete(name);
  }

  move(name: string, nacos: string): void {
    const place = this.#connections.get(name);
    if (place) this.#connections.set(name, { ...place, nacos });
  }
}

/** `c0/a/1`: over the connection `c0`, in the namespace `a`. */
export function connectionOf(instance: string): string {
  return instance.split('/')[0] ?? '';
}

export function namespaceOf(instance: string): string {
  return instance.split('/')[1] ?? '';
}

export function textOf({ nacos, namespace }: Place): string {
  return `${nacos}/${namespace}`;
}

export function nacosOf(place: string): string {
  return place.split('/')[0] ?? '';
}
