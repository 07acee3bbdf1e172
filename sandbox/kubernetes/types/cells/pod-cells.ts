/**
 * The row of a pod as it is played: how many containers are ready, and in one word how it fares. Init containers that
 * fail, signals and the like are not told.
 */
import { isJsonObject, listAt, objectAt, stringAt } from '../../../../operator/admission/json.ts';
import type { KubeObject } from '../../object.ts';
import { ageOf, none, numberAt, orNone } from './cell-text.ts';

export function podCells(pod: KubeObject, nowMs: number): readonly unknown[] {
  const status = objectAt(pod, 'status');
  const spec = objectAt(pod, 'spec');
  const containers = listAt(status, 'containerStatuses').filter(isJsonObject);
  const ready = containers.filter((container) => container['ready'] === true).length;
  const restarts = containers.reduce((sum, container) => sum + numberAt(container, 'restartCount'), 0);
  const waiting = containers.map((container) => stringAt(objectAt(objectAt(container, 'state'), 'waiting'), 'reason'));
  const fares = waiting.find((reason) => reason !== '') ?? (stringAt(status, 'reason') || stringAt(status, 'phase'));
  return [
    pod.metadata.name,
    `${ready}/${listAt(spec, 'containers').length}`,
    pod.metadata.deletionTimestamp === undefined ? fares : 'Terminating',
    String(restarts),
    ageOf(pod, nowMs),
    orNone(stringAt(status, 'podIP')),
    orNone(stringAt(spec, 'nodeName')),
    none,
    none,
  ];
}
