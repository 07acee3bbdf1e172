/**
 * The CEL rules of a CRD, compiled once and run over an object from the root down.
 *
 * A rule that reads `oldSelf` is run where there was a value before; the others are not run where an update changed
 * nothing. A rule that cannot be run refuses the object, and says why.
 */
import { isDeepStrictEqual } from 'node:util';
import { type CelInput, isCelError } from '@bufbuild/cel';
import { celExpression, type CelExpression } from './cel-expression.ts';
import { type FieldProblem, problem, type ProblemReason } from './field-problem.ts';
import { isJsonObject } from './json.ts';
import { type Schema, schemaAt, schemasBelow, type ValidationRule } from './schema.ts';
import { bracketPath, nodesBelow, type SchemaNode } from './schema-node.ts';

interface CompiledRule extends CelExpression {
  readonly rule: ValidationRule;
}

/** The reasons that a rule may give. */
const reasons: readonly ProblemReason[] = [
  'FieldValueDuplicate',
  'FieldValueForbidden',
  'FieldValueInvalid',
  'FieldValueRequired',
];

export class CelRules {
  /** Empty for schemas that hold rules only further below; absent where there are none at all. */
  readonly #compiled = new Map<Schema, readonly CompiledRule[]>();

  /** @throws Error for a rule that is no CEL */
  constructor(schema: Schema) {
    this.#compile(schema);
  }

  *problems(node: SchemaNode): Generator<FieldProblem> {
    const rules = this.#compiled.get(node.schema);
    if (!rules || node.value === undefined || node.value === null) return;
    if (rules.length > 0) yield* brokenRules(rules, node);
    for (const below of nodesBelow(node, bracketPath)) yield* this.problems(below);
  }

  /** Whether there are rules in it. */
  #compile(schema: Schema): boolean {
    const rules = schema['x-kubernetes-validations'] ?? [];
    const isBelow = schemasBelow(schema).map((below) => this.#compile(below));
    const holdsRules = rules.length > 0 || isBelow.includes(true);
    if (holdsRules) {
      this.#compiled.set(
        schema,
        rules.map((rule) => ({ rule, ...celExpression(rule.rule) })),
      );
    }
    return holdsRules;
  }
}

function* brokenRules(rules: readonly CompiledRule[], node: SchemaNode): Generator<FieldProblem> {
  const { value, previous, schema } = node;
  const isUnchanged = previous !== undefined && isDeepStrictEqual(value, previous);
  const self = celValue(value, schema);
  const oldSelf = previous === undefined ? undefined : celValue(previous, schema);
  for (const { rule, run, usesOldSelf } of rules) {
    if (usesOldSelf ? oldSelf === undefined : isUnchanged) continue;
    const result = run(self, oldSelf);
    if (result === true) continue;
    const said = rule.message ?? `failed rule: ${rule.rule.trim()}`;
    yield brokenRule(rule, node, isCelError(result) ? `${result.message} evaluating rule: ${said}` : said);
  }
}

function brokenRule(rule: ValidationRule, { value, path }: SchemaNode, message: string): FieldProblem {
  const reason = reasons.find((one) => one === rule.reason) ?? 'FieldValueInvalid';
  const field = `${path}${rule.fieldPath ?? ''}`.replace(/^\./, '');
  // The value at hand is that of the rule, not that of the field which it blames.
  return problem(reason, field, message, rule.fieldPath === undefined ? shown(value) : undefined);
}

/** Objects and lists are told by their type. */
function shown(value: unknown): unknown {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'object' ? 'object' : value;
}

/** JSON as rules see it, by its schema: whole numbers are ints, but where the schema says `number`. */
function celValue(value: unknown, schema: Schema = {}): CelInput {
  if (Array.isArray(value)) return value.map((item) => celValue(item, schema.items));
  if (typeof value === 'number') return schema.type !== 'number' && Number.isInteger(value) ? BigInt(value) : value;
  if (!isJsonObject(value)) return (value ?? null) as string | boolean | null;
  return new Map(Object.entries(value).map(([key, item]) => [key, celValue(item, schemaAt(schema, key))]));
}
