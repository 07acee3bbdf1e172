/** Services, slices and resources for tests, each with small changes to a plain one. */
import type { NacosService } from '../../operator/api/resources.ts';
import type { Endpoint, EndpointSlice } from '../../operator/service-sync/endpoint-slices.ts';
import type { Service, ServicePort } from '../../operator/service-sync/service-export.ts';

type Spec = NacosService['spec'];

export function service(
  changes: Partial<Service['metadata']> & { ports?: ServicePort[] } = {},
  spec: Service['spec'] = {},
): Service {
  const { ports = [{ name: 'http', port: 80 }], ...metadata } = changes;
  return { metadata: { name: 'orders', namespace: 'shop', ...metadata }, spec: { ports, ...spec } };
}

export function endpoint(ip: string, changes: Partial<Endpoint> = {}): Endpoint {
  return { addresses: [ip], conditions: { ready: true, serving: true, terminating: false }, ...changes };
}

export function slice(endpoints: Endpoint[], changes: Partial<EndpointSlice> = {}, name = 'orders-abc'): EndpointSlice {
  return {
    metadata: { name, namespace: 'shop', labels: { 'kubernetes.io/service-name': 'orders' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080 }],
    endpoints,
    ...changes,
  };
}

export function nacosService(spec: Partial<Spec> = {}, metadata: Partial<NacosService['metadata']> = {}): NacosService {
  return {
    metadata: { name: 'export', namespace: 'shop', generation: 1, ...metadata },
    spec: {
      group: 'DEFAULT_GROUP',
      source: { serviceRef: { name: 'orders' } },
      serviceName: '{service}',
      readiness: 'Healthy',
      weight: 1,
      podAnnotations: 'Ignore',
      selfRegistered: 'Report',
      ...spec,
    },
  };
}
