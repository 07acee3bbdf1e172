/**
 * Services: ports, types, cluster IPs and node ports.
 *
 * Source: k8s.io/kubernetes/pkg/apis/core/{v1/defaults.go,validation/validation.go}
 */
import { isIP } from 'node:net';
import type { FieldErrors } from '../../validation/field-errors.ts';
import { isJsonObject, listAt, objectAt, stringAt } from '../../validation/json.ts';
import type { JsonObject } from '../../validation/json.ts';
import { checkLabels } from '../../validation/metadata.ts';
import { checkLabelName, checkPort, checkPortName, checkSubdomain } from '../../validation/names.ts';
import type { KindRules } from '../kind-rules.ts';
import { fillMissing } from './missing.ts';
import type { ServiceAddresses } from './service-addresses.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const wrongAddress = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

export function serviceRules(pool: ServiceAddresses): KindRules {
  return {
    nameForm: 'service',
    fillIn(service) {
      const spec = objectAt(service, 'spec');
      fillMissing(spec, { sessionAffinity: 'None', type: 'ClusterIP' });
      if (spec['sessionAffinity'] === 'ClientIP') fillMissing(spec, { sessionAffinityConfig: clientIp() });
      for (const port of portsOf(spec)) {
        fillMissing(port, { protocol: 'TCP' });
        if (!port['targetPort']) port['targetPort'] = port['port'];
      }
      fillByType(spec);
      const status = objectAt(service, 'status');
      service['status'] = { loadBalancer: {}, ...status };
    },
    allot(service, previous) {
      const spec = structuredClone(objectAt(service, 'spec'));
      allocate(spec, objectAt(previous, 'spec'), pool);
      return { ...service, spec };
    },
    check(service, errors, previous) {
      const spec = objectAt(service, 'spec');
      const ingress = listAt(objectAt(objectAt(service, 'status'), 'loadBalancer'), 'ingress');
      if (ingress.length > 0 && spec['type'] !== 'LoadBalancer') {
        errors.forbidden('status.loadBalancer.ingress', "may only be used when `spec.type` is 'LoadBalancer'");
      }
      checkSpec(spec, errors);
      checkAllocated(spec, objectAt(previous, 'spec'), pool, errors);
    },
  };
}

/** What a Service has taken of the pool. */
export function addressesOf(service: unknown): (string | number)[] {
  const spec = objectAt(service, 'spec');
  const address = stringAt(spec, 'clusterIP');
  const nodePorts = portsOf(spec).map((port) => port['nodePort']);
  const taken = nodePorts.filter((port): port is number => typeof port === 'number' && port > 0);
  return address === '' || address === 'None' ? taken : [address, ...taken];
}

function clientIp(): JsonObject {
  return { clientIP: { timeoutSeconds: 10_800 } };
}

function portsOf(spec: JsonObject): readonly JsonObject[] {
  return listAt(spec, 'ports').filter(isJsonObject);
}

function fillByType(spec: JsonObject): void {
  const type = spec['type'];
  if (type === 'ExternalName') {
    delete spec['clusterIP'];
    delete spec['clusterIPs'];
    return;
  }
  fillMissing(spec, { internalTrafficPolicy: 'Cluster' });
  if (isExternal(spec)) fillMissing(spec, { externalTrafficPolicy: 'Cluster' });
  else delete spec['externalTrafficPolicy'];
  if (type === 'LoadBalancer') fillMissing(spec, { allocateLoadBalancerNodePorts: true });
  else delete spec['allocateLoadBalancerNodePorts'];
}

function isExternal(spec: JsonObject): boolean {
  return spec['type'] === 'NodePort' || spec['type'] === 'LoadBalancer';
}

function allocate(spec: JsonObject, before: JsonObject, pool: ServiceAddresses): void {
  if (spec['type'] === 'ExternalName') return;
  fillMissing(spec, { ipFamilyPolicy: 'SingleStack' });
  // What was given to the Service stays with it when an update leaves it out.
  if (!spec['clusterIP'] && before['clusterIP'] !== undefined) spec['clusterIP'] = before['clusterIP'];
  if (!spec['clusterIP']) spec['clusterIP'] = listAt(spec, 'clusterIPs')[0] ?? pool.freeAddress();
  fillMissing(spec, {
    clusterIPs: [spec['clusterIP']],
    ipFamilies: [isIP(String(spec['clusterIP'])) === 6 ? 'IPv6' : 'IPv4'],
  });
  const portsBefore = portsOf(before);
  for (const port of portsOf(spec)) {
    if (!isExternal(spec)) delete port['nodePort'];
    else if (!port['nodePort'] && spec['allocateLoadBalancerNodePorts'] !== false) {
      const same = portsBefore.find((one) => one['port'] === port['port'] && one['protocol'] === port['protocol']);
      port['nodePort'] = same?.['nodePort'] ?? pool.freePort();
    }
  }
}

function checkSpec(spec: JsonObject, errors: FieldErrors): void {
  const type = spec['type'];
  const ports = portsOf(spec);
  if (ports.length === 0 && spec['clusterIP'] !== 'None' && type !== 'ExternalName') errors.required('spec.ports');
  const names = new Set<string>();
  for (const [index, port] of ports.entries()) {
    checkServicePort(port, `spec.ports[${index}]`, ports.length > 1, names, errors);
  }
  checkLabels(objectAt(spec, 'selector'), 'spec.selector', errors);
  if (!['ClientIP', 'None'].includes(String(spec['sessionAffinity']))) {
    errors.notSupported('spec.sessionAffinity', spec['sessionAffinity'], ['ClientIP', 'None']);
  }
  if (!types.includes(String(type))) errors.notSupported('spec.type', type, types);
  if (type === 'ExternalName') checkExternalName(stringAt(spec, 'externalName').replace(/\.$/, ''), errors);
  const seen = new Set<string>();
  for (const [index, { protocol, port }] of ports.entries()) {
    const key = `${String(protocol)} ${String(port)}`;
    if (seen.has(key)) errors.duplicate(`spec.ports[${index}]`, { Protocol: protocol, Port: port });
    seen.add(key);
  }
}

function checkExternalName(name: string, errors: FieldErrors): void {
  if (name === '') errors.required('spec.externalName');
  else for (const problem of checkSubdomain(name)) errors.invalid('spec.externalName', name, problem);
}

function checkServicePort(
  port: JsonObject,
  path: string,
  needsName: boolean,
  names: Set<string>,
  errors: FieldErrors,
): void {
  const name = stringAt(port, 'name');
  if (name === '' && needsName) errors.required(`${path}.name`);
  if (name !== '') {
    for (const problem of checkLabelName(name)) errors.invalid(`${path}.name`, name, problem);
    if (names.has(name)) errors.duplicate(`${path}.name`, name);
    names.add(name);
  }
  for (const problem of checkPort(port['port'])) errors.invalid(`${path}.port`, port['port'], problem);
  if (!protocols.includes(String(port['protocol']))) {
    errors.notSupported(`${path}.protocol`, port['protocol'], protocols);
  }
  const target = port['targetPort'];
  const problems = typeof target === 'string' ? checkPortName(target) : checkPort(target);
  for (const problem of problems) errors.invalid(`${path}.targetPort`, target, problem);
}

function checkAllocated(spec: JsonObject, before: JsonObject, pool: ServiceAddresses, errors: FieldErrors): void {
  const address = stringAt(spec, 'clusterIP');
  const addressBefore = stringAt(before, 'clusterIP');
  if (address !== '' && address !== 'None') {
    if (isIP(address) === 0) errors.invalid('spec.clusterIPs[0]', address, wrongAddress);
    else if (addressBefore !== '' && address !== addressBefore && before['type'] !== 'ExternalName') {
      errors.invalid('spec.clusterIPs[0]', [address], 'may not change once set');
    } else if (!pool.isInRange(address)) {
      const range = `the provided IP (${address}) is not in the valid range. The range of valid IPs is 10.96.0.0/16`;
      errors.invalid('spec.clusterIPs', [address], `failed to allocate IP ${address}: ${range}`);
    } else if (address !== addressBefore && pool.isUsed(address)) {
      const taken = `failed to allocate IP ${address}: provided IP is already allocated`;
      errors.invalid('spec.clusterIPs', [address], taken);
    }
  }
  const portsBefore = new Set(portsOf(before).map((port) => port['nodePort']));
  for (const [index, { nodePort }] of portsOf(spec).entries()) {
    if (typeof nodePort !== 'number' || nodePort === 0 || portsBefore.has(nodePort)) continue;
    const path = `spec.ports[${index}].nodePort`;
    if (nodePort < 30_000 || nodePort > 32_767) {
      errors.invalid(
        path,
        nodePort,
        'provided port is not in the valid range. The range of valid ports is 30000-32767',
      );
    } else if (pool.isUsed(nodePort)) errors.invalid(path, nodePort, 'provided port is already allocated');
  }
}
