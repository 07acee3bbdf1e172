/**
 * Services whose EndpointSlices the test writes by hand, published by one NacosService: the cheapest way to many of them,
 * and the test knows to the millisecond what is wanted since when.
 */
import type { RestKubernetes } from '../../scenarios/kubernetes-backend.ts';

const label = 'replicas.test/published';
const port = 8080;

export interface Endpoint {
  readonly address: string;
  /** @default true */
  readonly isReady?: boolean;
}

export class PublishedServices {
  /** Of the namespace, and of the group in Nacos. */
  readonly group: string;
  readonly #kubernetes: RestKubernetes;
  readonly #endpoints = new Map<string, readonly Endpoint[]>();

  private constructor(kubernetes: RestKubernetes, group: string) {
    this.group = group;
    this.#kubernetes = kubernetes;
  }

  /** As many services as asked for, each with as many endpoints. */
  static async create(
    kubernetes: RestKubernetes,
    services: number,
    endpoints: number,
    group = 'published',
  ): Promise<PublishedServices> {
    const published = new PublishedServices(kubernetes, group);
    await published.#apply('v1', 'Namespace', published.group, {});
    const source = { serviceSelector: { matchExpressions: [{ key: label, operator: 'Exists' }] } };
    await published.#apply('bridge.nacos.io/v1alpha1', 'NacosService', 'all', {
      spec: { group: published.group, source },
    });
    const adding = Array.from({ length: services }, async (_, service) => {
      const addresses = Array.from({ length: endpoints }, (_, index) => ({ address: `10.20.${service}.${index + 1}` }));
      await published.add(`service-${service}`, addresses);
    });
    await Promise.all(adding);
    return published;
  }

  get names(): readonly string[] {
    return [...this.#endpoints.keys()].toSorted();
  }

  async add(service: string, endpoints: readonly Endpoint[]): Promise<void> {
    await this.write(service, endpoints);
    await this.#addService(service, { ports: [{ name: 'http', port }] });
  }

  /** A Service with a selector, whose slices Kubernetes makes; not among `names`. */
  async addSelecting(service: string, selector: Readonly<Record<string, string>>): Promise<void> {
    await this.#addService(service, { selector, ports: [{ name: 'http', port }] });
  }

  /** Resolves when the API server has it. */
  async write(service: string, endpoints: readonly Endpoint[]): Promise<void> {
    this.#endpoints.set(service, endpoints);
    const labels = { 'kubernetes.io/service-name': service, 'endpointslice.kubernetes.io/managed-by': 'test' };
    await this.#apply('discovery.k8s.io/v1', 'EndpointSlice', service, {
      metadata: { labels },
      addressType: 'IPv4',
      ports: [{ name: 'http', port, protocol: 'TCP' }],
      endpoints: endpoints.map(({ address, isReady = true }) => ({
        addresses: [address],
        conditions: { ready: isReady },
      })),
    });
  }

  endpoints(service: string): readonly Endpoint[] {
    return this.#endpoints.get(service) ?? [];
  }

  /** What clients of Nacos must see: `IP:PORT`, sorted, by service. */
  wanted(): Map<string, string[]> {
    return new Map(this.names.map((service) => [service, this.endpoints(service).map(hostOf).toSorted()]));
  }

  async #addService(name: string, spec: object): Promise<void> {
    await this.#apply('v1', 'Service', name, { metadata: { labels: { [label]: 'true' } }, spec });
  }

  async #apply(apiVersion: string, kind: string, name: string, body: Record<string, unknown>): Promise<void> {
    const namespace = kind === 'Namespace' ? {} : { namespace: this.group };
    const metadata = { name, ...namespace, ...(body['metadata'] as object | undefined) };
    await this.#kubernetes.apply({ ...body, apiVersion, kind, metadata });
  }
}

export function hostOf({ address }: Endpoint): string {
  return `${address}:${port}`;
}
