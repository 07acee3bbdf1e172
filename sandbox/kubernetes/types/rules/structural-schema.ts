/**
 * What makes the schema of a CRD structural: every field has a type, lists have items, keys of maps exist, defaults fit,
 * patterns and rules compile.
 *
 * Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/ and the
 * messages of k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation
 */
import type { Schema, ValidationRule } from '../../schema.ts';
import { compileExpression } from '../../validation/cel/expression.ts';
import { ruleReasons } from '../../validation/cel/rules.ts';
import { FieldErrors } from '../../validation/field-errors.ts';
import { isJsonObject } from '../../validation/json.ts';
import { regularExpression } from '../../validation/regular-expression.ts';
import { SchemaValidator } from '../../validation/schema-validator.ts';
import { applyDefaults } from '../../validation/defaults.ts';

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
const metadataFields: ReadonlySet<string> = new Set(['name', 'generateName']);

export function checkStructural(schema: Schema & { $ref?: unknown }, path: string, errors: FieldErrors): void {
  if (schema.type === undefined) errors.required(`${path}.type`, 'must not be empty at the root');
  else if (schema.type !== 'object') errors.invalid(`${path}.type`, schema.type, 'must be object at the root');
  const { metadata } = schema.properties ?? {};
  if (metadata && Object.keys(metadata.properties ?? {}).some((name) => !metadataFields.has(name))) {
    const detail = 'must not specify anything other than name and generateName, but metadata is implicitly specified';
    errors.forbidden(`${path}.properties[metadata]`, detail);
  }
  checkNode(schema, path, errors, true);
}

function checkNode(schema: Schema & { $ref?: unknown }, path: string, errors: FieldErrors, isRoot = false): void {
  checkType(schema, path, errors, isRoot);
  checkKeywords(schema, path, errors);
  checkList(schema, path, errors);
  checkDefault(schema, path, errors);
  for (const [index, rule] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    checkRule(rule, schema, `${path}.x-kubernetes-validations[${index}]`, errors);
  }
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    checkNode(property, `${path}.properties[${name}]`, errors);
  }
  if (schema.items) checkNode(schema.items, `${path}.items`, errors);
  if (isJsonObject(schema.additionalProperties)) {
    checkNode(schema.additionalProperties, `${path}.additionalProperties`, errors);
  }
}

function checkType(schema: Schema, path: string, errors: FieldErrors, isRoot: boolean): void {
  if (schema.type !== undefined && !types.includes(schema.type))
    errors.notSupported(`${path}.type`, schema.type, types);
  const isFree = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields'];
  if (schema.type === undefined && !isFree && !isRoot) {
    const what = path.endsWith('.items') ? 'array items' : 'object fields';
    errors.required(`${path}.type`, `must not be empty for specified ${what}`);
  }
  if (schema.type === 'array' && !schema.items) errors.required(`${path}.items`, 'must be specified');
}

function checkKeywords(schema: Schema & { $ref?: unknown }, path: string, errors: FieldErrors): void {
  if (schema.$ref !== undefined) errors.forbidden(`${path}.$ref`, '$ref is not supported');
  if (schema.uniqueItems) {
    errors.forbidden(
      `${path}.uniqueItems`,
      'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
    );
  }
  if (schema.properties && isJsonObject(schema.additionalProperties)) {
    errors.forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive');
  }
  if (schema.pattern === undefined) return;
  try {
    regularExpression(schema.pattern);
  } catch (error) {
    const detail = `must be a valid regular expression, but isn't: ${(error as Error).message}`;
    errors.invalid(`${path}.pattern`, schema.pattern, detail);
  }
}

function checkList(schema: Schema, path: string, errors: FieldErrors): void {
  const listType = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const keysPath = `${path}.x-kubernetes-list-map-keys`;
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType)) {
    errors.notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'map', 'set']);
  }
  if (listType !== 'map') return;
  const properties = schema.items?.properties ?? {};
  if (keys.length === 0) errors.required(keysPath, 'must not be empty if x-kubernetes-list-type is map');
  else if (keys.some((key) => !Object.hasOwn(properties, key))) {
    errors.invalid(keysPath, keys, 'entries must all be names of item properties');
  } else {
    for (const key of keys) {
      if (schema.items?.required?.includes(key) || properties[key]?.default !== undefined) continue;
      const detail =
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property';
      errors.required(`${path}.items.properties[${key}].default`, detail);
    }
  }
}

function checkDefault(schema: Schema, path: string, errors: FieldErrors): void {
  if (schema.default === undefined) return;
  const value = structuredClone(schema.default);
  applyDefaults(value, schema);
  const found = new FieldErrors();
  new SchemaValidator(schema).validate(value, undefined, found);
  const at = `${path}.default`;
  errors.addAll(found.list.map((error) => ({ ...error, field: error.field === '' ? at : `${at}.${error.field}` })));
}

function checkRule(rule: ValidationRule, schema: Schema, path: string, errors: FieldErrors): void {
  if ((rule.rule ?? '').trim() === '') {
    errors.required(`${path}.rule`, 'rule is not specified');
    return;
  }
  if (rule.rule.trim().includes('\n') && (rule.message ?? '') === '') {
    errors.required(`${path}.message`, 'message must be specified if rule contains line breaks');
  }
  if (rule.reason !== undefined && !ruleReasons.includes(rule.reason)) {
    errors.notSupported(`${path}.reason`, rule.reason, ruleReasons);
  }
  if (rule.fieldPath !== undefined && !leadsToField(rule.fieldPath, schema)) {
    errors.invalid(`${path}.fieldPath`, rule.fieldPath, 'must be a valid path');
  }
  const shown = {
    Rule: rule.rule,
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  };
  const compiles = (text: string, field: string, mustBeBoolean: boolean) => {
    try {
      const { isBoolean } = compileExpression(text, schema);
      if (mustBeBoolean && !isBoolean)
        errors.invalid(`${path}.${field}`, shown, 'cel expression must evaluate to a bool');
    } catch (error) {
      errors.invalid(`${path}.${field}`, shown, (error as Error).message);
    }
  };
  compiles(rule.rule, 'rule', true);
  if (rule.messageExpression !== undefined) compiles(rule.messageExpression, 'messageExpression', false);
}

function leadsToField(path: string, schema: Schema): boolean {
  let at: Schema | undefined = schema;
  for (const [, name, quoted] of path.matchAll(/\.([\w-]+)|\['([^']+)'\]/g)) {
    const key: string = name ?? quoted ?? '';
    const properties: Schema['properties'] = at.properties;
    const additionalProperties: Schema['additionalProperties'] = at.additionalProperties;
    at = properties?.[key] ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    if (!at) return false;
  }
  return /^(\.[\w-]+|\['[^']+'\])+$/.test(path);
}
