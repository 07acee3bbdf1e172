/**
 * What the default connection allows, as text: a JSON array of rules, each as `spec.allow` of a NacosConnection with
 * `allowedNamespaces` besides.
 */
import type { AllowRule } from '../connections/allowance.ts';
import { messageOf } from '../errors.ts';
import type { LabelSelector } from '../kube/label-selector.ts';

type Parser<T> = (value: unknown, at: string) => T;

const PATTERN = /^([!-z|~]|\{namespace\})+$/;
const operators = ['In', 'NotIn', 'Exists', 'DoesNotExist'];

/** @throws an error that says the rule and where it is broken. */
export function allowRules(text: string): readonly AllowRule[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`must be a JSON array of rules: ${messageOf(error)}`, { cause: error });
  }
  return listOf(rule)(value, 'the value');
}

const rule: Parser<AllowRule> = (value, at) =>
  fieldsOf<AllowRule>(value, at, {
    allowedNamespaces,
    groups: patterns,
    namespaceIds: patterns,
    dataIds: patterns,
    services: patterns,
  });

const allowedNamespaces: Parser<NonNullable<AllowRule['allowedNamespaces']>> = (value, at) => {
  const found = fieldsOf<NonNullable<AllowRule['allowedNamespaces']>>(value, at, { names: patterns, selector });
  if (found.names === undefined && found.selector === undefined) throw new Error(`${at} must have names or selector`);
  return found;
};

const selector: Parser<LabelSelector> = (value, at) =>
  fieldsOf<LabelSelector>(value, at, {
    matchLabels: (labels, where) => {
      const entries = Object.entries(objectOf(labels, where));
      return Object.fromEntries(entries.map(([key, label]) => [key, stringOf(label, `${where}.${key}`)]));
    },
    matchExpressions: listOf((expression, where) => {
      const { key, operator, values } = fieldsOf<{ key: string; operator: string; values: readonly string[] }>(
        expression,
        where,
        { key: stringOf, operator: stringOf, values: listOf(stringOf) },
      );
      if (key === undefined) throw new Error(`${where}.key must be given`);
      if (!isOperator(operator)) throw new Error(`${where}.operator must be one of ${operators.join(', ')}`);
      return { key, operator, ...(values && { values }) };
    }),
  });

function isOperator(text: string | undefined): text is 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' {
  return text !== undefined && operators.includes(text);
}

function patterns(value: unknown, at: string): readonly string[] {
  const all = listOf(stringOf)(value, at);
  const broken = all.find((pattern) => !PATTERN.test(pattern));
  if (all.length > 0 && broken === undefined) return all;
  const rule = "must have patterns of printable characters, with '*' for any text and '{namespace}'";
  throw new Error(`${at} ${rule}${broken === undefined ? '' : `, not '${broken}'`}`);
}

function listOf<T>(item: Parser<T>): Parser<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value)) throw new Error(`${at} must be an array`);
    return value.map((one, index) => item(one, `[${index}] of ${at}`));
  };
}

function fieldsOf<T extends object>(
  value: unknown,
  at: string,
  parsers: { readonly [K in keyof T]-?: Parser<T[K] & {}> },
): Partial<T> {
  const object = objectOf(value, at);
  const known = Object.keys(parsers);
  const unknown = Object.keys(object).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new Error(`${at} has '${unknown}', and may have ${known.join(', ')}`);
  const entries = Object.entries(object).map(([key, one]) => [key, parsers[key as keyof T](one, `${key} of ${at}`)]);
  return Object.fromEntries(entries) as Partial<T>;
}

function objectOf(value: unknown, at: string): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new Error(`${at} must be an object`);
}

function stringOf(value: unknown, at: string): string {
  if (typeof value === 'string') return value;
  throw new Error(`${at} must be a string`);
}
