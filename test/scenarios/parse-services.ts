/** Reads the parts of scenario files that are about services and their endpoints; the format is described in scenario.ts. */
import { Reader } from './reader.ts';
import type { InstanceExpectation, Manifest, Place, ServiceTarget } from './scenario.ts';

/** A manifest with a label that says that no controller of Kubernetes manages it. */
export function endpointSlice(body: Reader): Manifest {
  const service = body.text('service');
  const ports = body.object('ports');
  const endpoints = body.list('of').map((item) => {
    const where = `${body.where}, of`;
    return typeof item === 'string' ? { addresses: [item] } : new Reader(item, where).whole(endpoint);
  });
  const isIpv6 = endpoints.some(({ addresses }) => addresses.some((address) => address.includes(':')));
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: body.optionalText('slice') ?? service,
      labels: { 'kubernetes.io/service-name': service, 'endpointslice.kubernetes.io/managed-by': 'scenario' },
    },
    addressType: isIpv6 ? 'IPv6' : 'IPv4',
    ports: ports.keys().map((name) => ({ name, port: ports.number(name), protocol: 'TCP' })),
    endpoints,
  };
}

interface Endpoint {
  readonly addresses: readonly string[];
  readonly [field: string]: unknown;
}

function endpoint(body: Reader): Endpoint {
  const pod = body.optionalText('pod');
  const flags = ['ready', 'serving', 'terminating'].filter((name) => body.has(name));
  return {
    addresses: [body.text('address')],
    conditions: Object.fromEntries(flags.map((name) => [name, body.flag(name)])),
    ...(body.has('zone') ? { zone: body.text('zone') } : {}),
    ...(pod === undefined ? {} : { targetRef: { kind: 'Pod', name: pod } }),
  };
}

export function serviceTarget(body: Reader): ServiceTarget {
  return {
    serviceName: body.text('service'),
    group: body.optionalText('group') ?? 'DEFAULT_GROUP',
    namespaceId: body.optionalText('namespaceId') ?? '',
  };
}

/** Absent is none. */
export function instanceExpectations(body: Reader, key: string): InstanceExpectation[] {
  if (!body.has(key)) return [];
  return body.list(key).map((item) => {
    const where = `${body.where}, ${key}`;
    if (typeof item === 'string') return { at: place(item, where), like: {} };
    return new Reader(item, where).whole((one) => ({ at: place(one.text('at'), where), like: one.any('like') }));
  });
}

/** IP:PORT, or [IP]:PORT for an IPv6. */
export function place(text: string, where: string): Place {
  const { ip4, ip6, port } = /^(?:(?<ip4>[\d.]+)|\[(?<ip6>[\da-f:.]+)\]):(?<port>\d+)$/.exec(text)?.groups ?? {};
  const ip = ip4 ?? ip6;
  if (ip === undefined) throw new Error(`${where}: "${text}" must be IP:PORT`);
  return { ip, port: Number(port) };
}
