/**
 * Events are stored once and seen twice: as `v1` and as `events.k8s.io/v1`, which gave some fields other names.
 *
 * Source: k8s.io/kubernetes/pkg/apis/events/v1/conversion.go
 */
import type { KubeObject } from '../object.ts';
import type { StoredAs } from '../resource-type.ts';

/** Of `v1`, of `events.k8s.io/v1`. */
const renamed: readonly (readonly [string, string])[] = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
];

const toCore = new Map(renamed.map(([core, events]) => [events, core]));
const toEvents = new Map(renamed);

/** For the type `events.k8s.io/v1`, whose objects are kept as those of `v1`. */
export const eventsStoredInCore: StoredAs = {
  group: '',
  version: 'v1',
  plural: 'events',
  toStored: (event) => rename(event, 'v1', toCore),
  fromStored: (event) => rename(event, 'events.k8s.io/v1', toEvents),
};

function rename(event: KubeObject, apiVersion: string, names: ReadonlyMap<string, string>): KubeObject {
  const fields = Object.entries(event).map(([field, value]) => [names.get(field) ?? field, value]);
  return { ...(Object.fromEntries(fields) as KubeObject), apiVersion };
}
