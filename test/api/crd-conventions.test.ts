/**
 * The conventions that every field of every CRD keeps, so that a new field cannot forget one.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { loadCrds, type Schema } from '../../scripts/generate/crd.ts';
import {
  NACOS_CONFIG,
  NACOS_CONFIG_INVENTORY,
  NACOS_CONFIG_SYNC,
  NACOS_CONNECTION,
  NACOS_SERVICE,
} from '../../operator/api/resources.ts';

const crds = await loadCrds(path.join(import.meta.dirname, '../../crds'));

interface Field {
  readonly name: string;
  readonly schema: Schema;
}

/** Values that Nacos, or HTTP, writes in lower case. */
const foreignEnums = ['spec.format', 'spec.formats[].format', 'spec.servers[].scheme', 'status.capabilities.adminApi'];

const conventions: readonly { title: string; breaks: (field: Field) => boolean }[] = [
  { title: 'has a description that ends a sentence', breaks: ({ schema }) => !/[.`]$/.test(schema.description ?? '') },
  {
    title: 'has a length limit when it is a string',
    breaks: ({ schema }) =>
      schema.type === 'string' &&
      schema.enum === undefined &&
      schema.format !== 'date-time' &&
      schema.maxLength === undefined,
  },
  {
    title: 'has bounds when it is a number in the spec',
    breaks: ({ name, schema }) =>
      name.startsWith('spec') &&
      schema.type === 'integer' &&
      (schema.minimum === undefined || schema.maximum === undefined),
  },
  {
    title: 'has a limit and a list type when it is a list',
    breaks: ({ schema }) =>
      schema.type === 'array' && (schema.maxItems === undefined || schema['x-kubernetes-list-type'] === undefined),
  },
  {
    title: 'has a limit when it is a map',
    breaks: ({ schema }) => schema.additionalProperties !== undefined && schema.maxProperties === undefined,
  },
  {
    title: 'has CamelCase values when it is an enum of ours',
    breaks: ({ name, schema }) =>
      !foreignEnums.includes(name) && (schema.enum ?? []).some((value) => !/^[A-Z][A-Za-z0-9]*$/.test(value)),
  },
  {
    title: 'has rules with a message and a reason',
    breaks: ({ schema }) =>
      (schema['x-kubernetes-validations'] ?? []).some(({ message, reason }) => !message.includes('must') || !reason),
  },
  { title: 'is no floating-point number', breaks: ({ schema }) => schema.type === 'number' },
];

describe('Every field of a CRD', () => {
  for (const { title, breaks } of conventions) {
    it(title, () => {
      const broken = crds.flatMap(({ kind, schema }) =>
        fieldsOf(schema)
          .filter(breaks)
          .map(({ name }) => `${kind}.${name}`),
      );
      assert.deepEqual(broken, []);
    });
  }
});

describe('The resource constants', () => {
  it('name what the CRDs declare', () => {
    const declared = crds.map(({ kind, plural, version }) => ({
      group: 'bridge.nacos.io',
      version,
      plural,
      kind,
      namespaced: true,
    }));
    const constants = [NACOS_CONFIG_INVENTORY, NACOS_CONFIG, NACOS_CONFIG_SYNC, NACOS_CONNECTION, NACOS_SERVICE];
    assert.deepEqual(constants, declared);
  });
});

/** All fields below spec and status, e.g. `spec.servers[].host`; the values of a map as `spec.metadata{}`. */
function fieldsOf(schema: Schema, name = ''): Field[] {
  const inner = schema.items ?? schema;
  const prefix = schema.items === undefined ? name : `${name}[]`;
  const children = Object.entries(inner.properties ?? {})
    .filter(([child]) => name !== '' || child === 'spec' || child === 'status')
    .flatMap(([child, childSchema]) => fieldsOf(childSchema, prefix === '' ? child : `${prefix}.${child}`));
  const item = schema.items === undefined ? [] : [{ name: prefix, schema: schema.items }];
  const values = schema.additionalProperties;
  const value = values === undefined ? [] : [{ name: `${name}{}`, schema: values }];
  return name === '' ? children : [{ name, schema }, ...item, ...value, ...children];
}
