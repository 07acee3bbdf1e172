/**
 * The node of the small kubelet: Ready, and with a Lease that is renewed, without which the cluster's own controllers would
 * take its pods for lost after a minute and evict them after five more.
 */
import type { KubeClient } from '../../operator/kube/client.ts';
import type { KubeRequest } from '../../operator/kube/client.ts';

const leaseNamespace = 'kube-node-lease';
const leaseDurationSeconds = 40;
const renewMs = 5_000;
const apply = { method: 'PATCH', contentType: 'application/apply-patch+yaml' } as const;
const query = { fieldManager: 'kubelet', force: true };

export class KubeletNode {
  readonly #client: KubeClient;
  readonly #name: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(client: KubeClient, name: string) {
    this.#client = client;
    this.#name = name;
  }

  async start(): Promise<void> {
    await this.#send({ ...apply, path: this.#path, query, body: this.#node });
    await this.#renew();
    // A renewal that fails is made good by the next one.
    this.#timer = setInterval(() => void this.#renew().catch(() => {}), renewMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get #path(): string {
    return `/api/v1/nodes/${this.#name}`;
  }

  get #node(): object {
    const metadata = { name: this.#name, labels: { 'kubernetes.io/hostname': this.#name } };
    return { apiVersion: 'v1', kind: 'Node', metadata };
  }

  /** The status too: after an outage of the API server the controllers may have called the node unknown. */
  async #renew(): Promise<void> {
    const status = { ...this.#node, status: readyStatus() };
    await this.#send({ ...apply, path: `${this.#path}/status`, query, body: status });
    const path = `/apis/coordination.k8s.io/v1/namespaces/${leaseNamespace}/leases/${this.#name}`;
    const renewTime = new Date().toISOString().replace('Z', '000Z');
    const body = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: this.#name, namespace: leaseNamespace },
      spec: { holderIdentity: this.#name, leaseDurationSeconds, renewTime },
    };
    await this.#send({ ...apply, path, query, body });
  }

  async #send(request: KubeRequest): Promise<void> {
    await this.#client.request(request);
  }
}

function readyStatus(): object {
  const [now, reason, message] = [new Date().toISOString(), 'KubeletReady', 'the kubelet runs'];
  const times = { lastHeartbeatTime: now, lastTransitionTime: now };
  return { conditions: [{ type: 'Ready', status: 'True', reason, message, ...times }] };
}
