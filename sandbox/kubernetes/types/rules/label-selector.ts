/** Whether labels fit a LabelSelector. */
import { isJsonObject, listAt, objectAt, stringAt } from '../../validation/json.ts';
import type { JsonObject } from '../../validation/json.ts';

export function selectorFits(selector: JsonObject, labels: JsonObject): boolean {
  const equal = Object.entries(objectAt(selector, 'matchLabels')).every(([key, value]) => labels[key] === value);
  return (
    equal && listAt(selector, 'matchExpressions').every((one) => isJsonObject(one) && requirementFits(one, labels))
  );
}

function requirementFits(requirement: JsonObject, labels: JsonObject): boolean {
  const key = stringAt(requirement, 'key');
  const values = listAt(requirement, 'values');
  switch (requirement['operator']) {
    case 'In':
      return values.includes(labels[key]);
    case 'NotIn':
      return !Object.hasOwn(labels, key) || !values.includes(labels[key]);
    case 'Exists':
      return Object.hasOwn(labels, key);
    default:
      return !Object.hasOwn(labels, key);
  }
}
