/**
 * What Prometheus sees of the config synchronisation. Labels are bounded: directions, kinds, policies and condition
 * states; never a dataId, a name or an error text.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { NacosConfig } from '../api/resources.ts';
import type { Clock } from '../clock.ts';

export type Direction = 'to_nacos' | 'to_kubernetes';

export interface ConfigMetrics {
  lag: SyncLag;
  driftFound(reason: string): void;
  driftRepaired(): void;
}

export interface ConfigMetricsOptions {
  registry: Registry;
  prefix: string;
  clock: Clock;
  /** The resources of now, asked for at each scrape. */
  resources: () => readonly NacosConfig[];
}

export function createConfigMetrics({ registry, prefix, clock, resources }: ConfigMetricsOptions): ConfigMetrics {
  const registers = [registry];
  const seconds = new Histogram({
    name: `${prefix}sync_lag_seconds`,
    help: 'From a change being seen on one side to its write on the other side being confirmed.',
    labelNames: ['direction'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
    registers,
  });
  const found = new Counter({
    name: `${prefix}drift_found_total`,
    help: 'Edits in Nacos of what is declared in Kubernetes.',
    labelNames: ['reason'],
    registers,
  });
  const repaired = new Counter({
    name: `${prefix}drift_repaired_total`,
    help: 'Edits in Nacos that were put back.',
    registers,
  });
  new Gauge({
    name: `${prefix}managed_objects`,
    help: 'Resources by kind, condition and its status.',
    labelNames: ['kind', 'condition', 'status'],
    registers,
    collect() {
      this.reset();
      for (const resource of resources()) {
        for (const { type, status } of resource.status?.conditions ?? []) {
          this.inc({ kind: 'NacosConfig', condition: type, status });
        }
      }
    },
  });
  for (const reason of ['ChangedInNacos', 'RemovedInNacos']) found.inc({ reason }, 0);
  return {
    lag: new SyncLag(clock, (direction, lagMs) => seconds.observe({ direction }, lagMs / 1000)),
    driftFound: (reason) => found.inc({ reason }),
    driftRepaired: () => repaired.inc(),
  };
}

/** Measures from the first unsettled change of an object to the write that settles it. */
export class SyncLag {
  readonly #clock: Clock;
  readonly #observe: (direction: Direction, lagMs: number) => void;
  readonly #seenMs = { to_nacos: new Map<string, number>(), to_kubernetes: new Map<string, number>() };

  constructor(clock: Clock, observe: (direction: Direction, lagMs: number) => void) {
    this.#clock = clock;
    this.#observe = observe;
  }

  /** A change of the object was seen; an earlier one that is not settled yet counts on. */
  seen(direction: Direction, key: string): void {
    const seenMs = this.#seenMs[direction];
    if (!seenMs.has(key)) seenMs.set(key, this.#clock.monotonic());
  }

  /** Both sides agree now; `wrote` when it took a write, which is what is measured. */
  settled(direction: Direction, key: string, wrote: boolean): void {
    const seenMs = this.#seenMs[direction].get(key);
    this.#seenMs[direction].delete(key);
    if (wrote && seenMs !== undefined) this.#observe(direction, this.#clock.monotonic() - seenMs);
  }

  forget(key: string): void {
    this.#seenMs.to_nacos.delete(key);
    this.#seenMs.to_kubernetes.delete(key);
  }
}
