/**
 * What is wrong with a value by its schema: types, limits, patterns, and lists that hold something twice. CEL rules are
 * judged apart (cel-rules.ts).
 *
 * A defect that was there before is none of the update's: what an update leaves as it was is not judged again. The order
 * of the problems and their wording are those of the API server, as far as they are told one by one.
 *
 * Source: k8s.io/kube-openapi/pkg/validation/{validate,errors}
 */
import { isDeepStrictEqual } from 'node:util';
import { type FieldProblem, invalid, problem, required, tooLong, tooMany } from './field-problem.ts';
import { isJsonObject } from './json.ts';
import { regularExpression } from './regular-expression.ts';
import type { Schema } from './schema.ts';
import { fieldPath, keysOf, nodesBelow, type SchemaNode } from './schema-node.ts';

export function* schemaProblems(node: SchemaNode): Generator<FieldProblem> {
  const { value, previous, schema, path } = node;
  if (value === null && schema.nullable) return;
  if (previous !== undefined && isDeepStrictEqual(value, previous)) return;
  const wrongType = typeProblem(value, schema, path);
  if (wrongType) {
    yield wrongType;
    return;
  }
  yield* branchProblems(node);
  if (typeof value === 'string') yield* textProblems(value, schema, path);
  if (typeof value === 'number') yield* numberProblems(value, schema, path);
  if (Array.isArray(value)) yield* listProblems(value, schema, path);
  if (isJsonObject(value)) yield* objectProblems(value, schema, path);
  if (schema.enum && !schema.enum.some((allowed) => isDeepStrictEqual(allowed, value))) {
    const supported = schema.enum.map((one) => JSON.stringify(one)).join(', ');
    yield problem('FieldValueNotSupported', path, `supported values: ${supported}`, value);
  }
  for (const below of nodesBelow(node)) yield* schemaProblems(below);
}

export function typeProblem(value: unknown, schema: Schema, path: string): FieldProblem | undefined {
  const actual = typeOf(value);
  const expected = schema['x-kubernetes-int-or-string'] ? ['integer', 'string'] : [schema.type ?? actual];
  if (expected.includes(actual) || (actual === 'integer' && schema.type === 'number')) return undefined;
  const detail = `${path} in body must be of type ${expected.join(',')}: "${actual}"`;
  return problem('FieldValueTypeInvalid', path, detail, actual);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function* branchProblems(node: SchemaNode): Generator<FieldProblem> {
  const { allOf = [], anyOf, oneOf, not } = node.schema;
  const fits = (schema: Schema) => schemaProblems({ ...node, schema }).next().done === true;
  for (const schema of allOf) yield* schemaProblems({ ...node, schema });
  if (not && fits(not)) yield invalid(node.path, undefined, 'must not validate the schema (not)');
  if (anyOf && !anyOf.some(fits)) yield invalid(node.path, undefined, 'must validate at least one schema (anyOf)');
  if (oneOf && oneOf.filter(fits).length !== 1) {
    yield invalid(node.path, undefined, 'must validate one and only one schema (oneOf)');
  }
}

/** Of length and pattern only the first is told. */
function* textProblems(text: string, schema: Schema, path: string): Generator<FieldProblem> {
  const { minLength, maxLength, pattern, format } = schema;
  if (maxLength !== undefined && isLongerThan(maxLength, text)) yield tooLong(path, maxLength);
  else if (minLength !== undefined && !isLongerThan(minLength - 1, text)) {
    yield invalid(path, text, `${path} in body should be at least ${minLength} chars long`);
  } else if (pattern !== undefined && !regularExpression(pattern).test(text)) {
    yield invalid(path, text, `${path} in body should match '${pattern}'`);
  }
  if (format === 'date-time' && !isDateTime(text)) {
    yield problem(
      'FieldValueTypeInvalid',
      path,
      `${path} in body must be of type ${format}: ${JSON.stringify(text)}`,
      text,
    );
  }
}

/** In characters, of which some take two places in a string of JavaScript. */
function isLongerThan(length: number, text: string): boolean {
  return text.length > length && (text.length > 2 * length || Array.from(text).length > length);
}

const dateTime = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

function isDateTime(text: string): boolean {
  return dateTime.test(text) && !Number.isNaN(Date.parse(text));
}

function* numberProblems(value: number, schema: Schema, path: string): Generator<FieldProblem> {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf, format } = schema;
  const should = (relation: string, limit: number) =>
    invalid(path, value, `${path} in body should be ${relation} ${limit}`);
  if (format === 'int32' && value !== (value | 0)) {
    yield invalid(path, value, `${path} in body must be of type integer with format int32`);
  }
  if (multipleOf !== undefined && value % multipleOf !== 0) yield should('a multiple of', multipleOf);
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    yield should(exclusiveMaximum ? 'less than' : 'less than or equal to', maximum);
  }
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    yield should(exclusiveMinimum ? 'greater than' : 'greater than or equal to', minimum);
  }
}

function* listProblems(list: readonly unknown[], schema: Schema, path: string): Generator<FieldProblem> {
  const { minItems, maxItems } = schema;
  if (maxItems !== undefined && list.length > maxItems) yield tooMany(path, list.length, maxItems);
  if (minItems !== undefined && list.length < minItems) {
    yield invalid(path, list.length, `${path} in body should have at least ${minItems} items`);
  }
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== 'set' && listType !== 'map') return;
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    const identity = listType === 'set' ? item : keysOf(item, schema);
    const text = JSON.stringify(identity);
    if (seen.has(text)) yield problem('FieldValueDuplicate', `${path}[${index}]`, '', identity);
    seen.add(text);
  }
}

function* objectProblems(object: object, schema: Schema, path: string): Generator<FieldProblem> {
  const { required: wanted = [], minProperties, maxProperties } = schema;
  for (const key of wanted) if (!Object.hasOwn(object, key)) yield required(fieldPath(path, key));
  const count = Object.keys(object).length;
  if (maxProperties !== undefined && count > maxProperties) yield tooMany(path, count, maxProperties);
  if (minProperties !== undefined && count < minProperties) {
    yield invalid(path, count, `${path} in body should have at least ${minProperties} properties`);
  }
}
