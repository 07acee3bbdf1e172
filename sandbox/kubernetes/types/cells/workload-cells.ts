/** The rows of Deployments and ReplicaSets, and of the Services and EndpointSlices before their pods. */
import { isJsonObject, type JsonObject, listAt, objectAt, stringAt } from '../../../../operator/admission/json.ts';
import { type Labels, labelSelectorText } from '../../label-selector.ts';
import { ageOf, type Cells, numberAt, orNone } from './cell-text.ts';

const shownEndpoints = 3;

export const workloadCells: Readonly<Record<string, Cells>> = {
  Deployment: (object, nowMs) => {
    const { spec, status } = partsOf(object);
    return [
      object.metadata.name,
      `${numberAt(status, 'readyReplicas')}/${numberAt(spec, 'replicas')}`,
      numberAt(status, 'updatedReplicas'),
      numberAt(status, 'availableReplicas'),
      ageOf(object, nowMs),
      ...templateTexts(spec),
    ];
  },
  ReplicaSet: (object, nowMs) => {
    const { spec, status } = partsOf(object);
    return [
      object.metadata.name,
      numberAt(spec, 'replicas'),
      numberAt(status, 'replicas'),
      numberAt(status, 'readyReplicas'),
      ageOf(object, nowMs),
      ...templateTexts(spec),
    ];
  },
  Service: (object, nowMs) => {
    const { spec } = partsOf(object);
    return [
      object.metadata.name,
      stringAt(spec, 'type'),
      orNone(stringAt(spec, 'clusterIP')),
      externalText(spec),
      orNone(listAt(spec, 'ports').map(portText).join(',')),
      ageOf(object, nowMs),
      orNone(labelSelectorText({ matchLabels: objectAt(spec, 'selector') as Labels })),
    ];
  },
  EndpointSlice: (object, nowMs) => {
    const ports = listAt(object, 'ports').map((port) => String(numberAt(port, 'port') || '*'));
    const addresses = listAt(object, 'endpoints').flatMap((endpoint) => listAt(endpoint, 'addresses').map(String));
    return [
      object.metadata.name,
      stringAt(object, 'addressType'),
      limited(ports),
      limited(addresses),
      ageOf(object, nowMs),
    ];
  },
};

function partsOf(object: unknown): { spec: JsonObject; status: JsonObject } {
  return { spec: objectAt(object, 'spec'), status: objectAt(object, 'status') };
}

/** Names and images of the containers, and the selector. */
function templateTexts(spec: JsonObject): string[] {
  const containers = listAt(objectAt(objectAt(spec, 'template'), 'spec'), 'containers').filter(isJsonObject);
  const of = (field: string) => containers.map((container) => stringAt(container, field)).join(',');
  return [of('name'), of('image'), orNone(labelSelectorText(objectAt(spec, 'selector')))];
}

function externalText(spec: JsonObject): string {
  const type = stringAt(spec, 'type');
  if (type === 'ExternalName') return stringAt(spec, 'externalName');
  const external = listAt(spec, 'externalIPs').join(',');
  return type === 'LoadBalancer' && external === '' ? '<pending>' : orNone(external);
}

function portText(port: unknown): string {
  const nodePort = numberAt(port, 'nodePort');
  return `${numberAt(port, 'port')}${nodePort > 0 ? `:${nodePort}` : ''}/${stringAt(port, 'protocol')}`;
}

function limited(texts: readonly string[]): string {
  if (texts.length === 0) return '<unset>';
  const shown = texts.slice(0, shownEndpoints).join(',');
  return texts.length > shownEndpoints ? `${shown} + ${texts.length - shownEndpoints} more...` : shown;
}
