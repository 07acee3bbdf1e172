/**
 * Deployments, ReplicaSets, StatefulSets and DaemonSets: defaults, and how selector and template belong together.
 *
 * Source: k8s.io/kubernetes/pkg/apis/apps/{v1/defaults.go,validation/validation.go}
 */
import { isDeepStrictEqual } from 'node:util';
import type { FieldErrors } from '../../validation/field-errors.ts';
import { isJsonObject, listAt, objectAt, stringAt } from '../../validation/json.ts';
import type { JsonObject } from '../../validation/json.ts';
import { checkLabels } from '../../validation/metadata.ts';
import type { KindRules } from '../kind-rules.ts';
import { selectorFits } from './label-selector.ts';
import { fillMissing } from './missing.ts';
import { checkPodSpec, fillPodSpec } from './pod.ts';
import { shortQuantity } from './quantity.ts';

export const deploymentRules: KindRules = {
  fillIn(object) {
    const spec = fillWorkload(object, { replicas: 1, progressDeadlineSeconds: 600, revisionHistoryLimit: 10 });
    const strategy = objectAt(spec, 'strategy');
    fillMissing(strategy, { type: 'RollingUpdate' });
    if (strategy['type'] === 'RollingUpdate') {
      strategy['rollingUpdate'] = { maxSurge: '25%', maxUnavailable: '25%', ...objectAt(strategy, 'rollingUpdate') };
    }
    spec['strategy'] = strategy;
  },
  check(object, errors, previous) {
    const spec = objectAt(object, 'spec');
    checkWorkload(spec, errors, objectAt(previous, 'spec'));
    const strategy = objectAt(spec, 'strategy');
    if (strategy['type'] === 'Recreate' && strategy['rollingUpdate'] !== undefined) {
      errors.forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'");
    }
    if (strategy['type'] !== 'Recreate' && strategy['type'] !== 'RollingUpdate') {
      errors.notSupported('spec.strategy.type', strategy['type'], ['Recreate', 'RollingUpdate']);
    }
  },
};

export const replicaSetRules: KindRules = {
  fillIn(object) {
    fillWorkload(object, { replicas: 1 });
    object['status'] = { replicas: 0, ...objectAt(object, 'status') };
  },
  check: (object, errors, previous) => checkWorkload(objectAt(object, 'spec'), errors, objectAt(previous, 'spec')),
};

export const statefulSetRules: KindRules = {
  fillIn(object) {
    const spec = fillWorkload(object, {
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      podManagementPolicy: 'OrderedReady',
      replicas: 1,
      revisionHistoryLimit: 10,
    });
    const strategy = objectAt(spec, 'updateStrategy');
    fillMissing(strategy, { type: 'RollingUpdate' });
    if (strategy['type'] === 'RollingUpdate') fillMissing(strategy, { rollingUpdate: { partition: 0 } });
    spec['updateStrategy'] = strategy;
    for (const claim of listAt(spec, 'volumeClaimTemplates')) if (isJsonObject(claim)) fillClaim(claim);
    object['status'] = { availableReplicas: 0, replicas: 0, ...objectAt(object, 'status') };
  },
  check: (object, errors, previous) => checkWorkload(objectAt(object, 'spec'), errors, objectAt(previous, 'spec')),
};

export const daemonSetRules: KindRules = {
  fillIn(object, previous) {
    const spec = fillWorkload(object, { revisionHistoryLimit: 10 });
    const strategy = objectAt(spec, 'updateStrategy');
    fillMissing(strategy, { type: 'RollingUpdate' });
    if (strategy['type'] === 'RollingUpdate') {
      strategy['rollingUpdate'] = { maxSurge: 0, maxUnavailable: 1, ...objectAt(strategy, 'rollingUpdate') };
    }
    spec['updateStrategy'] = strategy;
    if (previous) return;
    const metadata = objectAt(object, 'metadata');
    const annotations = { 'deprecated.daemonset.template.generation': '1', ...objectAt(metadata, 'annotations') };
    object['metadata'] = { ...metadata, annotations };
  },
  check: (object, errors, previous) => checkWorkload(objectAt(object, 'spec'), errors, objectAt(previous, 'spec')),
};

function fillWorkload(object: JsonObject, defaults: JsonObject): JsonObject {
  const spec = objectAt(object, 'spec');
  fillMissing(spec, defaults);
  const podSpec = objectAt(objectAt(spec, 'template'), 'spec');
  fillPodSpec(podSpec);
  return spec;
}

function fillClaim(claim: JsonObject): void {
  fillMissing(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
  const spec = objectAt(claim, 'spec');
  fillMissing(spec, { volumeMode: 'Filesystem' });
  const requests = objectAt(objectAt(spec, 'resources'), 'requests');
  for (const name of Object.keys(requests)) requests[name] = shortQuantity(requests[name]);
  claim['status'] = { phase: 'Pending', ...objectAt(claim, 'status') };
}

function checkWorkload(spec: JsonObject, errors: FieldErrors, before: JsonObject): void {
  const replicas = spec['replicas'];
  if (typeof replicas === 'number' && replicas < 0) {
    errors.invalid('spec.replicas', replicas, 'must be greater than or equal to 0');
  }
  const selector = objectAt(spec, 'selector');
  const isEmpty =
    listAt(selector, 'matchExpressions').length === 0 && Object.keys(objectAt(selector, 'matchLabels')).length === 0;
  if (spec['selector'] === undefined) errors.required('spec.selector');
  else if (isEmpty) errors.invalid('spec.selector', selector, 'empty selector is invalid for deployment');
  const template = objectAt(spec, 'template');
  const labels = objectAt(template, 'metadata')['labels'];
  if (spec['selector'] === undefined || !selectorFits(selector, isJsonObject(labels) ? labels : {})) {
    const detail = '`selector` does not match template `labels`';
    errors.invalid('spec.template.metadata.labels', labels ?? null, detail);
  }
  checkLabels(isJsonObject(labels) ? labels : {}, 'spec.template.labels', errors);
  const podSpec = objectAt(template, 'spec');
  checkPodSpec(podSpec, 'spec.template.spec', errors);
  const policy = stringAt(podSpec, 'restartPolicy');
  if (policy === 'OnFailure' || policy === 'Never') {
    errors.notSupported('spec.template.spec.restartPolicy', policy, ['Always']);
  }
  if (before['selector'] !== undefined && !isDeepStrictEqual(selector, before['selector'])) {
    errors.invalid('spec.selector', selector, 'field is immutable');
  }
}
