/**
 * EndpointSlices, as far as they are read here, and the members of one port of a Service that all its slices make.
 *
 * Pure. While slices are rearranged an address may stand in two of them: the more useful state counts. The order is by
 * address and port, so that it does not depend on the order of slices or endpoints.
 */
import type { KubeObject, ResourceRef } from '../kube/resource.ts';

export const ENDPOINT_SLICE: ResourceRef = {
  group: 'discovery.k8s.io',
  version: 'v1',
  plural: 'endpointslices',
  kind: 'EndpointSlice',
  namespaced: true,
};

/** The label by which a slice names its Service. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name';

export interface Endpoint {
  addresses: string[];
  /** Absent ones: ready is to be taken for true, serving for ready, terminating for false. */
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean };
  zone?: string;
  targetRef?: { kind?: string; name?: string };
}

export type EndpointSlice = KubeObject & {
  addressType: 'IPv4' | 'IPv6' | 'FQDN';
  ports?: { name?: string | null; port?: number | null }[] | null;
  endpoints?: Endpoint[] | null;
};

export interface Member {
  ip: string;
  port: number;
  isReady: boolean;
  isTerminating: boolean;
  zone: string | undefined;
  /** The pod behind it, if it is one. */
  podName: string | undefined;
}

/** Of slices with addresses, not host names. `portName` as in the slices; '' for a port without a name. */
export function membersOf(slices: readonly EndpointSlice[], portName: string): Member[] {
  const found = new Map<string, Member>();
  for (const slice of slices) {
    const port = slice.ports?.find(({ name }) => (name ?? '') === portName)?.port;
    if (port === undefined || port === null) continue;
    for (const member of (slice.endpoints ?? []).flatMap((endpoint) => memberOf(endpoint, port))) {
      const key = `${member.ip} ${member.port}`;
      const other = found.get(key);
      if (other === undefined || isPreferred(member, other)) found.set(key, member);
    }
  }
  return [...found.values()].toSorted(byAddress);
}

/** Names of the pods that a slice has endpoints of. */
export function podsOf({ endpoints }: EndpointSlice): string[] {
  return (endpoints ?? []).flatMap(({ targetRef }) => podOf(targetRef) ?? []);
}

/** The addresses of an endpoint are interchangeable; consumers use the first (EndpointSlice API). */
function memberOf({ addresses, conditions = {}, zone, targetRef }: Endpoint, port: number): Member[] {
  const [ip] = addresses;
  if (ip === undefined) return [];
  const { ready = true, terminating = false } = conditions;
  return [{ ip, port, isReady: ready, isTerminating: terminating, zone, podName: podOf(targetRef) }];
}

function podOf(target: Endpoint['targetRef']): string | undefined {
  return target?.kind === 'Pod' ? target.name : undefined;
}

/** A total order on all that can differ, so that the choice is the same whatever comes first. */
function isPreferred(a: Member, b: Member): boolean {
  return rank(a) < rank(b);
}

function rank({ isTerminating, isReady, zone = '', podName = '' }: Member): string {
  return [isTerminating ? 1 : 0, isReady ? 0 : 1, zone, podName].join(' ');
}

function byAddress(a: Member, b: Member): number {
  if (a.ip !== b.ip) return a.ip < b.ip ? -1 : 1;
  return a.port - b.port;
}
