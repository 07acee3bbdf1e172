/** How an exported port of a Service stands on both sides. Pure. */
import { METADATA_KEYS } from '../../../operator/api/names.ts';
import { describeService, type Host, type ServiceInfo, type ServiceKey } from '../../../operator/nacos/index.ts';
import { membersOf, type EndpointSlice, type Member } from '../../../operator/service-sync/endpoint-slices.ts';
import type { Service } from '../../../operator/service-sync/service-export.ts';
import type { RowFacts, SideFacts } from './row.ts';

export interface ServiceContext {
  /** For people; with the namespace where it is another one. */
  readonly name: string;
  readonly portName: string;
  /** Undefined where its connection is to another server. */
  readonly address: ServiceKey | undefined;
  readonly slices: readonly EndpointSlice[];
  readonly info: ServiceInfo | undefined;
  readonly clusterId: string;
}

export function serviceFacts(key: string, service: Service, context: ServiceContext, isGone: boolean): RowFacts {
  const members = isGone ? [] : membersOf(context.slices, context.portName);
  return {
    key,
    object: `svc/${context.name}${hasPorts(service) ? `:${context.portName}` : ''}`,
    remote: context.address ? describeService(context.address) : 'another server',
    kubernetes: isGone ? { text: 'deleted', fingerprint: '' } : kubernetesSide(members),
    nacos: nacosSide(context.info && hostsOf(context.info, service, context.clusterId)),
    isGone,
  };
}

function hasPorts({ spec }: Service): boolean {
  return (spec?.ports?.length ?? 0) > 1;
}

/** The instances that stand for this Service of this cluster: others may publish under the same name. */
export function hostsOf(info: ServiceInfo, { metadata }: Service, clusterId: string): Host[] {
  return info.hosts.filter(
    (host) =>
      host.metadata[METADATA_KEYS.cluster] === clusterId &&
      host.metadata[METADATA_KEYS.namespace] === metadata.namespace &&
      host.metadata[METADATA_KEYS.service] === metadata.name,
  );
}

function kubernetesSide(members: readonly Member[]): SideFacts {
  const ready = members.filter(({ isReady, isTerminating }) => isReady && !isTerminating);
  return { text: outOf(ready.length, members.length, 'ready'), fingerprint: fingerprint(ready) };
}

function nacosSide(hosts: readonly Host[] | undefined): SideFacts {
  if (!hosts) return { text: '', fingerprint: undefined };
  const healthy = hosts.filter((host) => host.healthy);
  return { text: outOf(healthy.length, hosts.length, 'healthy'), fingerprint: fingerprint(healthy) };
}

function outOf(good: number, all: number, word: string): string {
  return good === all ? `${good} ${word}` : `${good} of ${all} ${word}`;
}

function fingerprint(addresses: readonly { ip: string; port: number }[]): string {
  return addresses
    .map(({ ip, port }) => `${ip}:${port}`)
    .toSorted()
    .join(' ');
}
