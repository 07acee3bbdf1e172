/** Services for the benchmarks: without pods, with EndpointSlices that no controller touches. */
import type { KubeObject } from '../scenarios/backends.ts';
import type { RestKubernetes } from '../scenarios/kubernetes-backend.ts';
import { apiVersion, createNamespace, forEach } from './bench-world.ts';
import type { BareInstance } from './bare-nacos.ts';

const port = 8080;
export const endpointsPerService = 10;

/** A namespace whose name is also the group in Nacos, all of whose Services one NacosService publishes. */
export async function createServiceNamespace(kubernetes: RestKubernetes, namespace: string): Promise<void> {
  await createNamespace(kubernetes, namespace);
  const source = { serviceSelector: { matchLabels: { bench: namespace } } };
  const metadata = { name: 'all', namespace };
  await kubernetes.apply({ apiVersion, kind: 'NacosService', metadata, spec: { group: namespace, source } });
}

/** Services number `from` to before `to`, each with its endpoints. */
export async function createServices(
  kubernetes: RestKubernetes,
  namespace: string,
  from: number,
  to: number,
): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, index) => from + index);
  await forEach(numbers, async (number) => {
    const metadata = { name: serviceName(number), namespace, labels: { bench: namespace } };
    const spec = { clusterIP: 'None', ports: [{ name: 'http', port }] };
    await kubernetes.apply(sliceOf(namespace, number, 0));
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Service', metadata, spec });
  });
}

export function serviceName(number: number): string {
  return `service-${number}`;
}

/** The slice of a service; in each `version` another endpoint takes the place of the first. */
export function sliceOf(namespace: string, number: number, version: number): KubeObject {
  const name = serviceName(number);
  const labels = { 'kubernetes.io/service-name': name, 'endpointslice.kubernetes.io/managed-by': 'bench' };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name, namespace, labels },
    addressType: 'IPv4',
    ports: [{ name: 'http', port, protocol: 'TCP' }],
    endpoints: placesOf(number, version).map(({ ip }) => ({ addresses: [ip], conditions: { ready: true } })),
  };
}

/** Where the endpoints of a version listen; the first is of this version alone. */
export function placesOf(number: number, version: number): BareInstance[] {
  const rest = Array.from({ length: endpointsPerService - 1 }, (_, index) => ({
    ip: `10.${number >> 8}.${number & 255}.${index + 1}`,
    port,
  }));
  return [{ ip: `172.${16 + (version >> 16)}.${(version >> 8) & 255}.${version & 255}`, port }, ...rest];
}
