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
  /** Other installations of this cluster that publish what is in our namespaces. */
  readonly rivals: number;
  /** Resources that this replica does not see, while it is blind. */
  readonly blindness: readonly string[];
}

export function createReplicaMetrics(registry: Registry, prefix: string, facts: () => ReplicaFacts): ReplicaMetrics {
  const registers = [registry];
  new Gauge({
    name: `${prefix}replica_state`,
    help: 'Connections that this replica publishes over, by what it is there: sighted, blind (it does not see the API server, or not all that it publishes from) or relieved (blind, and another replica publishes in its place).',
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
    name: `${prefix}replica_blind`,
    help: 'Resources of the API server that this replica has not seen for the lease duration: it is blind while there are any.',
    labelNames: ['resource'],
    registers,
    collect() {
      this.reset();
      for (const resource of facts().blindness) this.set({ resource }, 1);
    },
  });
  new Gauge({
    name: `${prefix}replica_installations_overlapping`,
    help: 'Other installations in this cluster that publish Services of the same namespaces at the same Nacos.',
    registers,
    collect() {
      this.set(facts().rivals);
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
