/**
 * What makes several replicas one: the Lease of this one, the relief, and the look at the Leases of the others, put
 * together.
 */
import type { Registry } from 'prom-client';
import { MANAGED_BY, MANAGED_BY_LABEL, PUBLICATION_FORMAT_ANNOTATION } from '../api/names.ts';
import type { Clock } from '../clock.ts';
import type { Verdict } from '../kube/conditions.ts';
import type { KubeClient } from '../kube/client.ts';
import { type Lease, leaseResource } from '../kube/lease.ts';
import { ResourceClient } from '../kube/resource-client.ts';
import type { Logger } from '../logger.ts';
import type { ConnectionKey } from '../connections/connection-key.ts';
import type { Runnable } from '../runtime/runnable.ts';
import { LeaseCensus, warnOfNewerFormats } from './lease-census.ts';
import { leaseNameOf } from './lease-name.ts';
import { createReplicaMetrics } from './metrics.ts';
import { ReplicaLease } from './replica-lease.ts';
import { Replicas, type ReplicasOptions } from './replicas.ts';

export interface ReplicationOptions extends Omit<ReplicasOptions, 'lease' | 'metrics'> {
  /** Used for nothing but the Lease of this replica. */
  leaseKube: KubeClient;
  kube: KubeClient;
  namespace: string;
  podUid: string | undefined;
  /** Of what this version publishes. */
  publicationFormat: number;
  /** Field manager, and prefix of the names of Leases. */
  fieldManager: string;
  registry: Registry;
  metricsPrefix: string;
  clock: Clock;
  log: Logger;
}

export class Replication {
  /** To be started before anything is published, and stopped after. */
  readonly lease: Runnable;
  readonly #lease: ReplicaLease;
  readonly #replicas: Replicas;
  readonly #options: ReplicationOptions;

  constructor(options: ReplicationOptions) {
    const { clock, fieldManager, identity, leaseKube, log, metricsPrefix, namespace, podUid, registry } = options;
    this.#options = options;
    const lease = new ReplicaLease({
      leases: new ResourceClient<Lease>(leaseKube, leaseResource),
      namespace,
      name: leaseNameOf(fieldManager, identity),
      identity,
      podUid,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
      annotations: { [PUBLICATION_FORMAT_ANNOTATION]: String(options.publicationFormat) },
      fieldManager,
      clock,
      log,
    });
    this.#lease = lease;
    const metrics = createReplicaMetrics(registry, metricsPrefix, () => this.#replicas.facts);
    this.#replicas = new Replicas({ ...options, lease, metrics });
    this.lease = {
      name: lease.name,
      start: () => {
        lease.start();
        void warnOfNewerFormats(this.#census, options.publicationFormat);
      },
      stop: () => lease.stop(),
    };
  }

  /** To be started after the publisher, and stopped before it. */
  get relief(): Runnable {
    return this.#replicas;
  }

  /** Whether there is no use in asking the API server now. */
  get isUnreachable(): boolean {
    return this.#lease.isUnreachable;
  }

  verdictOf(connection: ConnectionKey): Verdict | undefined {
    return this.#replicas.verdictOf(connection);
  }

  /** The leader's part, for one term. */
  newCensus(): Runnable {
    return new LeaseCensus(this.#census);
  }

  get #census() {
    const { clock, kube, log, namespace } = this.#options;
    return { leases: new ResourceClient<Lease>(kube, leaseResource), namespace, clock, log };
  }
}
