/**
 * Deployments, ReplicaSets, StatefulSets and DaemonSets: defaults, and that the selector fits the template, without which
 * a controller would make pods for ever.
 *
 * Source: k8s.io/kubernetes/pkg/apis/apps/{v1/defaults.go,validation/validation.go}
 */
import { type FieldProblem, invalid, required } from '../../../../operator/admission/field-problem.ts';
import { type JsonObject, objectAt } from '../../../../operator/admission/json.ts';
import { selects, type Labels } from '../../label-selector.ts';
import type { BuiltInRules } from '../kind-rules.ts';
import { fillMissing } from './missing.ts';
import { fillPodSpec, podSpecProblems } from './pod.ts';

export const deploymentRules: BuiltInRules = {
  fillIn(object) {
    const spec = fillWorkload(object, { replicas: 1, progressDeadlineSeconds: 600, revisionHistoryLimit: 10 });
    fillStrategy(spec, 'strategy', { maxSurge: '25%', maxUnavailable: '25%' });
  },
  problems: workloadProblems,
};

export const replicaSetRules: BuiltInRules = {
  fillIn(object) {
    fillWorkload(object, { replicas: 1 });
    object['status'] = { replicas: 0, ...objectAt(object, 'status') };
  },
  problems: workloadProblems,
};

export const statefulSetRules: BuiltInRules = {
  fillIn(object) {
    const spec = fillWorkload(object, {
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      podManagementPolicy: 'OrderedReady',
      replicas: 1,
      revisionHistoryLimit: 10,
    });
    fillStrategy(spec, 'updateStrategy', { partition: 0 });
    object['status'] = { availableReplicas: 0, replicas: 0, ...objectAt(object, 'status') };
  },
  problems: workloadProblems,
};

export const daemonSetRules: BuiltInRules = {
  fillIn(object) {
    const spec = fillWorkload(object, { revisionHistoryLimit: 10 });
    fillStrategy(spec, 'updateStrategy', { maxSurge: 0, maxUnavailable: 1 });
  },
  problems: workloadProblems,
};

function fillWorkload(object: JsonObject, defaults: JsonObject): JsonObject {
  const spec = objectAt(object, 'spec');
  fillMissing(spec, defaults);
  fillPodSpec(objectAt(objectAt(spec, 'template'), 'spec'));
  return spec;
}

function fillStrategy(spec: JsonObject, field: string, rollingUpdate: JsonObject): void {
  const strategy = objectAt(spec, field);
  fillMissing(strategy, { type: 'RollingUpdate' });
  if (strategy['type'] === 'RollingUpdate') {
    strategy['rollingUpdate'] = { ...rollingUpdate, ...objectAt(strategy, 'rollingUpdate') };
  }
  spec[field] = strategy;
}

function* workloadProblems(object: JsonObject): Generator<FieldProblem> {
  const spec = objectAt(object, 'spec');
  const selector = objectAt(spec, 'selector');
  const template = objectAt(spec, 'template');
  const labels = objectAt(objectAt(template, 'metadata'), 'labels') as Labels;
  if (Object.keys(selector).length === 0) yield required('spec.selector');
  else if (!selects(selector, labels)) {
    yield invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`');
  }
  yield* podSpecProblems(objectAt(template, 'spec'), 'spec.template.spec');
}
