/**
 * The endpoints that a Service has in its pods, in groups of equal ports: pods may give different numbers to one named port.
 * A pure function.
 *
 * Source: k8s.io/endpointslice/reconciler.go and utils.go
 */
import { isReady, isTerminal, isTerminating } from './pod-state.ts';
import type { Endpoint, EndpointPort, Pod, Service, ServicePort } from './shapes.ts';

export interface EndpointGroup {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

/** `zoneOf` tells the zone of a node, where it has one. */
export function endpointGroups(
  service: Service,
  pods: readonly Pod[],
  zoneOf: (nodeName: string) => string | undefined,
): EndpointGroup[] {
  const groups = new Map<string, { ports: EndpointPort[]; endpoints: Endpoint[] }>();
  for (const pod of pods) {
    const podIP = pod.status?.podIP;
    if (!podIP || isTerminal(pod)) continue;
    const ports = portsOf(service, pod);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, endpoints: [] };
    group.endpoints.push(endpointOf(service, pod, podIP, zoneOf));
    groups.set(key, group);
  }
  return [...groups.values()];
}

export function portsKey(ports: readonly EndpointPort[] | null | undefined): string {
  const texts = (ports ?? []).map(({ name, port, protocol, appProtocol = '' }) =>
    JSON.stringify([name, port, protocol, appProtocol]),
  );
  return texts.sort().join();
}

function portsOf(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap((servicePort) => {
    const { name = '', protocol = 'TCP', appProtocol } = servicePort;
    const port = targetOf(servicePort, pod);
    return port === undefined ? [] : [{ name, port, protocol, ...(appProtocol ? { appProtocol } : {}) }];
  });
}

/** A port by name is that of the container that has one of this name and protocol. */
function targetOf({ port, targetPort = port, protocol = 'TCP' }: ServicePort, { spec }: Pod): number | undefined {
  if (typeof targetPort === 'number') return targetPort === 0 ? port : targetPort;
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const ports = [...spec.containers, ...sidecars].flatMap(({ ports = [] }) => ports);
  return ports.find((port) => port.name === targetPort && (port.protocol ?? 'TCP') === protocol)?.containerPort;
}

function endpointOf(
  service: Service,
  pod: Pod,
  podIP: string,
  zoneOf: (nodeName: string) => string | undefined,
): Endpoint {
  const { namespace = '', name, uid = '' } = pod.metadata;
  const { nodeName, hostname, subdomain } = pod.spec;
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const zone = nodeName ? zoneOf(nodeName) : undefined;
  return {
    addresses: [podIP],
    conditions: { ready, serving, terminating },
    ...(hostname && subdomain === service.metadata.name ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(zone ? { zone } : {}),
  };
}
