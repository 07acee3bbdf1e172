/**
 * The record that replicas compete for, and the lock that keeps it. The fields are those of `coordination.k8s.io/v1`
 * Lease; where the record is stored is the lock's matter.
 */

export interface LeaseRecord {
  /** Empty or absent: nobody holds the lease. */
  holderIdentity?: string;
  /** For how long others must leave the lease alone after its last observed change. */
  leaseDurationSeconds: number;
  /** RFC 3339 with microseconds; for people, never compared with a clock. */
  acquireTime: string;
  renewTime: string;
  /** How often the holder changed. */
  leaseTransitions: number;
  /** Opaque; set by the store and sent back with an update. */
  resourceVersion?: string;
}

export interface LeaseLock {
  /** Undefined when there is no lease yet. */
  get(): Promise<LeaseRecord | undefined>;
  /** Throws KUBE_CONFLICT when the lease exists. */
  create(record: LeaseRecord): Promise<LeaseRecord>;
  /** Throws KUBE_CONFLICT unless the stored record still has `record.resourceVersion`. */
  update(record: LeaseRecord): Promise<LeaseRecord>;
  /** For log lines, e.g. namespace and name. */
  describe(): string;
}
