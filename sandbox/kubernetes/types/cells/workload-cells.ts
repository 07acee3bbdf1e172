/** The rows of Deployments, ReplicaSets, StatefulSets and DaemonSets. */
import { objectAt } from '../../validation/json.ts';
import { ageOf, containersText, labelsText, numberAt, selectorText } from './cell-text.ts';
import type { Cells } from './cell.ts';

export const workloadCells: Readonly<Record<string, Cells>> = {
  Deployment: (object, nowMs) => {
    const { spec, status } = partsOf(object);
    return [
      object.metadata.name,
      `${numberAt(status, 'readyReplicas')}/${numberAt(spec, 'replicas')}`,
      numberAt(status, 'updatedReplicas'),
      numberAt(status, 'availableReplicas'),
      ageOf(object, nowMs),
      ...containersText(objectAt(spec, 'template')),
      selectorText(spec['selector']),
    ];
  },
  ReplicaSet: (object, nowMs) => {
    const { spec, status } = partsOf(object);
    return [
      object.metadata.name,
      numberAt(spec, 'replicas'),
      numberAt(status, 'replicas'),
      numberAt(status, 'readyReplicas'),
      ageOf(object, nowMs),
      ...containersText(objectAt(spec, 'template')),
      selectorText(spec['selector']),
    ];
  },
  StatefulSet: (object, nowMs) => {
    const { spec, status } = partsOf(object);
    const ready = `${numberAt(status, 'readyReplicas')}/${numberAt(spec, 'replicas')}`;
    return [object.metadata.name, ready, ageOf(object, nowMs), ...containersText(objectAt(spec, 'template'))];
  },
  DaemonSet: (object, nowMs) => {
    const { spec, status } = partsOf(object);
    const template = objectAt(spec, 'template');
    return [
      object.metadata.name,
      numberAt(status, 'desiredNumberScheduled'),
      numberAt(status, 'currentNumberScheduled'),
      numberAt(status, 'numberReady'),
      numberAt(status, 'updatedNumberScheduled'),
      numberAt(status, 'numberAvailable'),
      labelsText(objectAt(objectAt(template, 'spec'), 'nodeSelector')),
      ageOf(object, nowMs),
      ...containersText(template),
      selectorText(spec['selector']),
    ];
  },
};

function partsOf(object: unknown) {
  return { spec: objectAt(object, 'spec'), status: objectAt(object, 'status') };
}
