/**
 * Pods and the pod templates of workloads: defaults, and the rules of containers that people run into.
 *
 * Source: k8s.io/kubernetes/pkg/apis/core/{v1/defaults.go,validation/validation.go}
 */
import type { FieldErrors } from '../../validation/field-errors.ts';
import { isJsonObject, listAt, objectAt, stringAt } from '../../validation/json.ts';
import type { JsonObject } from '../../validation/json.ts';
import { checkLabelName, checkPort, checkPortName } from '../../validation/names.ts';
import type { KindRules } from '../kind-rules.ts';
import { fillMissing } from './missing.ts';
import { shortQuantity } from './quantity.ts';
import { isDeepStrictEqual } from 'node:util';

const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const restartPolicies = ['Always', 'OnFailure', 'Never'];

export const podRules: KindRules = {
  fillIn(pod, previous) {
    const spec = objectAt(pod, 'spec');
    fillPodSpec(spec);
    for (const list of ['initContainers', 'containers'])
      for (const container of listAt(spec, list)) fillRequests(container);
    fillMissing(spec, { enableServiceLinks: true });
    // What it was given stays with it when an update leaves it out.
    if (previous) allotPodSpec(spec);
    const status = objectAt(pod, 'status');
    fillMissing(status, { phase: 'Pending', qosClass: qosClass(spec) });
    pod['status'] = status;
  },
  allot(pod, previous) {
    if (previous) return pod;
    const spec = { ...objectAt(pod, 'spec') };
    allotPodSpec(spec);
    return { ...pod, spec };
  },
  check(pod, errors, previous) {
    const spec = objectAt(pod, 'spec');
    checkPodSpec(spec, 'spec', errors);
    if (previous) checkPodUpdate(spec, objectAt(previous, 'spec'), errors);
  },
};

/** What the admission plugins of the API server give to a pod. */
function allotPodSpec(spec: JsonObject): void {
  fillMissing(spec, { preemptionPolicy: 'PreemptLowerPriority', priority: 0, serviceAccountName: 'default' });
  fillMissing(spec, { serviceAccount: spec['serviceAccountName'] });
  fillMissing(spec, { tolerations: [toleration('not-ready'), toleration('unreachable')] });
}

/** Of pods only: a template keeps what it says. */
function fillRequests(container: unknown): void {
  const resources = objectAt(container, 'resources');
  if (isJsonObject(resources['limits'])) {
    resources['requests'] = { ...resources['limits'], ...objectAt(resources, 'requests') };
  }
}

function toleration(condition: string): JsonObject {
  const key = `node.kubernetes.io/${condition}`;
  return { effect: 'NoExecute', key, operator: 'Exists', tolerationSeconds: 300 };
}

export function fillPodSpec(spec: JsonObject): void {
  fillMissing(spec, {
    dnsPolicy: 'ClusterFirst',
    restartPolicy: 'Always',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  });
  for (const list of ['initContainers', 'containers']) {
    for (const container of listAt(spec, list)) if (isJsonObject(container)) fillContainer(container);
  }
  for (const volume of listAt(spec, 'volumes')) if (isJsonObject(volume)) fillVolume(volume);
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
  for (const port of listAt(container, 'ports')) if (isJsonObject(port)) fillMissing(port, { protocol: 'TCP' });
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    if (isJsonObject(container[probe])) fillProbe(container[probe]);
  }
  for (const variable of listAt(container, 'env'))
    fillMissing(objectAt(objectAt(variable, 'valueFrom'), 'fieldRef'), v1);
  const resources = objectAt(container, 'resources');
  for (const kind of ['limits', 'requests']) {
    const quantities = objectAt(resources, kind);
    for (const name of Object.keys(quantities)) quantities[name] = shortQuantity(quantities[name]);
  }
}

const v1 = { apiVersion: 'v1' };

function fillProbe(probe: JsonObject): void {
  fillMissing(probe, { failureThreshold: 3, periodSeconds: 10, successThreshold: 1, timeoutSeconds: 1 });
  if (isJsonObject(probe['httpGet'])) fillMissing(probe['httpGet'], { path: '/', scheme: 'HTTP' });
  if (isJsonObject(probe['grpc'])) fillMissing(probe['grpc'], { service: '' });
}

function fillVolume(volume: JsonObject): void {
  for (const source of ['configMap', 'secret', 'projected', 'downwardAPI']) {
    if (isJsonObject(volume[source])) fillMissing(volume[source], { defaultMode: 0o644 });
  }
  for (const item of listAt(objectAt(volume, 'downwardAPI'), 'items')) fillMissing(objectAt(item, 'fieldRef'), v1);
  for (const source of listAt(objectAt(volume, 'projected'), 'sources')) {
    const token = objectAt(source, 'serviceAccountToken');
    fillMissing(token, { expirationSeconds: 3600 });
    for (const item of listAt(objectAt(source, 'downwardAPI'), 'items')) fillMissing(objectAt(item, 'fieldRef'), v1);
  }
  if (isJsonObject(volume['hostPath'])) volume['hostPath']['type'] ??= '';
}

export function checkPodSpec(spec: JsonObject, path: string, errors: FieldErrors): void {
  const names = new Set<string>();
  for (const list of ['initContainers', 'containers']) {
    for (const [index, container] of listAt(spec, list).entries()) {
      if (isJsonObject(container)) checkContainer(container, `${path}.${list}[${index}]`, names, errors);
    }
  }
  if (listAt(spec, 'containers').length === 0) errors.required(`${path}.containers`);
  const policy = stringAt(spec, 'restartPolicy');
  if (!restartPolicies.includes(policy)) errors.notSupported(`${path}.restartPolicy`, policy, restartPolicies);
}

function checkContainer(container: JsonObject, path: string, names: Set<string>, errors: FieldErrors): void {
  const name = stringAt(container, 'name');
  if (name === '') errors.required(`${path}.name`);
  else for (const problem of checkLabelName(name)) errors.invalid(`${path}.name`, name, problem);
  if (names.has(name)) errors.duplicate(`${path}.name`, name);
  names.add(name);
  if (stringAt(container, 'image') === '') errors.required(`${path}.image`);
  for (const [index, port] of listAt(container, 'ports').entries()) {
    checkContainerPort(port, `${path}.ports[${index}]`, errors);
  }
  for (const [index, variable] of listAt(container, 'env').entries()) {
    const key = stringAt(variable, 'name');
    if (key === '') errors.required(`${path}.env[${index}].name`);
    else if (!/^[ -<>-~]+$/.test(key)) errors.invalid(`${path}.env[${index}].name`, key, wrongVariable);
  }
  const policy = stringAt(container, 'imagePullPolicy');
  if (!pullPolicies.includes(policy)) errors.notSupported(`${path}.imagePullPolicy`, policy, pullPolicies);
}

const wrongVariable =
  "a valid environment variable name must consist only of printable ASCII characters other than '='";

function checkContainerPort(port: unknown, path: string, errors: FieldErrors): void {
  if (!isJsonObject(port)) return;
  const name = stringAt(port, 'name');
  if (name !== '') for (const problem of checkPortName(name)) errors.invalid(`${path}.name`, name, problem);
  const number = port['containerPort'];
  if (number === 0 || number === undefined) errors.required(`${path}.containerPort`);
  else for (const problem of checkPort(number)) errors.invalid(`${path}.containerPort`, number, problem);
  if (!protocols.includes(String(port['protocol']))) {
    errors.notSupported(`${path}.protocol`, port['protocol'], protocols);
  }
}

/** The fields of a pod that an update may change, beside the images of its containers. */
const mutable = [
  'activeDeadlineSeconds',
  'nodeName',
  'schedulingGates',
  'terminationGracePeriodSeconds',
  'tolerations',
];

function checkPodUpdate(spec: JsonObject, before: JsonObject, errors: FieldErrors): void {
  if (isDeepStrictEqual(fixedPart(spec), fixedPart(before))) return;
  errors.forbidden(
    'spec',
    'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
      '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
      '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  );
}

function fixedPart(spec: JsonObject): JsonObject {
  const rest = Object.fromEntries(Object.entries(spec).filter(([field]) => !mutable.includes(field)));
  const withoutImages = (container: unknown) => ({ ...(container as JsonObject), image: '' });
  return {
    ...rest,
    containers: listAt(spec, 'containers').map(withoutImages),
    initContainers: listAt(spec, 'initContainers').map(withoutImages),
  };
}

function qosClass(spec: JsonObject): string {
  const containers = [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')];
  const resources = containers.map((container) => objectAt(container, 'resources'));
  const isSet = (kind: JsonObject) => kind['cpu'] !== undefined || kind['memory'] !== undefined;
  if (!resources.some((one) => isSet(objectAt(one, 'limits')) || isSet(objectAt(one, 'requests')))) return 'BestEffort';
  const isGuaranteed = resources.every((one) => {
    const limits = objectAt(one, 'limits');
    const requests = objectAt(one, 'requests');
    return ['cpu', 'memory'].every((name) => limits[name] !== undefined && limits[name] === requests[name]);
  });
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}
