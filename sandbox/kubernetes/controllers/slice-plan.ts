/**
 * Which EndpointSlices are to be written so that they hold the wanted endpoints: as few writes as possible, at most 100
 * endpoints each. What stays in its slice stays; what is new fills slices that are written anyway or have room; a slice that
 * is empty goes, except for the last one, which says that there is nothing. A pure function.
 *
 * Source: k8s.io/endpointslice/reconciler.go (reconcileByPortMapping)
 */
import { isDeepStrictEqual } from 'node:util';
import { portsKey } from './service-endpoints.ts';
import type { EndpointGroup } from './service-endpoints.ts';
import type { Endpoint, EndpointPort, EndpointSlice } from './shapes.ts';

const mostEndpoints = 100;

export interface SliceContents {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export interface SlicePlan {
  readonly create: SliceContents[];
  /** What is in each slice that stays; whether that is a change is for the writer to see. */
  readonly keep: (SliceContents & { readonly slice: EndpointSlice })[];
  readonly remove: EndpointSlice[];
}

export function planSlices(existing: readonly EndpointSlice[], groups: readonly EndpointGroup[]): SlicePlan {
  const plan: SlicePlan = { create: [], keep: [], remove: [] };
  const unused = new Set(existing);
  for (const { ports, endpoints } of groups) {
    const key = portsKey(ports);
    const slices = existing.filter((slice) => portsKey(slice.ports) === key);
    for (const slice of slices) unused.delete(slice);
    planGroup(plan, ports, endpoints, slices);
  }
  plan.remove.push(...unused);
  reuse(plan);
  if (plan.keep.length + plan.create.length > 0) return plan;

  const placeholder = plan.remove.shift();
  if (placeholder) plan.keep.push({ slice: placeholder, ports: [], endpoints: [] });
  else plan.create.push({ ports: [], endpoints: [] });
  return plan;
}

/** A slice that goes and one that comes are one that changes. */
function reuse({ create, keep, remove }: SlicePlan): void {
  while (create.length > 0 && remove.length > 0) keep.push({ ...create.shift()!, slice: remove.shift()! });
}

interface Filled {
  readonly slice: EndpointSlice;
  readonly endpoints: Endpoint[];
  isChanged: boolean;
}

function planGroup(
  plan: SlicePlan,
  ports: readonly EndpointPort[],
  endpoints: readonly Endpoint[],
  slices: readonly EndpointSlice[],
): void {
  const missing = new Map(endpoints.map((endpoint) => [identity(endpoint), endpoint]));
  const filled = slices.map((slice) => kept(slice, missing));
  const fresh = [...missing.values()];

  // Those that are written anyway first, then the fullest of the others: fewest writes, fewest slices.
  const open = filled.toSorted(
    (a, b) => Number(b.isChanged) - Number(a.isChanged) || b.endpoints.length - a.endpoints.length,
  );
  for (const slice of open) {
    // A slice that lost everything goes, unless it is the only place for what is new.
    const room = mostEndpoints - slice.endpoints.length;
    slice.endpoints.push(...fresh.splice(0, room));
  }
  for (const { slice, endpoints } of filled) {
    if (endpoints.length > 0) plan.keep.push({ slice, ports, endpoints });
    else plan.remove.push(slice);
  }
  while (fresh.length > 0) plan.create.push({ ports, endpoints: fresh.splice(0, mostEndpoints) });
}

/** What of a slice is still wanted, as it is now; takes it out of what is missing. */
function kept(slice: EndpointSlice, missing: Map<string, Endpoint>): Filled {
  const before = slice.endpoints ?? [];
  const endpoints: Endpoint[] = [];
  for (const endpoint of before) {
    const key = identity(endpoint);
    const wanted = missing.get(key);
    if (!wanted) continue;
    missing.delete(key);
    endpoints.push(wanted);
  }
  return { slice, endpoints, isChanged: !isDeepStrictEqual(before, endpoints) };
}

function identity({ targetRef, addresses }: Endpoint): string {
  return `${targetRef?.uid ?? ''} ${addresses.join()}`;
}
