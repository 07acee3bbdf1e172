/**
 * The kinds that the embedded API server has by itself. What of them is checked: docs/sandbox.md.
 */
import { BuiltInType } from './built-in-type.ts';
import { builtInFacts } from './built-in-facts.ts';
import type { BuiltInFacts } from './built-in-facts.ts';
import { eventsStoredInCore } from './event-versions.ts';
import type { KindRules } from './kind-rules.ts';
import * as cluster from './rules/cluster.ts';
import { configMapRules, secretRules } from './rules/config.ts';
import { definitionRules } from './rules/custom-resource-definition.ts';
import { endpointSliceRules, endpointsRules, networkPolicyRules } from './rules/network.ts';
import { podRules } from './rules/pod.ts';
import { ServiceAddresses } from './rules/service-addresses.ts';
import { serviceRules } from './rules/service.ts';
import * as workload from './rules/workload.ts';

export function builtInTypes(addresses = new ServiceAddresses()): readonly BuiltInType[] {
  const rules: Readonly<Record<string, KindRules>> = {
    ClusterRole: cluster.roleRules,
    ClusterRoleBinding: cluster.bindingRules(['ClusterRole']),
    ConfigMap: configMapRules,
    CustomResourceDefinition: definitionRules,
    DaemonSet: workload.daemonSetRules,
    Deployment: workload.deploymentRules,
    EndpointSlice: endpointSliceRules,
    Endpoints: endpointsRules,
    Event: cluster.coreEventRules,
    Lease: cluster.leaseRules,
    Namespace: cluster.namespaceRules,
    NetworkPolicy: networkPolicyRules,
    Pod: podRules,
    PodDisruptionBudget: cluster.disruptionBudgetRules,
    ReplicaSet: workload.replicaSetRules,
    Role: cluster.roleRules,
    RoleBinding: cluster.bindingRules(['Role', 'ClusterRole']),
    Secret: secretRules,
    Service: serviceRules(addresses),
    StatefulSet: workload.statefulSetRules,
  };
  return builtInFacts.map((facts) =>
    isViewOfCoreEvents(facts)
      ? new BuiltInType(facts, cluster.eventRules, eventsStoredInCore)
      : new BuiltInType(facts, rules[facts.kind] ?? {}),
  );
}

function isViewOfCoreEvents({ group, kind }: BuiltInFacts): boolean {
  return kind === 'Event' && group !== '';
}
