/**
 * Label selectors: as requests carry them (`app=web,tier!=db,env in (a,b),!legacy`), and as objects do.
 *
 * Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/
 */
import { ApiFailure } from './api-failure.ts';

export type Labels = Readonly<Record<string, string>>;

export interface LabelRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values?: readonly string[];
}

export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly LabelRequirement[];
}

/** An empty selector fits everything. */
export function selects({ matchLabels = {}, matchExpressions = [] }: LabelSelector, labels: Labels = {}): boolean {
  const hasAll = Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
  return hasAll && matchExpressions.every((requirement) => fits(requirement, labels));
}

function fits({ key, operator, values = [] }: LabelRequirement, labels: Labels): boolean {
  const label = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'Exists':
      return label !== undefined;
    case 'DoesNotExist':
      return label === undefined;
    case 'In':
      return label !== undefined && values.includes(label);
    case 'NotIn':
      return label === undefined || !values.includes(label);
    case 'Gt':
      return label !== undefined && Number(label) > Number(values[0]);
    case 'Lt':
      return label !== undefined && Number(label) < Number(values[0]);
  }
}

/** @throws ApiFailure `BadRequest` */
export function parseLabelSelector(text: string): (labels: Labels) => boolean {
  if (text.trim() === '') return () => true;
  // At the commas that are not within parentheses.
  const matchExpressions = text.split(/,(?![^(]*\))/).map((term) => requirementIn(term.trim()));
  return (labels) => selects({ matchExpressions }, labels);
}

const name = '[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?';
const key = `((?:[-a-z0-9.]+/)?${name})`;
const existence = new RegExp(`^(!?)\\s*${key}$`);
const equality = new RegExp(`^${key}\\s*(==?|!=)\\s*(.*)$`);
const membership = new RegExp(`^${key}\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const order = new RegExp(`^${key}\\s*([<>])\\s*(-?\\d+)$`);
const value = new RegExp(`^(${name})?$`);

function requirementIn(term: string): LabelRequirement {
  const requirement = requirementOrNone(term);
  const areValues = (requirement?.values ?? []).every((one) => value.test(one));
  if (requirement !== undefined && areValues) return requirement;
  throw new ApiFailure('BadRequest', `unable to parse requirement: ${JSON.stringify(term)} is no label selector`);
}

function requirementOrNone(term: string): LabelRequirement | undefined {
  const [, negation, present] = existence.exec(term) ?? [];
  if (present !== undefined) return { key: present, operator: negation ? 'DoesNotExist' : 'Exists' };
  const [, equal, sign, wanted = ''] = equality.exec(term) ?? [];
  if (equal !== undefined) return { key: equal, operator: sign === '!=' ? 'NotIn' : 'In', values: [wanted] };
  const [, member, word, list = ''] = membership.exec(term) ?? [];
  const values = list.split(',').map((one) => one.trim());
  if (member !== undefined) return { key: member, operator: word === 'in' ? 'In' : 'NotIn', values };
  const [, ordered, comparison, bound = ''] = order.exec(term) ?? [];
  if (ordered === undefined) return undefined;
  return { key: ordered, operator: comparison === '>' ? 'Gt' : 'Lt', values: [bound] };
}

/** The text of `spec.selector` of a workload, as `status.selector` of a Scale carries it. */
export function labelSelectorText({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string {
  const equal = Object.entries(matchLabels).map(([key, value]) => [key, `${key}=${value}`] as const);
  const others = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return [key, key] as const;
    if (operator === 'DoesNotExist') return [key, `!${key}`] as const;
    return [key, `${key} ${operator.toLowerCase()} (${values.toSorted().join(',')})`] as const;
  });
  const sorted = [...equal, ...others].sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted.map(([, text]) => text).join(',');
}
