/** The rows of Services, Endpoints, EndpointSlices and NetworkPolicies. */
import { isJsonObject, listAt, objectAt, stringAt } from '../../validation/json.ts';
import type { JsonObject } from '../../validation/json.ts';
import { ageOf, joined, labelsText, none, numberAt, orNone, selectorText } from './cell-text.ts';
import type { Cells } from './cell.ts';

const shownEndpoints = 3;

export const networkCells: Readonly<Record<string, Cells>> = {
  Service: (object, nowMs) => {
    const spec = objectAt(object, 'spec');
    return [
      object.metadata.name,
      stringAt(spec, 'type'),
      orNone(stringAt(spec, 'clusterIP')),
      externalText(spec, objectAt(object, 'status')),
      orNone(joined(listAt(spec, 'ports').map(portText))),
      ageOf(object, nowMs),
      labelsText(objectAt(spec, 'selector')),
    ];
  },
  Endpoints: (object, nowMs) => [object.metadata.name, endpointsText(object), ageOf(object, nowMs)],
  EndpointSlice: (object, nowMs) => {
    const ports = listAt(object, 'ports').map((port) =>
      numberAt(port, 'port') === 0 ? '*' : String(numberAt(port, 'port')),
    );
    const addresses = listAt(object, 'endpoints').flatMap((endpoint) => listAt(endpoint, 'addresses').map(String));
    return [
      object.metadata.name,
      stringAt(object, 'addressType'),
      limited(ports, '<unset>'),
      limited(addresses, '<unset>'),
      ageOf(object, nowMs),
    ];
  },
  NetworkPolicy: (object, nowMs) => {
    return [object.metadata.name, selectorText(objectAt(object, 'spec')['podSelector']), ageOf(object, nowMs)];
  },
};

function externalText(spec: JsonObject, status: JsonObject): string {
  const type = stringAt(spec, 'type');
  const external = listAt(spec, 'externalIPs').map(String);
  if (type === 'ExternalName') return stringAt(spec, 'externalName');
  if (type !== 'LoadBalancer') return orNone(joined(external));
  const ingress = listAt(objectAt(status, 'loadBalancer'), 'ingress');
  const balancers = ingress.map((one) => stringAt(one, 'ip') || stringAt(one, 'hostname'));
  const all = joined([...balancers, ...external]);
  return all === '' ? '<pending>' : all;
}

function portText(port: unknown): string {
  const nodePort = numberAt(port, 'nodePort');
  const numbers = nodePort > 0 ? `${numberAt(port, 'port')}:${nodePort}` : String(numberAt(port, 'port'));
  return `${numbers}/${stringAt(port, 'protocol')}`;
}

function endpointsText(endpoints: unknown): string {
  const texts = listAt(endpoints, 'subsets').filter(isJsonObject).flatMap(subsetTexts);
  return limited(texts, none);
}

function subsetTexts(subset: JsonObject): string[] {
  const ports = listAt(subset, 'ports');
  const addresses = listAt(subset, 'addresses').map((address) => stringAt(address, 'ip'));
  if (ports.length === 0) return addresses;
  return ports.flatMap((port) => addresses.map((address) => `${address}:${numberAt(port, 'port')}`));
}

function limited(texts: readonly string[], empty: string): string {
  if (texts.length === 0) return empty;
  const shown = joined(texts.slice(0, shownEndpoints));
  return texts.length > shownEndpoints ? `${shown} + ${texts.length - shownEndpoints} more...` : shown;
}
