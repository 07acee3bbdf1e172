/**
 * Judges a value by the schema of a CRD: ajv finds the defects, compiled once for each schema, and they are told in the
 * words of the API server's own validator, which people and kubectl know.
 *
 * Source of the words: k8s.io/kube-openapi/pkg/validation/{validate,errors}
 */
import { isDeepStrictEqual } from 'node:util';
import { Ajv } from 'ajv';
import type { ErrorObject, ValidateFunction } from 'ajv';
import type { Schema } from '../schema.ts';
import { jsonSchemaOf } from './json-schema.ts';
import type { FieldErrors } from './field-errors.ts';
import { fieldPath, isUnchanged, segmentsOf, valueAt } from './field-path.ts';
import { stringFormats } from './formats.ts';
import { regularExpression } from './regular-expression.ts';

type Keyword = (error: SchemaDefect, errors: FieldErrors) => void;

interface SchemaDefect {
  readonly path: string;
  /** The path as the text tells it. */
  readonly name: string;
  readonly value: unknown;
  readonly params: Readonly<Record<string, unknown>>;
  readonly schema: unknown;
}

/** In the order in which the API server tells the defects of one value. */
const keywords: Readonly<Record<string, Keyword>> = {
  type: ({ path, name, value, schema }, errors) => {
    const expected = Array.isArray(schema) ? schema.filter((type) => type !== 'null').join(',') : String(schema);
    const actual = typeName(value);
    const detail = `${name} in body must be of type ${expected}: ${JSON.stringify(actual)}`;
    errors.add('FieldValueTypeInvalid', path, actual, detail);
  },
  not: ({ name }, errors) => errors.invalid('<nil>', '', `"${name}" must not validate the schema (not)`),
  anyOf: ({ name }, errors) => errors.invalid('<nil>', '', `"${name}" must validate at least one schema (anyOf)`),
  oneOf: ({ name, params }, errors) => {
    const found = params['passingSchemas'] ? 'Found 2 valid alternatives' : 'Found none valid';
    errors.invalid('<nil>', '', `"${name}" must validate one and only one schema (oneOf). ${found}`);
  },
  maxLength: ({ path, params }, errors) => errors.tooLong(path, Number(params['limit'])),
  minLength: ({ path, name, value, params }, errors) =>
    errors.invalid(path, value, `${name} in body should be at least ${String(params['limit'])} chars long`),
  pattern: ({ path, name, value, params }, errors) =>
    errors.invalid(path, value, `${name} in body should match '${String(params['pattern'])}'`),
  format: ({ path, name, value, params }, errors) => {
    const format = String(params['format']);
    if (typeof value === 'number') {
      errors.invalid('<nil>', '', `Checked value must be of type integer with format ${format} in ${name}`);
      return;
    }
    const detail = `${name} in body must be of type ${format}: ${JSON.stringify(value)}`;
    errors.add('FieldValueTypeInvalid', path, value, detail);
  },
  multipleOf: ({ path, name, value, params }, errors) =>
    errors.invalid(path, value, `${name} in body should be a multiple of ${String(params['multipleOf'])}`),
  maximum: limit('less than or equal to'),
  exclusiveMaximum: limit('less than'),
  minimum: limit('greater than or equal to'),
  exclusiveMinimum: limit('greater than'),
  maxItems: tooMany,
  minItems: tooFew('items'),
  uniqueItems: ({ path, value }, errors) => errors.duplicate(path, value),
  enum: ({ path, value, params }, errors) =>
    errors.notSupported(path, value, params['allowedValues'] as readonly unknown[]),
  required: ({ path, params }, errors) => {
    const missing = String(params['missingProperty']);
    errors.required(path === '' ? missing : `${path}.${missing}`);
  },
  maxProperties: tooMany,
  minProperties: tooFew('properties'),
};

const ranks = new Map(Object.keys(keywords).map((keyword, rank) => [keyword, rank]));
/** The rules of a string, of which the API server tells the first one only. */
const stringRules: ReadonlySet<string> = new Set(['maxLength', 'minLength', 'pattern']);

export class SchemaValidator {
  readonly #schema: Schema;
  #compiled: ValidateFunction | undefined;

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  /**
   * @param previous what was stored: its defects are forgiven where nothing changed
   * @param base what was written, where that is a part of the value: texts tell paths from there
   */
  validate(value: unknown, previous: unknown, errors: FieldErrors, base?: string): void {
    this.#compiled ??= compile(this.#schema);
    if (this.#compiled(value)) return;
    for (const error of told(this.#compiled.errors ?? [])) {
      const segments = segmentsOf(error.instancePath);
      if (previous !== undefined && isUnchanged(segments, value, previous, isDeepStrictEqual)) continue;
      const at = segments.reduce<unknown>(valueAt, value);
      const { params, schema } = error;
      const path = fieldPath(segments, value);
      const isWithin = base !== undefined && segments[0] === base;
      const name = isWithin ? fieldPath(segments.slice(1), valueAt(value, base)) : path;
      keywords[error.keyword]?.({ path, name, value: at, params, schema }, errors);
    }
  }
}

function compile(schema: Schema): ValidateFunction {
  const unicodeOff = { unicodeRegExp: false, regExp: Object.assign(regularExpression, { code: '' }) };
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: false, logger: false, code: unicodeOff });
  for (const [name, validate] of Object.entries(stringFormats)) ajv.addFormat(name, { type: 'string', validate });
  ajv.addFormat('int32', {
    type: 'number',
    validate: (value: number) => value === Math.trunc(value) && isInt32(value),
  });
  return ajv.compile(jsonSchemaOf(schema));
}

function isInt32(value: number): boolean {
  return value >= -(2 ** 31) && value < 2 ** 31;
}

/** The defects that the API server would tell, in its order. */
function told(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const order = new Map<string, number>();
  for (const { instancePath } of errors) if (!order.has(instancePath)) order.set(instancePath, order.size);
  const kept = errors.filter((error) => !isOfOtherBranch(error, errors));
  const wrongType = new Set(kept.filter(({ keyword }) => keyword === 'type').map(({ instancePath }) => instancePath));
  const place = ({ instancePath, keyword }: ErrorObject) =>
    (order.get(instancePath) ?? 0) * ranks.size + (ranks.get(keyword) ?? 0);
  const sorted = kept
    .filter(({ keyword, instancePath }) => keyword === 'type' || !wrongType.has(instancePath))
    .sort((a, b) => place(a) - place(b));
  const strings = new Set<string>();
  return sorted.filter(({ keyword, instancePath }) => {
    if (!stringRules.has(keyword)) return true;
    if (strings.has(instancePath)) return false;
    strings.add(instancePath);
    return true;
  });
}

/** Of the branches of oneOf and anyOf the first one is told, and none when several of oneOf fit. */
function isOfOtherBranch({ schemaPath }: ErrorObject, errors: readonly ErrorObject[]): boolean {
  for (const match of schemaPath.matchAll(/\/(oneOf|anyOf)\/(\d+)\//g)) {
    if (match[2] !== '0') return true;
    const branches = `${schemaPath.slice(0, match.index)}/${match[1]}`;
    if (errors.some((error) => error.schemaPath === branches && error.params['passingSchemas'])) return true;
  }
  return false;
}

function limit(relation: string): Keyword {
  return ({ path, name, value, params }, errors) =>
    errors.invalid(path, value, `${name} in body should be ${relation} ${String(params['limit'])}`);
}

function tooMany({ path, value, params }: SchemaDefect, errors: FieldErrors): void {
  errors.tooMany(path, sizeOf(value), Number(params['limit']));
}

function tooFew(what: string): Keyword {
  return ({ path, name, value, params }, errors) =>
    errors.invalid(path, sizeOf(value), `${name} in body should have at least ${String(params['limit'])} ${what}`);
}

function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
