/**
 * EndpointSlices, Endpoints and NetworkPolicies.
 *
 * Source: k8s.io/kubernetes/pkg/apis/{discovery,core,networking}/{v1/defaults.go,validation/validation.go}
 */
import { isIPv4, isIPv6 } from 'node:net';
import type { FieldErrors } from '../../validation/field-errors.ts';
import { isJsonObject, listAt, objectAt, stringAt } from '../../validation/json.ts';
import type { JsonObject } from '../../validation/json.ts';
import { checkLabelName, checkSubdomain } from '../../validation/names.ts';
import type { KindRules } from '../kind-rules.ts';
import { fillMissing } from './missing.ts';

const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const wrongAddress = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const maximumEndpoints = 1000;
const maximumAddresses = 100;
const maximumPorts = 20_000;

export const endpointSliceRules: KindRules = {
  fillIn(slice) {
    for (const port of listAt(slice, 'ports')) {
      if (!isJsonObject(port)) continue;
      port['name'] ??= '';
      fillMissing(port, { protocol: 'TCP' });
    }
  },
  check(slice, errors, previous) {
    const type = stringAt(slice, 'addressType');
    if (type === '') errors.required('addressType');
    else if (!addressTypes.includes(type)) errors.notSupported('addressType', type, addressTypes);
    if (previous && previous['addressType'] !== type) errors.invalid('addressType', type, 'field is immutable');
    checkPorts(listAt(slice, 'ports'), errors);
    const endpoints = listAt(slice, 'endpoints');
    if (endpoints.length > maximumEndpoints) errors.tooMany('endpoints', endpoints.length, maximumEndpoints);
    else
      for (const [index, endpoint] of endpoints.entries()) checkEndpoint(endpoint, type, `endpoints[${index}]`, errors);
  },
};

function checkPorts(ports: readonly unknown[], errors: FieldErrors): void {
  if (ports.length > maximumPorts) errors.tooMany('ports', ports.length, maximumPorts);
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    const path = `ports[${index}]`;
    const name = stringAt(port, 'name');
    if (name !== '') for (const problem of checkLabelName(name)) errors.invalid(`${path}.name`, name, problem);
    if (names.has(name)) errors.duplicate(`${path}.name`, name);
    names.add(name);
    const protocol = stringAt(port, 'protocol');
    if (!protocols.includes(protocol)) errors.notSupported(`${path}.protocol`, protocol, protocols);
  }
}

function checkEndpoint(endpoint: unknown, type: string, path: string, errors: FieldErrors): void {
  const addresses = listAt(endpoint, 'addresses');
  if (addresses.length === 0) errors.required(`${path}.addresses`, 'must contain at least 1 address');
  if (addresses.length > maximumAddresses) errors.tooMany(`${path}.addresses`, addresses.length, maximumAddresses);
  for (const [index, address] of addresses.entries()) {
    for (const problem of problemsOf(String(address), type))
      errors.invalid(`${path}.addresses[${index}]`, address, problem);
  }
  const hostname = stringAt(endpoint, 'hostname');
  if (hostname !== '')
    for (const problem of checkLabelName(hostname)) errors.invalid(`${path}.hostname`, hostname, problem);
}

function problemsOf(address: string, type: string): readonly string[] {
  if (type === 'FQDN') return checkSubdomain(address);
  if (type === 'IPv4' && isIPv6(address)) return ['must be an IPv4 address'];
  if (type === 'IPv6' && isIPv4(address)) return ['must be an IPv6 address'];
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  if (!isIPv4(address) && !isIPv6(address)) return [wrongAddress];
  if (/^(127\.|::1$)/.test(address)) return ['may not be in the loopback range (127.0.0.0/8, ::1/128)'];
  if (/^(169\.254\.|fe80:)/i.test(address)) return ['may not be in the link-local range (169.254.0.0/16, fe80::/10)'];
  if (/^(0\.0\.0\.0|::)$/.test(address)) return ['may not be unspecified (0.0.0.0 or ::)'];
  return [];
}

export const endpointsRules: KindRules = {
  fillIn(endpoints) {
    for (const subset of listAt(endpoints, 'subsets')) {
      for (const port of listAt(subset, 'ports')) if (isJsonObject(port)) fillMissing(port, { protocol: 'TCP' });
    }
  },
  warnings: () => ['v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice'],
};

export const networkPolicyRules: KindRules = {
  fillIn(policy) {
    const spec: JsonObject = objectAt(policy, 'spec');
    const hasEgress = listAt(spec, 'egress').length > 0;
    fillMissing(spec, { policyTypes: hasEgress ? ['Ingress', 'Egress'] : ['Ingress'] });
    for (const rule of [...listAt(spec, 'ingress'), ...listAt(spec, 'egress')]) {
      for (const port of listAt(rule, 'ports')) if (isJsonObject(port)) fillMissing(port, { protocol: 'TCP' });
    }
  },
};
