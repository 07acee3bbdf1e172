/**
 * The kinds that the embedded API server has by itself. What of them is checked: docs/sandbox.md.
 */
import { configMapRules, secretRules } from '../../../operator/admission/data-objects.ts';
import type { ResourceType } from '../resource-type.ts';
import { builtInFacts } from './built-in-facts.ts';
import { builtInType } from './built-in-type.ts';
import { eventsStoredInCore } from './event-versions.ts';
import type { BuiltInRules } from './kind-rules.ts';
import { definitionRules } from './rules/custom-resource-definition.ts';
import { coreEventRules, eventRules } from './rules/event.ts';
import { leaseRules } from './rules/lease.ts';
import { podRules } from './rules/pod.ts';
import { ServiceAddresses } from './rules/service-addresses.ts';
import { endpointSliceRules, serviceRules } from './rules/service.ts';
import * as workload from './rules/workload.ts';

export function builtInTypes(addresses = new ServiceAddresses()): readonly ResourceType[] {
  const rules: Readonly<Record<string, BuiltInRules>> = {
    ClusterRole: { anyName: true },
    ClusterRoleBinding: { anyName: true },
    ConfigMap: configMapRules,
    CustomResourceDefinition: definitionRules,
    DaemonSet: workload.daemonSetRules,
    Deployment: workload.deploymentRules,
    EndpointSlice: endpointSliceRules,
    Event: coreEventRules,
    Lease: leaseRules,
    Pod: podRules,
    ReplicaSet: workload.replicaSetRules,
    Role: { anyName: true },
    RoleBinding: { anyName: true },
    Secret: secretRules,
    Service: serviceRules(addresses),
    StatefulSet: workload.statefulSetRules,
  };
  return builtInFacts.map((facts) => {
    const isViewOfCoreEvents = facts.kind === 'Event' && facts.group !== '';
    return isViewOfCoreEvents
      ? builtInType(facts, eventRules, eventsStoredInCore)
      : builtInType(facts, rules[facts.kind] ?? {});
  });
}
