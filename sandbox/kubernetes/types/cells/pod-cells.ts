/**
 * The row of a pod: how many containers are ready, and in one word how it fares.
 */
import type { KubeObject } from '../../object.ts';
import { isJsonObject, listAt, objectAt, stringAt } from '../../validation/json.ts';
import type { JsonObject } from '../../validation/json.ts';
import { age } from '../age.ts';
import { ageOf, none, numberAt, orNone } from './cell-text.ts';

export function podCells(pod: KubeObject, nowMs: number): readonly unknown[] {
  const status = objectAt(pod, 'status');
  const spec = objectAt(pod, 'spec');
  const containers = listAt(status, 'containerStatuses').filter(isJsonObject);
  const ready = containers.filter(
    (one) => one['ready'] === true && isJsonObject(objectAt(one, 'state')['running']),
  ).length;
  return [
    pod.metadata.name,
    `${ready}/${listAt(spec, 'containers').length}`,
    reasonOf(pod, status),
    restartsText(containers, nowMs),
    ageOf(pod, nowMs),
    orNone(stringAt(status, 'podIP')),
    orNone(stringAt(spec, 'nodeName')),
    orNone(stringAt(status, 'nominatedNodeName')),
    readinessGates(spec, status),
  ];
}

function reasonOf({ metadata }: KubeObject, status: JsonObject): string {
  const base = stringAt(status, 'reason') || stringAt(status, 'phase');
  const initializing = initReason(status);
  if (metadata.deletionTimestamp !== undefined)
    return stringAt(status, 'reason') === 'NodeLost' ? 'Unknown' : 'Terminating';
  if (initializing !== undefined) return initializing;
  const reasons = listAt(status, 'containerStatuses').map(containerReason);
  const reason = reasons.find((one) => one !== undefined);
  if (reason === 'Completed' && reasons.includes('running')) return isReady(status) ? 'Running' : 'NotReady';
  return reason === undefined || reason === 'running' ? base : reason;
}

function initReason(status: JsonObject): string | undefined {
  const containers = listAt(status, 'initContainerStatuses');
  for (const [index, container] of containers.entries()) {
    const state = objectAt(container, 'state');
    const terminated = objectAt(state, 'terminated');
    if (isJsonObject(state['terminated']) && numberAt(terminated, 'exitCode') === 0) continue;
    if (isJsonObject(container) && container['started'] === true) continue;
    const waiting = stringAt(objectAt(state, 'waiting'), 'reason');
    if (isJsonObject(state['terminated'])) return `Init:${terminatedReason(terminated)}`;
    if (waiting !== '' && waiting !== 'PodInitializing') return `Init:${waiting}`;
    return `Init:${index}/${containers.length}`;
  }
  return undefined;
}

function containerReason(container: unknown): string | undefined {
  const state = objectAt(container, 'state');
  const waiting = stringAt(objectAt(state, 'waiting'), 'reason');
  if (waiting !== '') return waiting;
  if (isJsonObject(state['terminated'])) return terminatedReason(state['terminated']);
  return isJsonObject(state['running']) ? 'running' : undefined;
}

function terminatedReason(terminated: JsonObject): string {
  const reason = stringAt(terminated, 'reason');
  const signal = numberAt(terminated, 'signal');
  if (reason !== '') return reason;
  return signal === 0 ? `ExitCode:${numberAt(terminated, 'exitCode')}` : `Signal:${signal}`;
}

function isReady(status: JsonObject): boolean {
  return listAt(status, 'conditions').some(
    (one) => stringAt(one, 'type') === 'Ready' && stringAt(one, 'status') === 'True',
  );
}

/** `3 (5m ago)`: since the last container ended. */
function restartsText(containers: readonly JsonObject[], nowMs: number): string {
  const restarts = containers.reduce((sum, container) => sum + numberAt(container, 'restartCount'), 0);
  const ends = containers.map((one) => stringAt(objectAt(objectAt(one, 'lastState'), 'terminated'), 'finishedAt'));
  const last = ends.sort().at(-1) ?? '';
  return restarts > 0 && last !== '' ? `${restarts} (${age(last, nowMs)} ago)` : String(restarts);
}

function readinessGates(spec: JsonObject, status: JsonObject): string {
  const gates = listAt(spec, 'readinessGates').map((gate) => stringAt(gate, 'conditionType'));
  if (gates.length === 0) return none;
  const isTrue = (type: string) =>
    listAt(status, 'conditions').some((one) => stringAt(one, 'type') === type && stringAt(one, 'status') === 'True');
  return `${gates.filter(isTrue).length}/${gates.length}`;
}
