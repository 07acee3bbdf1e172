/**
 * The CEL rules of a CRD, compiled once and run over an object from the root down.
 *
 * A rule that reads `oldSelf` runs where there was a value before; the others are not run where an update changed nothing.
 * Lists that are maps find the item of before by its keys; items of other lists have none.
 */
import { isDeepStrictEqual } from 'node:util';
import { type CelInput, type CelResult, isCelError } from '@bufbuild/cel';
import type { Schema, ValidationRule } from '../../schema.ts';
import { type FieldErrors, unsaid } from '../field-errors.ts';
import { isJsonObject } from '../json.ts';
import { celValue } from './cel-value.ts';
import { type CelExpression, compileExpression } from './expression.ts';

interface CompiledRule {
  readonly rule: ValidationRule;
  readonly expression: CelExpression;
  readonly message: CelExpression | undefined;
}

const reasons = {
  FieldValueDuplicate: 'FieldValueDuplicate',
  FieldValueForbidden: 'FieldValueForbidden',
  FieldValueInvalid: 'FieldValueInvalid',
  FieldValueRequired: 'FieldValueRequired',
} as const;

/** The reasons that a rule may give. */
export const ruleReasons: readonly string[] = Object.keys(reasons);

export class CelRules {
  /** Empty for schemas that hold rules only further below; absent where there are none at all. */
  readonly #compiled = new Map<Schema, readonly CompiledRule[]>();

  constructor(schema: Schema) {
    this.#compile(schema);
  }

  check(value: unknown, previous: unknown, schema: Schema, errors: FieldErrors): void {
    this.#visit({ value, previous, schema, path: '' }, errors);
  }

  /** Whether there are rules in it. */
  #compile(schema: Schema): boolean {
    const rules = (schema['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, schema));
    const { properties = {}, items, additionalProperties } = schema;
    const below = Object.values(properties);
    if (items) below.push(items);
    if (typeof additionalProperties === 'object') below.push(additionalProperties);
    const holdsRules = below.map((one) => this.#compile(one)).includes(true) || rules.length > 0;
    if (holdsRules) this.#compiled.set(schema, rules);
    return holdsRules;
  }

  #visit(node: Node, errors: FieldErrors): void {
    const rules = this.#compiled.get(node.schema);
    if (!rules || node.value === undefined || node.value === null) return;
    runAll(rules, node, errors);
    for (const below of nodesBelow(node)) this.#visit(below, errors);
  }
}

interface Node {
  readonly value: unknown;
  /** Undefined where there was none. */
  readonly previous: unknown;
  readonly schema: Schema;
  readonly path: string;
}

function compileRule(rule: ValidationRule, schema: Schema): CompiledRule {
  const message = rule.messageExpression === undefined ? undefined : compileExpression(rule.messageExpression, schema);
  return { rule, expression: compileExpression(rule.rule, schema), message };
}

function runAll(rules: readonly CompiledRule[], { value, previous, schema, path }: Node, errors: FieldErrors): void {
  if (rules.length === 0) return;
  const isUnchanged = previous !== undefined && isDeepStrictEqual(value, previous);
  const self = celValue(value, schema);
  let oldSelf: CelInput | undefined;
  for (const compiled of rules) {
    const { rule, expression } = compiled;
    if (expression.usesOldSelf) {
      if (previous === undefined && !rule.optionalOldSelf) continue;
      oldSelf ??= previous === undefined ? undefined : celValue(previous, schema);
    } else if (isUnchanged) {
      continue;
    }
    const optional = oldSelf === undefined ? [] : [oldSelf];
    const before = rule.optionalOldSelf ? optional : oldSelf;
    const result = expression.run(self, before);
    if (result === true) continue;
    tell(compiled, { value, path, message: messageOf(compiled, result, self, before) }, errors);
  }
}

interface Failing {
  readonly value: unknown;
  readonly path: string;
  readonly message: string;
}

function tell({ rule }: CompiledRule, { value, path, message }: Failing, errors: FieldErrors): void {
  const reason = reasons[rule.reason as keyof typeof reasons] ?? 'FieldValueInvalid';
  const field = `${path}${rule.fieldPath ?? ''}`.replace(/^\./, '');
  // The value at hand is that of the rule, not that of the field which it blames.
  errors.add(reason, field === '' ? '<nil>' : field, rule.fieldPath === undefined ? shown(value) : unsaid, message);
}

/** Objects and lists are told by their type. */
function shown(value: unknown): unknown {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'object' ? 'object' : value;
}

function messageOf(
  { rule, message }: CompiledRule,
  result: CelResult,
  self: CelInput,
  oldSelf: CelInput | undefined,
): string {
  const text = rule.rule.trim();
  if (isCelError(result)) return `${failureText(result.message)} evaluating rule: ${rule.message ?? text}`;
  const expressed = message?.run(self, oldSelf);
  if (typeof expressed === 'string' && expressed.trim() !== '' && !expressed.includes('\n')) return expressed.trim();
  return rule.message ?? `failed rule: ${text}`;
}

/** The failures that rules run into mostly, as cel-go says them. */
function failureText(message: string): string {
  return message
    .replace(/^index (-?\d+) out of bounds.*/, 'index out of bounds: $1')
    .replace(/^field not found: /, 'no such key: ')
    .replace(/^found no matching overload .*/, 'no such overload');
}

function* nodesBelow({ value, previous, schema, path }: Node): Generator<Node> {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!items) return;
    const before = previousItems(previous, schema);
    for (const [index, item] of value.entries()) {
      yield { value: item, previous: before?.get(identity(item, schema)), schema: items, path: `${path}[${index}]` };
    }
    return;
  }
  if (!isJsonObject(value)) return;
  const { properties = {}, additionalProperties } = schema;
  const before = isJsonObject(previous) ? previous : {};
  for (const [key, item] of Object.entries(value)) {
    const known = Object.hasOwn(properties, key) ? properties[key] : undefined;
    const of = known ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (!of) continue;
    const old = Object.hasOwn(before, key) ? before[key] : undefined;
    yield {
      value: item,
      previous: old,
      schema: of,
      path: known ? `${path}.${key}`.replace(/^\./, '') : `${path}[${key}]`,
    };
  }
}

function previousItems(previous: unknown, schema: Schema): ReadonlyMap<string, unknown> | undefined {
  if (!Array.isArray(previous) || schema['x-kubernetes-list-type'] !== 'map') return undefined;
  return new Map(previous.map((item) => [identity(item, schema), item]));
}

function identity(item: unknown, schema: Schema): string {
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return JSON.stringify(keys.map((key) => (isJsonObject(item) ? item[key] : undefined)));
}
