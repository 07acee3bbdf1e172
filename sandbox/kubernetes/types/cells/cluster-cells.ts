/** The rows of everything that is neither a workload nor of the network. */
import { isJsonObject, listAt, objectAt, stringAt } from '../../validation/json.ts';
import type { JsonObject } from '../../validation/json.ts';
import { age } from '../age.ts';
import { ageOf, none, numberAt, orNone } from './cell-text.ts';
import type { Cells } from './cell.ts';

const created: Cells = ({ metadata }) => [metadata.name, metadata.creationTimestamp];

const binding: Cells = (object, nowMs) => {
  const role = objectAt(object, 'roleRef');
  const subjects = listAt(object, 'subjects').filter(isJsonObject);
  const of = (kind: string, text: (subject: JsonObject) => string) =>
    subjects
      .filter((subject) => subject['kind'] === kind)
      .map(text)
      .join(', ');
  return [
    object.metadata.name,
    `${stringAt(role, 'kind')}/${stringAt(role, 'name')}`,
    ageOf(object, nowMs),
    of('User', (subject) => stringAt(subject, 'name')),
    of('Group', (subject) => stringAt(subject, 'name')),
    of('ServiceAccount', (subject) => `${stringAt(subject, 'namespace')}/${stringAt(subject, 'name')}`),
  ];
};

export const clusterCells: Readonly<Record<string, Cells>> = {
  ClusterRole: created,
  ClusterRoleBinding: binding,
  ConfigMap: (object, nowMs) => {
    const count = sizeAt(object, 'data') + sizeAt(object, 'binaryData');
    return [object.metadata.name, count, ageOf(object, nowMs)];
  },
  CustomResourceDefinition: created,
  Event: eventCells,
  Lease: (object, nowMs) => [
    object.metadata.name,
    stringAt(objectAt(object, 'spec'), 'holderIdentity'),
    ageOf(object, nowMs),
  ],
  LimitRange: created,
  Namespace: (object, nowMs) => [
    object.metadata.name,
    stringAt(objectAt(object, 'status'), 'phase'),
    ageOf(object, nowMs),
  ],
  Node: nodeCells,
  PodDisruptionBudget: (object, nowMs) => {
    const { minAvailable = 'N/A', maxUnavailable = 'N/A' } = objectAt(object, 'spec');
    const allowed = numberAt(objectAt(object, 'status'), 'disruptionsAllowed');
    return [object.metadata.name, String(minAvailable), String(maxUnavailable), allowed, ageOf(object, nowMs)];
  },
  ResourceQuota: (object, nowMs) => {
    const texts = quotaTexts(object);
    const of = (isLimit: boolean) =>
      texts.filter(([name]) => name.startsWith('limits.') === isLimit).map(([name, text]) => `${name}: ${text}`);
    return [object.metadata.name, of(false).join(', '), of(true).join(', '), ageOf(object, nowMs)];
  },
  Role: created,
  RoleBinding: binding,
  Secret: (object, nowMs) => [
    object.metadata.name,
    stringAt(object, 'type'),
    sizeAt(object, 'data'),
    ageOf(object, nowMs),
  ],
  ServiceAccount: (object, nowMs) => [object.metadata.name, ageOf(object, nowMs)],
};

type QuantityTexts = Readonly<Record<string, string>>;

/** `USED/HARD` of each resource. */
function quotaTexts(object: Parameters<Cells>[0]): readonly (readonly [string, string])[] {
  const [hard, used] = ['hard', 'used'].map((field) => objectAt(objectAt(object, 'status'), field) as QuantityTexts);
  const names = Object.keys(hard ?? {}).sort();
  return names.map((name) => [name, `${used?.[name] ?? 0}/${hard?.[name]}`] as const);
}

function sizeAt(object: unknown, key: string): number {
  return Object.keys(objectAt(object, key)).length;
}

/** Of both versions: what events.k8s.io renamed is looked for under either name. */
function eventCells(object: Parameters<Cells>[0], nowMs: number): readonly unknown[] {
  const either = (core: string, events: string): unknown => object[core] ?? object[events];
  const series = objectAt(object, 'series');
  const source = either('source', 'deprecatedSource');
  const about = either('involvedObject', 'regarding');
  const first = text(either('firstTimestamp', 'deprecatedFirstTimestamp')) || stringAt(object, 'eventTime');
  const last =
    stringAt(series, 'lastObservedTime') || text(either('lastTimestamp', 'deprecatedLastTimestamp')) || first;
  const count = numberAt(series, 'count') || Number(either('count', 'deprecatedCount') ?? 0) || 1;
  const component = stringAt(source, 'component') || text(either('reportingComponent', 'reportingController'));
  const host = stringAt(source, 'host') || stringAt(object, 'reportingInstance');
  return [
    age(last, nowMs),
    stringAt(object, 'type'),
    stringAt(object, 'reason'),
    objectText(about),
    stringAt(about, 'fieldPath'),
    host === '' ? component : `${component}, ${host}`,
    text(either('message', 'note')).trim(),
    age(first, nowMs),
    count,
    object.metadata.name,
  ];
}

function objectText(about: unknown): string {
  const kind = stringAt(about, 'kind').toLowerCase();
  const name = stringAt(about, 'name');
  return name === '' ? kind : `${kind}/${name}`;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

const rolePrefix = 'node-role.kubernetes.io/';

function nodeCells(object: Parameters<Cells>[0], nowMs: number): readonly unknown[] {
  const status = objectAt(object, 'status');
  const info = objectAt(status, 'nodeInfo');
  const ready = listAt(status, 'conditions').find((condition) => stringAt(condition, 'type') === 'Ready');
  const states = [ready === undefined ? 'Unknown' : stringAt(ready, 'status') === 'True' ? 'Ready' : 'NotReady'];
  if (objectAt(object, 'spec')['unschedulable'] === true) states.push('SchedulingDisabled');
  const roles = Object.keys(object.metadata.labels ?? {}).filter((label) => label.startsWith(rolePrefix));
  const address = (type: string) => {
    const found = listAt(status, 'addresses').find((one) => stringAt(one, 'type') === type);
    return found === undefined ? none : stringAt(found, 'address');
  };
  const known = (field: string) => stringAt(info, field) || '<unknown>';
  return [
    object.metadata.name,
    states.join(','),
    orNone(
      roles
        .map((label) => label.slice(rolePrefix.length))
        .sort()
        .join(','),
    ),
    ageOf(object, nowMs),
    stringAt(info, 'kubeletVersion'),
    address('InternalIP'),
    address('ExternalIP'),
    known('osImage'),
    known('kernelVersion'),
    known('containerRuntimeVersion'),
  ];
}
