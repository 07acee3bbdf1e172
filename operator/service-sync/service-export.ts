/**
 * How Services are to appear in Nacos: a NacosService, or the annotations of a Service, with every default filled in; which
 * export covers which Service, and what they are called. Pure.
 */
import { CONNECTION_ANNOTATION, GROUP_ANNOTATION, SERVICE_NAME_ANNOTATION } from '../api/names.ts';
import type { NacosService } from '../api/resources.ts';
import { connectionKey, type ConnectionKey } from '../connections/connection-key.ts';
import { matchesLabels } from '../kube/label-selector.ts';
import { objectKey, type KubeObject, type ResourceRef } from '../kube/resource.ts';

export const SERVICE: ResourceRef = { group: '', version: 'v1', plural: 'services', kind: 'Service', namespaced: true };

export type IpFamily = 'IPv4' | 'IPv6';

export interface ServicePort {
  /** May be left out when there is one port only. */
  name?: string;
  port: number;
  /** TCP when it is absent. */
  protocol?: string;
}

/** As far as it is read here. */
export type Service = KubeObject & {
  spec?: {
    type?: string;
    ports?: ServicePort[];
    /** Without one its EndpointSlices are written by somebody else than Kubernetes. */
    selector?: Record<string, string>;
    /** The first is the one of its cluster address. */
    ipFamilies?: IpFamily[];
  };
};

export interface PortRule {
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
  /** Whether a listed port must be there: what is meant for many Services need not be. */
  needsPorts: boolean;
  /** `undefined`: the first one of the Service. */
  ipFamilies: readonly IpFamily[] | undefined;
  readiness: NacosService['spec']['readiness'];
  weight: number;
  cluster: { kind: 'fixed'; name: string } | { kind: 'zone' };
  metadata: Readonly<Record<string, string>>;
  /** Labels of pods that are copied into the metadata. */
  podLabels: readonly string[];
  usesPodAnnotations: boolean;
  /** What becomes of an address that an application registers itself, too. */
  selfRegistered: NacosService['spec']['selfRegistered'];
}

export const DEFAULT_CLUSTER = 'DEFAULT';

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
    needsPorts: spec.source.serviceRef !== undefined,
    ipFamilies: spec.ipFamilies,
    readiness: spec.readiness,
    weight: spec.weight,
    cluster,
    metadata: spec.metadata ?? {},
    podLabels: spec.metadataFrom?.labels ?? [],
    usesPodAnnotations: spec.podAnnotations === 'Use',
    selfRegistered: spec.selfRegistered,
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

/**
 * Who comes first of those that want one name, comparable as text, the least first: resources before annotations, then the
 * older export, then the older Service of one export, then by name.
 */
export function rankOf({ id, owner }: ServiceExport, { metadata }: Service): string {
  const kind = parseExportId(id).kind === 'NacosService' ? 0 : 1;
  const created = owner.metadata.creationTimestamp ?? '';
  return `${kind} ${created} ${id} ${metadata.creationTimestamp ?? ''} ${metadata.name}`;
}

const annotationOf = {
  connectionRef: CONNECTION_ANNOTATION,
  serviceName: SERVICE_NAME_ANNOTATION,
  group: GROUP_ANNOTATION,
} as const;

/** How a setting is called by those who made the export. */
export function wordFor({ id }: ServiceExport, field: keyof typeof annotationOf): string {
  if (parseExportId(id).kind === 'NacosService') return `\`spec.${field}\``;
  return `the annotation \`${annotationOf[field]}\``;
}

/** As in the `field` of a problem. */
export function fieldFor({ id }: ServiceExport, field: string): string {
  if (parseExportId(id).kind === 'NacosService') return field;
  return Object.hasOwn(annotationOf, field) ? annotationOf[field as keyof typeof annotationOf] : field;
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

const zoneCluster = { kind: 'zone' } as const;

export function fixedCluster(name: string): { kind: 'fixed'; name: string } {
  return { kind: 'fixed', name };
}
