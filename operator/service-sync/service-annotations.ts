/**
 * The annotations by which a Service asks to be published without a resource, and what is wrong with them. Pure.
 *
 * A slip in an annotation has no other reader who would complain, so whatever begins with our name and means nothing is
 * told.
 */
import {
  API_GROUP,
  CONNECTION_ANNOTATION,
  DEFAULT_GROUP,
  EXPORT_ANNOTATION,
  GROUP_ANNOTATION,
  SERVICE_NAME_ANNOTATION,
} from '../api/names.ts';
import { connectionKey } from '../connections/connection-key.ts';
import { objectKey } from '../kube/resource.ts';
import { DEFAULT_CLUSTER, fixedCluster, type Service, type ServiceExport } from './service-export.ts';

const SERVICE_TEMPLATE = '{service}';
const PREFIX = `${API_GROUP}/`;
const known = [EXPORT_ANNOTATION, SERVICE_NAME_ANNOTATION, GROUP_ANNOTATION, CONNECTION_ANNOTATION];

export function annotationExportId(service: string): string {
  return `Service ${service}`;
}

/** The export that a Service asks for by its annotations; undefined when it does not. */
export function exportOfAnnotations(service: Service): ServiceExport | undefined {
  const { annotations = {}, namespace } = service.metadata;
  if (annotations[EXPORT_ANNOTATION] !== 'true') return undefined;
  return {
    id: annotationExportId(objectKey(service)),
    owner: service,
    connection: connectionKey(namespace, annotations[CONNECTION_ANNOTATION]),
    namespaceId: undefined,
    group: annotations[GROUP_ANNOTATION] ?? DEFAULT_GROUP,
    serviceName: annotations[SERVICE_NAME_ANNOTATION] ?? SERVICE_TEMPLATE,
    ports: undefined,
    needsPorts: false,
    ipFamilies: undefined,
    readiness: 'Healthy',
    weight: 1,
    cluster: fixedCluster(DEFAULT_CLUSTER),
    metadata: {},
    podLabels: [],
    usesPodAnnotations: false,
    selfRegistered: 'Report',
  };
}

/** Whether it has any annotation of ours, so that there may be something to say of them. */
export function hasOurAnnotations({ metadata: { annotations = {} } }: Service): boolean {
  return Object.keys(annotations).some((key) => key.startsWith(PREFIX));
}

/** What is wrong with its annotations, in words; undefined when they are in order. */
export function annotationMistake({ metadata: { annotations = {} } }: Service): string | undefined {
  const ours = Object.keys(annotations).filter((key) => key.startsWith(PREFIX));
  const unknown = ours.find((key) => !known.includes(key));
  if (unknown !== undefined) {
    return `the annotation \`${unknown.slice(0, 200)}\` means nothing on a Service; there are ${known.map((key) => `\`${key}\``).join(', ')}`;
  }
  const value = annotations[EXPORT_ANNOTATION];
  if (value === undefined && ours.length > 0) {
    return `the annotation \`${ours[0]}\` means nothing without \`${EXPORT_ANNOTATION}: "true"\`; the Service is not published by annotations`;
  }
  if (value === undefined || value === 'true' || value === 'false') return undefined;
  return `the annotation \`${EXPORT_ANNOTATION}\` must be "true" or "false", and is '${value.slice(0, 100)}'; the Service is not published by it`;
}
