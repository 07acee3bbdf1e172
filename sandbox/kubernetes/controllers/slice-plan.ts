/**
 * The endpoints that a Service has in its pods, and which EndpointSlices are to be written so that they hold them: at most
 * 100 endpoints each, in groups of equal ports, since pods may give different numbers to one named port. What stays in its
 * slice stays; what is new fills slices that have room; a slice that is empty goes, except for one that says that there is
 * nothing. Pure functions.
 *
 * Source: k8s.io/endpointslice/reconciler.go and utils.go
 */
import { isReady, isTerminal, isTerminating } from './pod-status.ts';
import type { Endpoint, EndpointPort, EndpointSlice, Pod, Service, ServicePort } from './shapes.ts';

const mostEndpoints = 100;

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
  const reachable = pods.filter((pod) => pod.status?.podIP && !isTerminal(pod));
  const groups = Map.groupBy(reachable, (pod) => portsKey(portsOf(service, pod)));
  return [...groups.values()].map((ofGroup) => ({
    ports: portsOf(service, ofGroup[0]!),
    endpoints: ofGroup.map((pod) => endpointOf(service, pod, zoneOf)),
  }));
}

function portsKey(ports: readonly EndpointPort[] | null | undefined): string {
  return JSON.stringify((ports ?? []).map(({ name, port, protocol }) => [name, port, protocol]));
}

function portsOf({ spec }: Service, pod: Pod): EndpointPort[] {
  return (spec?.ports ?? []).flatMap((servicePort) => {
    const { name = '', protocol = 'TCP', appProtocol } = servicePort;
    const port = targetOf(servicePort, pod);
    return port === undefined ? [] : [{ name, port, protocol, ...(appProtocol ? { appProtocol } : {}) }];
  });
}

/** A port by name is that of the container that has one of this name and protocol. */
function targetOf({ port, targetPort, protocol = 'TCP' }: ServicePort, { spec }: Pod): number | undefined {
  if (typeof targetPort !== 'string') return targetPort || port;
  const ports = spec.containers.flatMap(({ ports = [] }) => ports);
  return ports.find((port) => port.name === targetPort && (port.protocol ?? 'TCP') === protocol)?.containerPort;
}

function endpointOf(service: Service, pod: Pod, zoneOf: (nodeName: string) => string | undefined): Endpoint {
  const { namespace = '', name, uid = '' } = pod.metadata;
  const { nodeName } = pod.spec;
  const serving = isReady(pod);
  const terminating = isTerminating(pod);
  const ready = service.spec?.publishNotReadyAddresses === true || (serving && !terminating);
  const zone = nodeName ? zoneOf(nodeName) : undefined;
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: { ready, serving, terminating },
    ...(nodeName ? { nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(zone ? { zone } : {}),
  };
}

export interface SlicePlan {
  readonly create: EndpointGroup[];
  /** What is in each slice that stays; whether that is a change is for the writer to see. */
  readonly keep: (EndpointGroup & { readonly slice: EndpointSlice })[];
  readonly remove: EndpointSlice[];
}

export function planSlices(existing: readonly EndpointSlice[], groups: readonly EndpointGroup[]): SlicePlan {
  const plan: SlicePlan = { create: [], keep: [], remove: [] };
  const unused = new Set(existing);
  for (const group of groups) {
    const slices = existing.filter((slice) => portsKey(slice.ports) === portsKey(group.ports));
    for (const slice of slices) unused.delete(slice);
    planGroup(plan, group, slices);
  }
  plan.remove.push(...unused);
  // A slice that goes and one that comes are one that changes.
  while (plan.create.length > 0 && plan.remove.length > 0) {
    plan.keep.push({ ...plan.create.shift()!, slice: plan.remove.shift()! });
  }
  if (plan.keep.length + plan.create.length > 0) return plan;
  const nothing: EndpointGroup = { ports: [], endpoints: [] };
  const slice = plan.remove.shift();
  if (slice) plan.keep.push({ ...nothing, slice });
  else plan.create.push(nothing);
  return plan;
}

function planGroup(plan: SlicePlan, { ports, endpoints }: EndpointGroup, slices: readonly EndpointSlice[]): void {
  const missing = new Map(endpoints.map((endpoint) => [identityOf(endpoint), endpoint]));
  const filled = slices.map((slice) => {
    const kept = (slice.endpoints ?? []).map(identityOf).flatMap((id) => missing.get(id) ?? []);
    for (const endpoint of kept) missing.delete(identityOf(endpoint));
    return { slice, endpoints: kept };
  });
  const fresh = [...missing.values()];
  for (const { slice, endpoints: kept } of filled) {
    kept.push(...fresh.splice(0, mostEndpoints - kept.length));
    if (kept.length > 0) plan.keep.push({ slice, ports, endpoints: kept });
    else plan.remove.push(slice);
  }
  while (fresh.length > 0) plan.create.push({ ports, endpoints: fresh.splice(0, mostEndpoints) });
}

function identityOf({ targetRef, addresses }: Endpoint): string {
  return `${targetRef?.uid ?? ''} ${addresses.join()}`;
}
