/** Counts what one user asked a real API server to do, by its audit log. */
import type { OperationCounts } from '../acceptance/operations.ts';
import type { OperationWitness } from '../acceptance/world.ts';
import type { KubernetesServer } from '../testbed/kubernetes.ts';

export class AuditWitness implements OperationWitness {
  readonly #kubernetes: KubernetesServer;
  readonly #username: string;
  /** Events of before the last reset. */
  #seen = 0;

  constructor(kubernetes: KubernetesServer, username: string) {
    this.#kubernetes = kubernetes;
    this.#username = username;
  }

  async counts(): Promise<OperationCounts> {
    const counts: Record<string, number> = {};
    for (const { objectRef, user, verb } of (await this.#kubernetes.auditEvents()).slice(this.#seen)) {
      if (user.username !== this.#username || objectRef?.resource === undefined) continue;
      const { resource, subresource } = objectRef;
      const operation = `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
      counts[operation] = (counts[operation] ?? 0) + 1;
    }
    return counts;
  }

  async reset(): Promise<void> {
    this.#seen = (await this.#kubernetes.auditEvents()).length;
  }
}
