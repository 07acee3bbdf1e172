/**
 * How Services are to appear in Nacos: a NacosService, or the annotations of a Service, with every default filled in.
 * Pure.
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
import { objectKey, type KubeObject } from '../kube/resource.ts';
import type { Service } from './kube-objects.ts';

export type Readiness = NacosService['spec']['readiness'];

export interface PortRule {
  port: { name: string } | { number: number };
  /** A template; undefined for the rule that goes by the position. */
  serviceName: string | undefined;
}

export interface ServiceExport {
  /** Unique, and comparable between replicas. */
  id: string;
  /** Whom events and conditions are about. */
  owner: NacosService | Service;
  connection: ConnectionKey;
  /** `undefined`: that of the connection. */
  namespaceId: string | undefined;
  group: string;
  /** A template in which `{service}` stands for the name of the Service. */
  serviceName: string;
  /** `undefined`: all ports. */
  ports: readonly PortRule[] | undefined;
  readiness: Readiness;
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
  const { spec, metadata } = resource;
  const cluster = spec.clusterNameFrom === 'Zone' ? zoneCluster : fixedCluster(spec.clusterName ?? DEFAULT_CLUSTER);
  return {
    id: exportIdOf(resource),
    owner: resource,
    connection: connectionKey(metadata.namespace, spec.connectionRef?.name),
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

const zoneCluster = { kind: 'zone' } as const;

function fixedCluster(name: string): { kind: 'fixed'; name: string } {
  return { kind: 'fixed', name };
}
