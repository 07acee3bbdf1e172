/**
 * CustomResourceDefinitions: names, scope, versions and columns; the schemas of versions in structural-schema.ts.
 *
 * Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go
 */
import type { FieldErrors } from '../../validation/field-errors.ts';
import { isJsonObject, listAt, objectAt, stringAt } from '../../validation/json.ts';
import type { JsonObject } from '../../validation/json.ts';
import { checkServiceName, checkSubdomain } from '../../validation/names.ts';
import { jsonPath } from '../json-path.ts';
import type { KindRules } from '../kind-rules.ts';
import { fillMissing } from './missing.ts';
import { checkStructural } from './structural-schema.ts';

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];

export const definitionRules: KindRules = {
  fillIn(definition) {
    const spec = objectAt(definition, 'spec');
    const names = objectAt(spec, 'names');
    const kind = stringAt(names, 'kind');
    if (kind !== '') fillMissing(names, { singular: kind.toLowerCase(), listKind: `${kind}List` });
    spec['conversion'] = { strategy: 'None', ...objectAt(spec, 'conversion') };
  },
  check(definition, errors, previous) {
    const spec = objectAt(definition, 'spec');
    const names = objectAt(spec, 'names');
    const group = stringAt(spec, 'group');
    const name = stringAt(objectAt(definition, 'metadata'), 'name');
    if (name !== `${stringAt(names, 'plural')}.${group}`) {
      errors.invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group');
    }
    checkGroup(group, errors);
    const scope = stringAt(spec, 'scope');
    if (scope === '') errors.required('spec.scope');
    else if (scope !== 'Cluster' && scope !== 'Namespaced') {
      errors.notSupported('spec.scope', scope, ['Cluster', 'Namespaced']);
    }
    checkVersions(listAt(spec, 'versions').filter(isJsonObject), errors);
    checkNames(names, errors);
    checkConversion(objectAt(spec, 'conversion'), errors);
    if (previous) checkUnchanged(spec, objectAt(previous, 'spec'), errors);
  },
};

function checkGroup(group: string, errors: FieldErrors): void {
  if (group === '') errors.required('spec.group');
  else if (!group.includes('.')) errors.invalid('spec.group', group, 'should be a domain with at least one dot');
  else for (const problem of checkSubdomain(group)) errors.invalid('spec.group', group, problem);
}

function checkNames(names: JsonObject, errors: FieldErrors): void {
  for (const field of ['plural', 'singular', 'kind', 'listKind']) {
    const value = stringAt(names, field);
    const path = `spec.names.${field}`;
    if (value === '') errors.required(path);
    else for (const problem of checkServiceName(value.toLowerCase())) errors.invalid(path, value, problem);
  }
  for (const list of ['shortNames', 'categories']) {
    for (const [index, name] of listAt(names, list).entries()) {
      const path = `spec.names.${list}[${index}]`;
      for (const problem of checkServiceName(String(name))) errors.invalid(path, name, problem);
    }
  }
}

function checkVersions(versions: readonly JsonObject[], errors: FieldErrors): void {
  const seen = versions.map((version) => stringAt(version, 'name'));
  for (const [index, version] of versions.entries()) checkVersion(version, versions.length, index, errors);
  const shown = versions.map(({ name, served, storage }) => ({ Name: name, Served: served, Storage: storage }));
  if (new Set(seen).size < seen.length) errors.invalid('spec.versions', shown, 'must contain unique version names');
  if (versions.filter((version) => version['storage'] === true).length !== 1) {
    const value = versions.length === 0 ? null : shown;
    errors.invalid('spec.versions', value, 'must have exactly one version marked as storage version');
  }
}

function checkVersion(version: JsonObject, count: number, index: number, errors: FieldErrors): void {
  const path = `spec.versions[${index}]`;
  const name = stringAt(version, 'name');
  for (const problem of checkServiceName(name)) errors.invalid(`${path}.name`, name, problem);
  const schema = objectAt(version, 'schema')['openAPIV3Schema'];
  // Where all versions agree, the API server tells of it by the field that held it in v1beta1.
  const schemaPath = count === 1 ? 'spec.validation.openAPIV3Schema' : `${path}.schema.openAPIV3Schema`;
  if (isJsonObject(schema)) checkStructural(schema, schemaPath, errors);
  else errors.required(`${path}.schema.openAPIV3Schema`);
  const columnsPath = count === 1 ? 'spec' : path;
  for (const [at, column] of listAt(version, 'additionalPrinterColumns').entries()) {
    checkColumn(column, `${columnsPath}.additionalPrinterColumns[${at}]`, errors);
  }
}

function checkColumn(column: unknown, path: string, errors: FieldErrors): void {
  const type = stringAt(column, 'type');
  const text = stringAt(column, 'jsonPath');
  if (stringAt(column, 'name') === '') errors.required(`${path}.name`);
  if (type === '') errors.required(`${path}.type`, `must be one of ${columnTypes.join(',')}`);
  else if (!columnTypes.includes(type)) errors.invalid(`${path}.type`, type, `must be one of ${columnTypes.join(',')}`);
  if (text === '') errors.required(`${path}.JSONPath`);
  else if (!text.startsWith('.')) {
    errors.invalid(`${path}.JSONPath`, text, 'must be a simple json path starting with .');
  } else {
    try {
      jsonPath(text);
    } catch (error) {
      errors.invalid(`${path}.JSONPath`, text, (error as Error).message);
    }
  }
}

function checkConversion(conversion: JsonObject, errors: FieldErrors): void {
  if (conversion['strategy'] === 'None') return;
  const detail = 'this server converts between versions by their name only';
  errors.add('FieldValueNotSupported', 'spec.conversion.strategy', conversion['strategy'], `${detail}: "None"`);
}

function checkUnchanged(spec: JsonObject, before: JsonObject, errors: FieldErrors): void {
  for (const field of ['group', 'scope'] as const) {
    if (spec[field] !== before[field]) errors.invalid(`spec.${field}`, spec[field], 'field is immutable');
  }
  for (const field of ['kind', 'plural'] as const) {
    const value = objectAt(spec, 'names')[field];
    if (value !== objectAt(before, 'names')[field]) errors.invalid(`spec.names.${field}`, value, 'field is immutable');
  }
}
