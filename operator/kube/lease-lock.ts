/**
 * The record of a leader election in a `coordination.k8s.io/v1` Lease. Only candidates write it, so it is replaced as a
 * whole, with the resourceVersion as precondition: of two that write at once, one gets KUBE_CONFLICT.
 */
import type { LeaseLock, LeaseRecord } from '../runtime/lease.ts';
import type { KubeClient } from './client.ts';
import { type Lease, leaseResource } from './lease.ts';
import { ResourceClient } from './resource-client.ts';
import type { KubeObject } from './resource.ts';

export interface KubeLeaseLockOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  readonly fieldManager: string;
}

export class KubeLeaseLock implements LeaseLock {
  readonly #options: KubeLeaseLockOptions;
  readonly #leases: ResourceClient<Lease>;
  /** Labels and annotations that somebody put on the Lease stay on it. */
  #metadata: KubeObject['metadata'] | undefined;

  constructor(options: KubeLeaseLockOptions) {
    this.#options = options;
    this.#leases = new ResourceClient<Lease>(options.client, leaseResource);
  }

  async get(): Promise<LeaseRecord | undefined> {
    const lease = await this.#leases.get(this.#options.name, this.#options.namespace);
    return lease && this.#remember(lease);
  }

  async create(record: LeaseRecord): Promise<LeaseRecord> {
    const { name, namespace, fieldManager } = this.#options;
    const lease = { metadata: { name, namespace }, spec: specOf(record) };
    return this.#remember(await this.#leases.create(lease, { fieldManager }));
  }

  async update(record: LeaseRecord): Promise<LeaseRecord> {
    const { name, namespace, fieldManager } = this.#options;
    const { labels, annotations, ownerReferences, finalizers } = this.#metadata ?? {};
    const { resourceVersion } = record;
    const metadata = { name, namespace, resourceVersion, labels, annotations, ownerReferences, finalizers };
    return this.#remember(await this.#leases.replace({ metadata, spec: specOf(record) }, { fieldManager }));
  }

  describe(): string {
    return `${this.#options.namespace}/${this.#options.name}`;
  }

  #remember(lease: Lease): LeaseRecord {
    this.#metadata = lease.metadata;
    const { spec = {}, metadata } = lease;
    return {
      holderIdentity: spec.holderIdentity,
      leaseDurationSeconds: spec.leaseDurationSeconds ?? 0,
      acquireTime: spec.acquireTime ?? '',
      renewTime: spec.renewTime ?? '',
      leaseTransitions: spec.leaseTransitions ?? 0,
      resourceVersion: metadata.resourceVersion,
    };
  }
}

/** Nobody holding it is told by absence: the API server may refuse empty strings. */
function specOf({ resourceVersion: _, ...record }: LeaseRecord): Lease['spec'] {
  return {
    ...record,
    holderIdentity: record.holderIdentity || undefined,
    acquireTime: record.acquireTime || undefined,
    renewTime: record.renewTime || undefined,
  };
}
