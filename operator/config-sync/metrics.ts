/**
 * What Prometheus sees of the config synchronisation. Labels are bounded: directions, kinds, policies and condition
 * states; never a dataId, a name or an error text.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Clock } from '../clock.ts';
import type { ConditionTally } from '../kube/condition-tally.ts';
import { ChangeLag, lagBucketsSeconds } from '../runtime/change-lag.ts';
import { workloadKinds, type WorkloadKind } from './rollout/workload-kinds.ts';

type Direction = 'to_nacos' | 'to_kubernetes';

export interface ConfigMetrics {
  lag: Record<Direction, ChangeLag>;
  driftFound(reason: string): void;
  driftRepaired(): void;
  rolledOut(kind: WorkloadKind, result: RolloutOutcome): void;
  inventoryWritten(result: InventoryOutcome): void;
}

type InventoryOutcome = 'written' | 'conflict' | 'failed';

export type RolloutOutcome = 'restarted' | 'failed';

export interface ConfigMetricsOptions {
  registry: Registry;
  prefix: string;
  clock: Clock;
  /** Of the resources. */
  conditions: ConditionTally;
  /** Items of NacosConfigSyncs by their state; only the leader knows them. */
  items: () => Readonly<Record<string, number>>;
}

export function createConfigMetrics({
  registry,
  prefix,
  clock,
  conditions,
  items,
}: ConfigMetricsOptions): ConfigMetrics {
  const registers = [registry];
  const seconds = new Histogram({
    name: `${prefix}sync_lag_seconds`,
    help: 'From a change being seen on one side to its write on the other side being confirmed.',
    labelNames: ['direction'],
    buckets: lagBucketsSeconds,
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
      for (const { count, ...labels } of conditions.counts()) this.set(labels, count);
    },
  });
  const rollouts = new Counter({
    name: `${prefix}rollouts_total`,
    help: 'Restarts of workloads because what is mirrored for them had changed, by kind and result (restarted or failed).',
    labelNames: ['kind', 'result'],
    registers,
  });
  new Gauge({
    name: `${prefix}sync_items`,
    help: 'Items of NacosConfigSyncs by state (synced, pending, conflict, invalid, failing, skipped or taken).',
    labelNames: ['state'],
    registers,
    collect() {
      this.reset();
      for (const [state, count] of Object.entries(items())) this.set({ state }, count);
    },
  });
  const inventory = new Counter({
    name: `${prefix}inventory_writes_total`,
    help: 'Writes of NacosConfigInventories by result (written, conflict or failed).',
    labelNames: ['result'],
    registers,
  });
  const lagOf = (direction: Direction) => new ChangeLag(clock, (lagMs) => seconds.observe({ direction }, lagMs / 1000));
  for (const reason of ['ChangedInNacos', 'RemovedInNacos']) found.inc({ reason }, 0);
  for (const result of ['written', 'conflict', 'failed']) inventory.inc({ result }, 0);
  for (const kind of workloadKinds) rollouts.inc({ kind, result: 'restarted' }, 0);
  return {
    lag: { to_nacos: lagOf('to_nacos'), to_kubernetes: lagOf('to_kubernetes') },
    driftFound: (reason) => found.inc({ reason }),
    driftRepaired: () => repaired.inc(),
    rolledOut: (kind, result) => rollouts.inc({ kind, result }),
    inventoryWritten: (result) => inventory.inc({ result }),
  };
}
