/**
 * The EndpointSlices of a namespace as the API server tells them, with the time of each change: what Nacos must show is
 * computed from them, apart from the operator's own code.
 */
import type { KubeObject } from '../scenarios/backends.ts';
import type { RestKubernetes } from '../scenarios/kubernetes-backend.ts';

const retryMs = 200;

interface Endpoint {
  readonly addresses: readonly string[];
  readonly conditions?: { readonly ready?: boolean; readonly terminating?: boolean };
}

export class SliceWatch {
  readonly #kubernetes: RestKubernetes;
  readonly #path: string;
  readonly #abort = new AbortController();
  readonly #slices = new Map<string, KubeObject>();
  readonly #changedAtMs = new Map<string, number>();
  #changes = 0;

  constructor(kubernetes: RestKubernetes, namespace: string) {
    this.#kubernetes = kubernetes;
    this.#path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?watch=true`;
  }

  start(): void {
    void this.#follow();
  }

  stop(): void {
    this.#abort.abort();
  }

  /** How many changes were seen. */
  get changes(): number {
    return this.#changes;
  }

  /** When a slice of the Service last changed, on the monotonic clock of this process. */
  changedAtMs(service: string): number {
    return this.#changedAtMs.get(service) ?? 0;
  }

  /**
   * What Nacos has to hold for a port of the Service with the mode Healthy: a line for each endpoint, sorted, such as
   * `198.18.0.1:80 healthy`; the other states are `unhealthy` and `disabled`.
   */
  wanted(service: string, portName: string): string[] {
    const own = [...this.#slices.values()].filter((slice) => serviceOf(slice) === service);
    const lines = own.flatMap((slice) => {
      const ports = (slice['ports'] ?? []) as readonly { readonly name?: string; readonly port: number }[];
      const port = ports.find(({ name = '' }) => name === portName)?.port;
      if (port === undefined) return [];
      return ((slice['endpoints'] ?? []) as Endpoint[]).map(({ addresses, conditions = {} }) => {
        const { ready = true, terminating = false } = conditions;
        return `${addresses[0]}:${port} ${terminating ? 'disabled' : ready ? 'healthy' : 'unhealthy'}`;
      });
    });
    return lines.sort();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#abort;
    while (!signal.aborted) {
      // A watch without a resourceVersion begins with all objects that there are, and does not tell what went meanwhile.
      this.#slices.clear();
      await this.#kubernetes.readLines(this.#path, signal, (line) => this.#take(line)).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
    }
  }

  #take(line: string): void {
    const { type, object } = JSON.parse(line) as { type: string; object: KubeObject };
    if (type === 'DELETED') this.#slices.delete(object.metadata.name);
    else this.#slices.set(object.metadata.name, object);
    this.#changes += 1;
    this.#changedAtMs.set(serviceOf(object), performance.now());
  }
}

function serviceOf({ metadata }: KubeObject): string {
  const labels = metadata['labels'] as Readonly<Record<string, string>> | undefined;
  return labels?.['kubernetes.io/service-name'] ?? '';
}
