/** How the exported ports of a Service stand on both sides: a row for each. */
import { METADATA_KEYS } from '../../../operator/api/names.ts';
import { objectKey } from '../../../operator/kube/resource.ts';
import {
  describeService,
  type Host,
  type ServiceInfo,
  type ServiceKey,
  serviceText,
} from '../../../operator/nacos/index.ts';
import { membersOf, type Member } from '../../../operator/service-sync/endpoint-slices.ts';
import { namePorts } from '../../../operator/service-sync/port-names.ts';
import { exportOfAnnotations } from '../../../operator/service-sync/service-annotations.ts';
import {
  covers,
  exportOfResource,
  type Service,
  type ServiceExport,
} from '../../../operator/service-sync/service-export.ts';
import { chooseSlices } from '../../../operator/service-sync/slice-choice.ts';
import type { RowContext, RowSource } from './row-book.ts';
import type { SideFacts } from './row.ts';

/** What is to be published of a Service under one name. */
interface Exposure {
  readonly portName: string;
  /** Undefined where its connection is to another server. */
  readonly address: ServiceKey | undefined;
  readonly serviceName: string;
  readonly ipFamilies: ServiceExport['ipFamilies'];
}

export function serviceSources(service: Service, context: RowContext): RowSource<ServiceInfo>[] {
  const annotated = exportOfAnnotations(service);
  const covering = context.view.exports.list().filter((resource) => covers(resource, service));
  const exports = [...covering.map(exportOfResource), ...(annotated ? [annotated] : [])];
  const sources = exports.flatMap((rules) => {
    const connectionNamespaceId = context.nacosNamespaceOf(rules.connection);
    return namePorts(service, rules).ports.map(({ serviceName, portName }) => {
      const namespaceId = rules.namespaceId ?? connectionNamespaceId ?? '';
      const address = { namespaceId, group: rules.group, serviceName };
      const { ipFamilies } = rules;
      const isHere = connectionNamespaceId !== undefined;
      const exposure = { portName, serviceName, ipFamilies, address: isHere ? address : undefined };
      return serviceSource(service, exposure, context);
    });
  });
  // Two exports may name the same port alike.
  return [...new Map(sources.map((source) => [source.key, source])).values()];
}

function serviceSource(
  service: Service,
  { address, ipFamilies, portName, serviceName }: Exposure,
  { clusterId, nacos, nameOf, view }: RowContext,
): RowSource<ServiceInfo> {
  const place = address && serviceText(address);
  // Another row where any of it is another.
  const key = `Service ${objectKey(service)} ${portName} ${place ?? `elsewhere ${serviceName}`}`;
  const hasPorts = (service.spec?.ports?.length ?? 0) > 1;
  return {
    key,
    place,
    watch: (changed) => nacos.naming.subscribe(address as ServiceKey, changed),
    facts(info, isGone) {
      const { chosen } = chooseSlices(view.slicesOfService(objectKey(service)), service, ipFamilies);
      const members = isGone ? [] : membersOf(chosen, portName);
      return {
        key,
        object: `svc/${nameOf(service)}${hasPorts ? `:${portName}` : ''}`,
        remote: address ? describeService(address) : 'another server',
        kubernetes: isGone ? { text: 'deleted', fingerprint: '' } : kubernetesSide(members),
        nacos: nacosSide(info && hostsOf(info, service, clusterId)),
        isGone,
      };
    },
  };
}

/** The instances that stand for this Service of this cluster: others may publish under the same name. */
function hostsOf(info: ServiceInfo, { metadata }: Service, clusterId: string): Host[] {
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
