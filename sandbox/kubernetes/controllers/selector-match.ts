/** Whether labels fit a selector. Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ */
import type { LabelRequirement, Labels, LabelSelector } from './shapes.ts';

/** An empty selector fits everything. */
export function selects({ matchLabels, matchExpressions = [] }: LabelSelector, labels: Labels = {}): boolean {
  return hasAll(labels, matchLabels ?? {}) && matchExpressions.every((requirement) => fits(requirement, labels));
}

function hasAll(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value);
}

function fits({ key, operator, values = [] }: LabelRequirement, labels: Labels): boolean {
  const value = labels[key];
  switch (operator) {
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
  }
}
