/**
 * ConfigMaps and Secrets: keys, sizes, types, and that what is immutable stays as it is.
 *
 * Source: k8s.io/kubernetes/pkg/apis/core/validation/validation.go
 */
import { isDeepStrictEqual } from 'node:util';
import { ApiFailure } from '../../api-failure.ts';
import type { FieldErrors } from '../../validation/field-errors.ts';
import { stringFormats } from '../../validation/formats.ts';
import { objectAt } from '../../validation/json.ts';
import type { JsonObject } from '../../validation/json.ts';
import { checkConfigKey } from '../../validation/names.ts';
import type { KindRules } from '../kind-rules.ts';

const maximumBytes = 1024 * 1024;

export const configMapRules: KindRules = {
  check(object, errors, previous) {
    const data = objectAt(object, 'data');
    const binary = objectAt(object, 'binaryData');
    const tooLong = checkKeys(data, 'data', errors) + checkKeys(binary, 'binaryData', errors) > maximumBytes;
    for (const key of Object.keys(data).sort()) {
      if (Object.hasOwn(binary, key)) errors.invalid(`data[${key}]`, key, 'duplicate of key present in binaryData');
    }
    if (tooLong) errors.tooLong('', maximumBytes);
    checkImmutable(object, errors, previous, ['data', 'binaryData']);
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
  fillIn(object) {
    for (const value of Object.values(objectAt(object, 'data'))) {
      if (typeof value !== 'string' || stringFormats['byte']?.(value)) continue;
      const at = /[^A-Za-z0-9+/]/.exec(value)?.index ?? value.length;
      throw new ApiFailure(
        'BadRequest',
        `Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte ${at}`,
      );
    }
    const text = Object.entries(objectAt(object, 'stringData'));
    if (text.length > 0) {
      const encoded = text.map(([key, value]) => [key, Buffer.from(String(value)).toString('base64')]);
      object['data'] = { ...objectAt(object, 'data'), ...(Object.fromEntries(encoded) as JsonObject) };
    }
    delete object['stringData'];
    object['type'] ??= 'Opaque';
  },
  check(object, errors, previous) {
    const data = objectAt(object, 'data');
    if (checkKeys(data, 'data', errors) > maximumBytes) errors.tooLong('data', maximumBytes);
    const type = String(object['type']);
    for (const key of requiredKeys[type] ?? []) {
      if (!Object.hasOwn(data, key)) errors.required(`data[${key}]`);
    }
    if (type === 'kubernetes.io/basic-auth' && !('username' in data) && !('password' in data)) {
      errors.required('data[username]');
      errors.required('data[password]');
    }
    if (previous && previous['type'] !== type) errors.invalid('type', type, 'field is immutable');
    checkImmutable(object, errors, previous, ['data']);
  },
};

/** Returns the size of all values. */
function checkKeys(data: JsonObject, path: string, errors: FieldErrors): number {
  let sizeBytes = 0;
  for (const key of Object.keys(data).sort()) {
    for (const problem of checkConfigKey(key)) errors.invalid(`${path}[${key}]`, key, problem);
    const value = String(data[key]);
    sizeBytes += Buffer.byteLength(value);
  }
  return sizeBytes;
}

function checkImmutable(
  object: JsonObject,
  errors: FieldErrors,
  previous: JsonObject | undefined,
  fields: readonly string[],
): void {
  if (previous?.['immutable'] !== true) return;
  if (object['immutable'] !== true) errors.forbidden('immutable', 'field is immutable when `immutable` is set');
  for (const field of fields) {
    if (isDeepStrictEqual(objectAt(object, field), objectAt(previous, field))) continue;
    errors.forbidden(field, 'field is immutable when `immutable` is set');
  }
}
