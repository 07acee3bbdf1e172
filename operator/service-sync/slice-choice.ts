/**
 * Which EndpointSlices of a Service are published, and what is to be said of the others. Pure.
 *
 * A pod with two addresses is one instance, not two: of a dual-stack Service the family of its cluster address counts, which
 * is the first in its list, unless the export names others. Whoever writes slices by hand may write another family, so
 * without a selector the first one that has endpoints is taken.
 */
import type { EndpointSlice } from './endpoint-slices.ts';
import type { Problem } from './problem.ts';
import type { IpFamily, Service } from './service-export.ts';

const families: readonly IpFamily[] = ['IPv4', 'IPv6'];

export function chooseSlices(
  slices: readonly EndpointSlice[],
  { spec = {} }: Service,
  ipFamilies: readonly IpFamily[] | undefined,
): { chosen: readonly EndpointSlice[]; problems: Problem[] } {
  const filled = slices.filter(({ endpoints }) => (endpoints ?? []).length > 0);
  const names = filled.filter(({ addressType }) => addressType === 'FQDN').map(({ metadata }) => `'${metadata.name}'`);
  const problems: Problem[] = names.map((name) => ({
    field: 'addressType',
    message: `EndpointSlice ${name} has host names, and Nacos takes addresses only; its endpoints are not registered`,
  }));
  const wanted = ipFamilies ?? familyOf(spec, filled);
  const isWanted = ({ addressType }: EndpointSlice) => addressType !== 'FQDN' && wanted.includes(addressType);
  const others = filled.filter((slice) => slice.addressType !== 'FQDN' && !isWanted(slice));
  if (others.length > 0 && !filled.some(isWanted)) {
    const message = `its endpoints are ${others[0]?.addressType} only, and ${wanted.join(', ')} is published; name the family in \`ipFamilies\` of a NacosService`;
    problems.push({ field: 'ipFamilies', message });
  }
  return { chosen: slices.filter(isWanted), problems };
}

function familyOf(
  { ipFamilies, selector }: NonNullable<Service['spec']>,
  filled: readonly EndpointSlice[],
): readonly IpFamily[] {
  if (ipFamilies === undefined) return families;
  const isByHand = Object.keys(selector ?? {}).length === 0;
  const found = [...ipFamilies, ...families].find((family) => filled.some(({ addressType }) => addressType === family));
  return (isByHand && found ? [found] : ipFamilies).slice(0, 1);
}

/** What there is to say when slices have endpoints, and none of them the port. */
export function portProblem(slices: readonly EndpointSlice[], portName: string): Problem | undefined {
  const filled = slices.filter(({ endpoints }) => (endpoints ?? []).length > 0);
  const ports = filled.flatMap((slice) => slice.ports ?? []);
  const ofName = ports.filter(({ name }) => (name ?? '') === portName);
  if (filled.length === 0 || ofName.some(({ port }) => port !== undefined && port !== null)) return undefined;
  const title = portName === '' ? 'a port without a name' : `a port '${portName}'`;
  if (ofName.length > 0) return { field: 'ports', message: `its EndpointSlices have ${title} that has no number` };
  const names = [...new Set(ports.map(({ name }) => `'${name ?? ''}'`))].slice(0, 10).join(', ');
  return { field: 'ports', message: `no EndpointSlice has ${title}; they have ${names || 'none'}` };
}
