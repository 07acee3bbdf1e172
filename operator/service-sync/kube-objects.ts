/** The parts of Services, EndpointSlices and Pods that are read here, as the API serves them. */
import type { KubeObject, ResourceRef } from '../kube/resource.ts';

export interface ServicePort {
  /** May be left out when there is one port only. */
  name?: string;
  port: number;
}

export type Service = KubeObject & { spec?: { ports?: ServicePort[] } };

export interface Endpoint {
  addresses: string[];
  /** Absent ones: ready is to be taken for true, serving for ready, terminating for false. */
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
  zone?: string;
  targetRef?: { kind?: string; name?: string };
}

export type EndpointSlice = KubeObject & {
  addressType: 'IPv4' | 'IPv6' | 'FQDN';
  ports?: { name?: string; port?: number }[] | null;
  endpoints?: Endpoint[] | null;
};

/** The label by which a slice names its Service. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

export const SERVICE: ResourceRef = { group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true };

export const POD: ResourceRef = { group: '', version: 'v1', plural: 'pods', kind: 'Pod', namespaced: true };

export const ENDPOINT_SLICE: ResourceRef = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};
