/**
 * Services and EndpointSlices: defaults, and the addresses that Services are given. Of a Service only that it has ports is
 * asked.
 *
 * Source: k8s.io/kubernetes/pkg/apis/{core,discovery}/v1/defaults.go
 */
import { isIPv6 } from 'node:net';
import { required } from '../../../../operator/admission/field-problem.ts';
import { isJsonObject, type JsonObject, listAt, objectAt } from '../../../../operator/admission/json.ts';
import type { BuiltInRules } from '../kind-rules.ts';
import { fillMissing } from './missing.ts';
import type { ServiceAddresses } from './service-addresses.ts';

export function serviceRules(pool: ServiceAddresses): BuiltInRules {
  return {
    fillIn(service) {
      const spec = objectAt(service, 'spec');
      fillMissing(spec, { sessionAffinity: 'None', type: 'ClusterIP' });
      if (spec['sessionAffinity'] === 'ClientIP') {
        fillMissing(spec, { sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } } });
      }
      for (const port of portsOf(spec)) {
        fillMissing(port, { protocol: 'TCP' });
        if (!port['targetPort']) port['targetPort'] = port['port'];
      }
      fillByType(spec);
      service['status'] = { loadBalancer: {}, ...objectAt(service, 'status') };
    },
    allot(service, previous) {
      const spec = structuredClone(objectAt(service, 'spec'));
      allocate(spec, objectAt(previous, 'spec'), pool);
      return { ...service, spec };
    },
    *problems(service) {
      const spec = objectAt(service, 'spec');
      const needsPorts = spec['clusterIP'] !== 'None' && spec['type'] !== 'ExternalName';
      if (needsPorts && portsOf(spec).length === 0) yield required('spec.ports');
    },
  };
}

export const endpointSliceRules: BuiltInRules = {
  fillIn(slice) {
    for (const port of portsOf(slice)) {
      port['name'] ??= '';
      fillMissing(port, { protocol: 'TCP' });
    }
  },
};

function portsOf(holder: JsonObject): readonly JsonObject[] {
  return listAt(holder, 'ports').filter(isJsonObject);
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
    ipFamilies: [isIPv6(String(spec['clusterIP'])) ? 'IPv6' : 'IPv4'],
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
