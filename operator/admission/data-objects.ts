/**
 * ConfigMaps and Secrets: their schemas, and their rules for keys, sizes, types, and what is immutable.
 *
 * No problem of a Secret shows a value.
 *
 * Source: k8s.io/kubernetes/pkg/apis/core/validation/validation.go
 */
import { isDeepStrictEqual } from 'node:util';
import { MAX_DATA_BYTES } from '../kube/limits.ts';
import { type FieldProblem, invalid, problem, required, tooLong } from './field-problem.ts';
import { type JsonObject, objectAt } from './json.ts';
import type { KindRules } from './kind-schema.ts';
import { texts } from './metadata.ts';
import { checkConfigKey } from './names.ts';
import type { Schema } from './schema.ts';

const base64Texts: Schema = { type: 'object', additionalProperties: { type: 'string', format: 'byte', default: '' } };
const immutable: Schema = { type: 'boolean' };

export const configMapSchema: Schema = {
  type: 'object',
  properties: { data: texts, binaryData: base64Texts, immutable },
};

export const secretSchema: Schema = {
  type: 'object',
  properties: { data: base64Texts, stringData: texts, immutable, type: { type: 'string' } },
};

export const configMapRules: KindRules = {
  *problems(object, previous) {
    const data = objectAt(object, 'data');
    const binaryData = objectAt(object, 'binaryData');
    yield* keyProblems(data, 'data');
    yield* keyProblems(binaryData, 'binaryData');
    yield* base64Problems(binaryData, 'binaryData');
    for (const key of Object.keys(data)) {
      if (Object.hasOwn(binaryData, key)) yield invalid(`data[${key}]`, key, 'duplicate of key present in binaryData');
    }
    if (sizeBytes(data) + sizeBytes(binaryData) > MAX_DATA_BYTES) yield tooLong('', MAX_DATA_BYTES);
    yield* immutabilityProblems(object, previous, ['data', 'binaryData']);
  },
};

/** The keys that a Secret of a type must have. */
const requiredKeys: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
};

export const secretRules: KindRules = {
  /** The texts become data. */
  fillIn(object) {
    const encoded = Object.entries(objectAt(object, 'stringData')).map(([key, value]) => {
      return [key, Buffer.from(String(value)).toString('base64')] as const;
    });
    if (encoded.length > 0) object['data'] = { ...objectAt(object, 'data'), ...Object.fromEntries(encoded) };
    delete object['stringData'];
    object['type'] ??= 'Opaque';
  },
  *problems(object, previous) {
    const data = objectAt(object, 'data');
    const { type } = object;
    yield* base64Problems(data, 'data');
    yield* keyProblems(data, 'data');
    if (sizeBytes(data) > MAX_DATA_BYTES) yield tooLong('data', MAX_DATA_BYTES);
    for (const key of requiredKeys[String(type)] ?? []) if (!Object.hasOwn(data, key)) yield required(`data[${key}]`);
    if (type === 'kubernetes.io/basic-auth' && !('username' in data) && !('password' in data)) {
      yield required('data[username]');
      yield required('data[password]');
    }
    if (previous && previous['type'] !== type) yield invalid('type', type, 'field is immutable');
    yield* immutabilityProblems(object, previous, ['data']);
  },
};

function* keyProblems(data: JsonObject, path: string): Generator<FieldProblem> {
  for (const key of Object.keys(data).sort()) {
    for (const detail of checkConfigKey(key)) yield invalid(`${path}[${key}]`, key, detail);
  }
}

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Of the object as a whole, as the API server tells it, which cannot read the object at all. */
function* base64Problems(data: JsonObject, path: string): Generator<FieldProblem> {
  for (const [key, value] of Object.entries(data)) {
    if (typeof value === 'string' && !base64.test(value))
      yield invalid('', undefined, `illegal base64 data in ${path}[${key}]`);
  }
}

function sizeBytes(data: JsonObject): number {
  return Object.values(data).reduce<number>((bytes, value) => bytes + Buffer.byteLength(String(value)), 0);
}

function* immutabilityProblems(
  object: JsonObject,
  previous: JsonObject | undefined,
  fields: readonly string[],
): Generator<FieldProblem> {
  if (previous?.['immutable'] !== true) return;
  const isChanged = (field: string) => !isDeepStrictEqual(objectAt(object, field), objectAt(previous, field));
  const changed = [...(object['immutable'] === true ? [] : ['immutable']), ...fields.filter(isChanged)];
  for (const field of changed) {
    yield problem('FieldValueForbidden', field, 'field is immutable when `immutable` is set');
  }
}
