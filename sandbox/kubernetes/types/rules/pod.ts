/**
 * Pods and the pod templates of workloads: their defaults. Of the rules only the one is judged that playing a pod relies
 * on, that it has containers; quantities stay as they are written, and what admission plugins add is not added.
 *
 * Source: k8s.io/kubernetes/pkg/apis/core/v1/defaults.go
 */
import { type FieldProblem, required } from '../../../../operator/admission/field-problem.ts';
import { isJsonObject, type JsonObject, listAt, objectAt, stringAt } from '../../../../operator/admission/json.ts';
import type { BuiltInRules } from '../kind-rules.ts';
import { fillMissing } from './missing.ts';

export const podRules: BuiltInRules = {
  fillIn(pod) {
    const spec = objectAt(pod, 'spec');
    fillPodSpec(spec);
    fillMissing(spec, { enableServiceLinks: true });
    pod['status'] = { phase: 'Pending', ...objectAt(pod, 'status') };
  },
  problems: (pod) => podSpecProblems(objectAt(pod, 'spec'), 'spec'),
};

export function podSpecProblems(spec: JsonObject, path: string): readonly FieldProblem[] {
  return listAt(spec, 'containers').length === 0 ? [required(`${path}.containers`)] : [];
}

export function fillPodSpec(spec: JsonObject): void {
  fillMissing(spec, {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  });
  for (const list of ['initContainers', 'containers']) objectsAt(spec, list).forEach(fillContainer);
  objectsAt(spec, 'volumes').forEach(fillVolume);
}

function objectsAt(parent: unknown, key: string): readonly JsonObject[] {
  return listAt(parent, key).filter(isJsonObject);
}

function fillContainer(container: JsonObject): void {
  const image = stringAt(container, 'image');
  const isLatest = !image.includes('@') && /^(?:.*\/)?[^:/]+(?::latest)?$/.test(image);
  fillMissing(container, {
    imagePullPolicy: isLatest ? 'Always' : 'IfNotPresent',
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  });
  for (const port of objectsAt(container, 'ports')) fillMissing(port, { protocol: 'TCP' });
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    if (isJsonObject(container[probe])) fillProbe(container[probe]);
  }
  for (const variable of listAt(container, 'env')) fillFieldRef(objectAt(variable, 'valueFrom'));
}

function fillProbe(probe: JsonObject): void {
  fillMissing(probe, { failureThreshold: 3, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1 });
  fillMissing(objectAt(probe, 'httpGet'), { path: '/', scheme: 'HTTP' });
}

function fillVolume(volume: JsonObject): void {
  for (const source of ['configMap', 'secret', 'projected', 'downwardAPI']) {
    fillMissing(objectAt(volume, source), { defaultMode: 0o644 });
  }
  const projected = listAt(objectAt(volume, 'projected'), 'sources');
  for (const source of projected) fillMissing(objectAt(source, 'serviceAccountToken'), { expirationSeconds: 3600 });
  const items = [volume, ...projected].flatMap((source) => listAt(objectAt(source, 'downwardAPI'), 'items'));
  items.forEach(fillFieldRef);
}

function fillFieldRef(holder: unknown): void {
  fillMissing(objectAt(holder, 'fieldRef'), { apiVersion: 'v1' });
}
