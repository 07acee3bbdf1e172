/** Pieces of text that the cells of several kinds have in common. */
import type { KubeObject } from '../../object.ts';
import { isJsonObject, listAt, objectAt, stringAt } from '../../validation/json.ts';
import type { JsonObject } from '../../validation/json.ts';
import { age } from '../age.ts';

export const none = '<none>';

export function ageOf({ metadata }: KubeObject, nowMs: number): string {
  return age(metadata.creationTimestamp, nowMs);
}

export function orNone(text: string): string {
  return text === '' ? none : text;
}

export function joined(texts: readonly string[]): string {
  return texts.join(',');
}

/** `app=web,tier=front`, keys in order; `<none>` without any. */
export function labelsText(labels: JsonObject): string {
  return orNone(
    joined(
      Object.keys(labels)
        .sort()
        .map((key) => `${key}=${String(labels[key])}`),
    ),
  );
}

/** `app=web,tier in (a,b),!old` of a LabelSelector. */
export function selectorText(selector: unknown): string {
  const equal = Object.entries(objectAt(selector, 'matchLabels')).map(([key, value]) => [
    key,
    `${key}=${String(value)}`,
  ]);
  const others = listAt(selector, 'matchExpressions')
    .filter(isJsonObject)
    .map((one) => [stringAt(one, 'key'), requirementText(one)]);
  const sorted = [...equal, ...others].sort(([a = ''], [b = '']) => (a < b ? -1 : 1));
  return orNone(joined(sorted.map(([, text = '']) => text)));
}

function requirementText(requirement: JsonObject): string {
  const key = stringAt(requirement, 'key');
  const operator = stringAt(requirement, 'operator');
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  const values = joined(listAt(requirement, 'values').map(String).sort());
  return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values})`;
}

export function numberAt(parent: unknown, key: string): number {
  const value = isJsonObject(parent) ? parent[key] : undefined;
  return typeof value === 'number' ? value : 0;
}

/** Names and images of the containers of a pod template. */
export function containersText(template: JsonObject): [string, string] {
  const containers = listAt(objectAt(template, 'spec'), 'containers');
  return [
    joined(containers.map((one) => stringAt(one, 'name'))),
    joined(containers.map((one) => stringAt(one, 'image'))),
  ];
}
