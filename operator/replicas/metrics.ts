/** What is counted of replicas and their relief; no label names a replica. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { ReplicaState } from './relief.ts';

export interface ReplicaMetrics {
  /** This replica relieves another one. */
  gave(): void;
  /** This replica was relieved. */
  took(): void;
}

export interface ReplicaFacts {
  /** One for each Nacos namespace that replicas meet in. */
  readonly states: readonly ReplicaState['kind'][];
  readonly refused: number;
}

export function createReplicaMetrics(registry: Registry, prefix: string, facts: () => ReplicaFacts): ReplicaMetrics {
  const registers = [registry];
  new Gauge({
    name: `${prefix}replica_state`,
    help: 'Connections that this replica publishes over, by what it is there: sighted, blind (it has lost the API server) or relieved (blind, and another replica publishes in its place).',
    labelNames: ['state'],
    registers,
    collect() {
      const { states } = facts();
      for (const state of ['sighted', 'blind', 'relieved']) {
        this.set({ state }, states.filter((kind) => kind === state).length);
      }
    },
  });
  new Gauge({
    name: `${prefix}replica_entries_refused`,
    help: 'Connections over which Nacos refuses the entry of this replica: blind replicas are not relieved there.',
    registers,
    collect() {
      this.set(facts().refused);
    },
  });
  const reliefs = new Counter({
    name: `${prefix}replica_reliefs_total`,
    help: 'Reliefs of replicas that had lost the API server, by whether this replica gave or took it.',
    labelNames: ['role'],
    registers,
  });
  for (const role of ['gave', 'took']) reliefs.inc({ role }, 0);
  return { gave: () => reliefs.inc({ role: 'gave' }), took: () => reliefs.inc({ role: 'took' }) };
}
