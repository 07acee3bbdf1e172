/**
 * Label selectors as requests carry them: `app=web,tier!=db,env in (a,b),!legacy`, with the API server's own messages for
 * what it cannot read.
 *
 * Source: k8s.io/apimachinery/pkg/labels/selector.go
 */
import { ApiFailure } from './api-failure.ts';

export type Labels = Readonly<Record<string, string>>;
export type LabelSelector = (labels: Labels) => boolean;

/** @throws ApiFailure `BadRequest` */
export function parseLabelSelector(text: string): LabelSelector {
  const tokens = tokensOf(text);
  if (tokens.length === 0) return () => true;
  const requirements = [requirementOf(tokens)];
  while (tokens.length > 0) {
    const separator = tokens.shift();
    if (separator !== ',') throw unreadable(`found '${separator}', expected: ',' or 'end of string'`);
    requirements.push(requirementOf(tokens));
  }
  return (labels) => requirements.every((requirement) => requirement(labels));
}

function tokensOf(text: string): string[] {
  const tokens = text.match(/\s+|[(),]|==|!=|[=!<>]|[^\s(),=!<>]+/g) ?? [];
  return tokens.filter((token) => token.trim() !== '');
}

const operators = 'in, notin, =, ==, !=, gt, lt';

/** Takes one requirement from the head of the tokens. */
function requirementOf(tokens: string[]): LabelSelector {
  const isNegated = tokens[0] === '!';
  if (isNegated) tokens.shift();
  const key = tokens.shift() ?? '';
  if (!isWord(key)) throw unreadable(`unable to parse requirement: found '${key}', expected: identifier`);
  requireKey(key);
  const operator = tokens[0];
  if (operator === undefined || operator === ',') {
    return isNegated ? (labels) => !(key in labels) : (labels) => key in labels;
  }
  if (isNegated) throw unreadable(`unable to parse requirement: found '${operator}', expected: ',' or 'end of string'`);
  tokens.shift();
  switch (operator) {
    case '=':
    case '==': {
      const value = valueOf(tokens);
      return (labels) => labels[key] === value;
    }
    case '!=': {
      const value = valueOf(tokens);
      return (labels) => labels[key] !== value;
    }
    case 'in': {
      const values = valuesOf(tokens);
      return (labels) => labels[key] !== undefined && values.has(labels[key]);
    }
    case 'notin': {
      const values = valuesOf(tokens);
      return (labels) => labels[key] === undefined || !values.has(labels[key]);
    }
    case '>':
      return compared(key, tokens, (label, bound) => label > bound);
    case '<':
      return compared(key, tokens, (label, bound) => label < bound);
    default:
      throw unreadable(`unable to parse requirement: found '${operator}', expected: ${operators}`);
  }
}

function compared(key: string, tokens: string[], holds: (label: number, bound: number) => boolean): LabelSelector {
  const text = valueOf(tokens);
  const bound = Number(text);
  if (text === '' || !Number.isInteger(bound)) {
    throw unreadable(
      `values[0][${key}]: Invalid value: "${text}": for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  }
  return (labels) => labels[key] !== undefined && holds(Number(labels[key]), bound);
}

/** A value may be empty: `key=`. */
function valueOf(tokens: string[]): string {
  const next = tokens[0];
  if (next === undefined || next === ',') return '';
  if (!isWord(next)) throw unreadable(`unable to parse requirement: found '${next}', expected: identifier`);
  tokens.shift();
  return requireValue(next);
}

function valuesOf(tokens: string[]): ReadonlySet<string> {
  const open = tokens.shift() ?? '';
  if (open !== '(') throw unreadable(`unable to parse requirement: found '${open}' expected: '('`);
  const values = new Set<string>();
  while (tokens.length > 0) {
    values.add(tokens[0] === ')' ? '' : valueOf(tokens));
    const end = tokens.shift();
    if (end === ')') return values;
    if (end !== ',') break;
  }
  throw unreadable(`unable to parse requirement: found '${tokens[0] ?? ''}', expected: ',' or ')'`);
}

function isWord(token: string): boolean {
  return token !== '' && !'(),=!<>'.includes(token[0]!);
}

const name = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const prefix = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

function requireKey(key: string): void {
  const slash = key.indexOf('/');
  const isValid = name.test(key.slice(slash + 1)) && (slash < 0 || prefix.test(key.slice(0, slash)));
  if (isValid) return;
  throw unreadable(
    `unable to parse requirement: <nil>: Invalid value: "${key}": name part must consist of alphanumeric characters, ` +
      "'-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or " +
      "'123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  );
}

function requireValue(value: string): string {
  if (name.test(value)) return value;
  throw unreadable(
    `unable to parse requirement: values[0]: Invalid value: "${value}": a valid label must be an empty string or consist ` +
      "of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. " +
      "'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
  );
}

function unreadable(message: string): ApiFailure {
  return new ApiFailure('BadRequest', message);
}

/** The text of `spec.selector` of a workload, as `status.selector` of a Scale carries it. */
export function labelSelectorText(selector: unknown): string {
  if (typeof selector !== 'object' || selector === null) return '';
  const { matchLabels = {}, matchExpressions = [] } = selector as {
    matchLabels?: Labels;
    matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
  };
  const parts = Object.entries(matchLabels).map(([key, value]) => ({ key, text: `${key}=${value}` }));
  for (const { key, operator, values = [] } of matchExpressions) {
    if (operator === 'Exists') parts.push({ key, text: key });
    else if (operator === 'DoesNotExist') parts.push({ key, text: `!${key}` });
    else parts.push({ key, text: `${key} ${operator.toLowerCase()} (${values.toSorted().join(',')})` });
  }
  return parts
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ text }) => text)
    .join(',');
}
