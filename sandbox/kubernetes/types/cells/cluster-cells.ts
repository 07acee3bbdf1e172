/** The rows of what is neither a workload nor before one. */
import { listAt, objectAt, stringAt } from '../../../../operator/admission/json.ts';
import type { KubeObject } from '../../object.ts';
import { age } from '../age.ts';
import { ageOf, type Cells, none, numberAt } from './cell-text.ts';

export const clusterCells: Readonly<Record<string, Cells>> = {
  ConfigMap: (object, nowMs) => {
    const count = sizeAt(object, 'data') + sizeAt(object, 'binaryData');
    return [object.metadata.name, count, ageOf(object, nowMs)];
  },
  CustomResourceDefinition: ({ metadata }) => [metadata.name, metadata.creationTimestamp],
  Event: eventCells,
  Lease: (object, nowMs) => {
    const holder = stringAt(objectAt(object, 'spec'), 'holderIdentity');
    return [object.metadata.name, holder, ageOf(object, nowMs)];
  },
  Namespace: (object, nowMs) => {
    return [object.metadata.name, stringAt(objectAt(object, 'status'), 'phase'), ageOf(object, nowMs)];
  },
  Node: nodeCells,
  Secret: (object, nowMs) => {
    return [object.metadata.name, stringAt(object, 'type'), sizeAt(object, 'data'), ageOf(object, nowMs)];
  },
};

function sizeAt(object: unknown, key: string): number {
  return Object.keys(objectAt(object, key)).length;
}

/** Of both versions: what events.k8s.io renamed is looked for under either name. */
function eventCells(object: KubeObject, nowMs: number): readonly unknown[] {
  const either = (core: string, events: string): unknown => object[core] ?? object[events];
  const series = objectAt(object, 'series');
  const source = either('source', 'deprecatedSource');
  const about = either('involvedObject', 'regarding');
  const first = textOf(either('firstTimestamp', 'deprecatedFirstTimestamp')) || stringAt(object, 'eventTime');
  const last =
    stringAt(series, 'lastObservedTime') || textOf(either('lastTimestamp', 'deprecatedLastTimestamp')) || first;
  const count = numberAt(series, 'count') || Number(either('count', 'deprecatedCount') ?? 0) || 1;
  const component = stringAt(source, 'component') || textOf(either('reportingComponent', 'reportingController'));
  const host = stringAt(source, 'host') || stringAt(object, 'reportingInstance');
  return [
    age(last, nowMs),
    stringAt(object, 'type'),
    stringAt(object, 'reason'),
    [stringAt(about, 'kind').toLowerCase(), stringAt(about, 'name')].filter((part) => part !== '').join('/'),
    stringAt(about, 'fieldPath'),
    host === '' ? component : `${component}, ${host}`,
    textOf(either('message', 'note')).trim(),
    age(first, nowMs),
    count,
    object.metadata.name,
  ];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Nodes have no roles here. */
function nodeCells(object: KubeObject, nowMs: number): readonly unknown[] {
  const status = objectAt(object, 'status');
  const info = objectAt(status, 'nodeInfo');
  const find = (list: string, type: string) => listAt(status, list).find((one) => stringAt(one, 'type') === type);
  const isReady = stringAt(find('conditions', 'Ready'), 'status') === 'True';
  const isCordoned = objectAt(object, 'spec')['unschedulable'] === true;
  const known = (field: string) => stringAt(info, field) || '<unknown>';
  return [
    object.metadata.name,
    [isReady ? 'Ready' : 'NotReady', ...(isCordoned ? ['SchedulingDisabled'] : [])].join(','),
    none,
    ageOf(object, nowMs),
    stringAt(info, 'kubeletVersion'),
    stringAt(find('addresses', 'InternalIP'), 'address') || none,
    none,
    known('osImage'),
    known('kernelVersion'),
    known('containerRuntimeVersion'),
  ];
}
