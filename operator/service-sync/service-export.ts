/**
 * How Services are to appear in Nacos: a NacosService, or the annotations of a Service, with every default filled in; which
 * export covers which Service, and under which names it publishes the ports of one. Pure.
 */
import {
  CONNECTION_ANNOTATION,
  DEFAULT_GROUP,
  EXPORT_ANNOTATION,
  GROUP_ANNOTATION,
  SERVICE_NAME_ANNOTATION,
} from '../api/names.ts';
import type { NacosService } from '../api/resources.ts';
import { connectionKey, type ConnectionKey } from '../connections/connection-key.ts';
import { matchesLabels } from '../kube/label-selector.ts';
import { objectKey, type KubeObject, type ResourceRef } from '../kube/resource.ts';

export const SERVICE: ResourceRef = { group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true };

interface ServicePort {
  /** May be left out when there is one port only. */
  name?: string;
  port: number;
}

/** As far as it is read here. */
export type Service = KubeObject & { spec?: { ports?: ServicePort[] } };

interface PortRule {
  port: { name: string } | { number: number };
  /** A template; undefined for the rule that goes by the position. */
  serviceName: string | undefined;
}

export interface ServiceExport {
  /** Unique, and comparable between replicas. */
  id: string;
  /** The object that asks for it. */
  owner: NacosService | Service;
  connection: ConnectionKey;
  /** `undefined`: that of the connection. */
  namespaceId: string | undefined;
  group: string;
  /** A template in which `{service}` stands for the name of the Service. */
  serviceName: string;
  /** `undefined`: all ports. */
  ports: readonly PortRule[] | undefined;
  readiness: NacosService['spec']['readiness'];
  weight: number;
  cluster: { kind: 'fixed'; name: string } | { kind: 'zone' };
  metadata: Readonly<Record<string, string>>;
  /** Labels of pods that are copied into the metadata. */
  podLabels: readonly string[];
  usesPodAnnotations: boolean;
}

const DEFAULT_CLUSTER = 'DEFAULT';
const SERVICE_TEMPLATE = '{service}';

export function exportOfResource(resource: NacosService): ServiceExport {
  const { spec } = resource;
  const cluster = spec.clusterNameFrom === 'Zone' ? zoneCluster : fixedCluster(spec.clusterName ?? DEFAULT_CLUSTER);
  return {
    id: exportIdOf(resource),
    owner: resource,
    connection: connectionOfResource(resource),
    namespaceId: spec.namespaceId,
    group: spec.group,
    serviceName: spec.serviceName,
    ports: spec.ports?.map(({ name, number, serviceName }) => ({
      port: name === undefined ? { number: number ?? 0 } : { name },
      serviceName,
    })),
    readiness: spec.readiness,
    weight: spec.weight,
    cluster,
    metadata: spec.metadata ?? {},
    podLabels: spec.metadataFrom?.labels ?? [],
    usesPodAnnotations: spec.podAnnotations === 'Use',
  };
}

export function exportIdOf(resource: NacosService): string {
  return `NacosService ${objectKey(resource)}`;
}

/** What an export is made of: a resource or the annotations of a Service, by `namespace/name`. */
export function parseExportId(id: string): { kind: 'NacosService' | 'Service'; key: string } {
  const [kind, key = ''] = id.split(' ');
  return { kind: kind === 'NacosService' ? 'NacosService' : 'Service', key };
}

/** Comparable as text, the least first: resources before annotations, older before younger, then by name. */
export function rankOf({ id, owner }: ServiceExport): string {
  const kind = parseExportId(id).kind === 'NacosService' ? 0 : 1;
  return `${kind} ${owner.metadata.creationTimestamp ?? ''} ${id}`;
}

/** The export that a Service asks for by its annotations; undefined when it does not. */
export function exportOfAnnotations(service: Service): ServiceExport | undefined {
  const { annotations = {}, namespace } = service.metadata;
  if (annotations[EXPORT_ANNOTATION] !== 'true') return undefined;
  return {
    id: `Service ${objectKey(service)}`,
    owner: service,
    connection: connectionKey(namespace, annotations[CONNECTION_ANNOTATION]),
    namespaceId: undefined,
    group: annotations[GROUP_ANNOTATION] ?? DEFAULT_GROUP,
    serviceName: annotations[SERVICE_NAME_ANNOTATION] ?? SERVICE_TEMPLATE,
    ports: undefined,
    readiness: 'Healthy',
    weight: 1,
    cluster: fixedCluster(DEFAULT_CLUSTER),
    metadata: {},
    podLabels: [],
    usesPodAnnotations: false,
  };
}

/** Whether anything of a pod but its address counts, so that pods have to be watched. */
export function usesPods({ podLabels, usesPodAnnotations }: ServiceExport): boolean {
  return usesPodAnnotations || podLabels.length > 0;
}

export function connectionOfResource({ spec, metadata }: NacosService): ConnectionKey {
  return connectionKey(metadata.namespace, spec.connectionRef?.name);
}

/** Whether a NacosService publishes this Service, which is in its namespace. */
export function covers({ spec, metadata }: NacosService, service: KubeObject): boolean {
  if (metadata.namespace !== service.metadata.namespace) return false;
  const { serviceRef, serviceSelector } = spec.source;
  if (serviceRef !== undefined) return serviceRef.name === service.metadata.name;
  return serviceSelector !== undefined && matchesLabels(serviceSelector, service.metadata.labels);
}

interface NamedPort {
  /** In Nacos. */
  serviceName: string;
  /** As EndpointSlices name it: '' for a port without a name. */
  portName: string;
}

/**
 * The ports that are published. The first has the name of the service, each other one the name with `-` and the name of the
 * port behind it; where the ports are listed, the first of the list is the first, and an entry may name its service itself.
 */
export function namePorts(service: Service, { ports: rules, serviceName }: ServiceExport): NamedPort[] {
  const ports = service.spec?.ports ?? [];
  const expand = (template: string) => template.replaceAll('{service}', service.metadata.name);
  const name = expand(serviceName);
  if (rules === undefined) return ports.map((port, position) => named(port, byPosition(name, port, position)));
  const chosen = rules.flatMap((rule) => {
    const port = ports.find((candidate) => isMeant(candidate, rule.port));
    return port === undefined ? [] : [{ port, own: rule.serviceName }];
  });
  return chosen.map(({ port, own }, position) =>
    named(port, own === undefined ? byPosition(name, port, position) : expand(own)),
  );
}

const zoneCluster = { kind: 'zone' } as const;

function fixedCluster(name: string): { kind: 'fixed'; name: string } {
  return { kind: 'fixed', name };
}

function isMeant(port: ServicePort, wanted: { name: string } | { number: number }): boolean {
  return 'name' in wanted ? port.name === wanted.name : port.port === wanted.number;
}

function byPosition(name: string, port: ServicePort, position: number): string {
  return position === 0 ? name : `${name}-${port.name ?? port.port}`;
}

function named({ name = '' }: ServicePort, serviceName: string): NamedPort {
  return { serviceName, portName: name };
}
