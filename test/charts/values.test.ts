/**
 * The chart's values and their schema, without Helm: what Helm makes of them is in `test/real/chart.test.ts`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

const chart = path.join(import.meta.dirname, '../../charts/nacos-bridge');
const text = readFileSync(path.join(chart, 'values.yaml'), 'utf8');
const values = parse(text) as Record<string, unknown>;

interface Schema {
  readonly description?: string;
  readonly properties?: Record<string, Schema>;
}
const schema = JSON.parse(readFileSync(path.join(chart, 'values.schema.json'), 'utf8')) as Schema;
const validate = new Ajv({ strict: false }).compile(schema);

const refused: readonly { title: string; change: Record<string, unknown> }[] = [
  { title: 'a misspelt name', change: { watchNamespace: ['a'] } },
  { title: 'a misspelt name one level down', change: { nacos: { server: ['a:8848'] } } },
  { title: 'a server without a port', change: { nacos: { servers: ['nacos'] } } },
  { title: 'a server as a URL', change: { nacos: { servers: ['http://nacos:8848'] } } },
  { title: 'servers as one string', change: { nacos: { servers: 'nacos:8848' } } },
  { title: 'a privileged port', change: { metrics: { port: 80 } } },
  { title: 'an unknown log level', change: { log: { level: 'trace' } } },
  { title: 'a word instead of a boolean', change: { mirror: { enabled: 'yes' } } },
  { title: 'a word instead of a boolean for services', change: { services: { enabled: 'yes' } } },
  { title: 'a word instead of a boolean for rollouts', change: { rollout: { enabled: 'yes' } } },
  { title: 'a misspelt right to read Secrets', change: { secrets: { exports: true } } },
  { title: 'a misspelt right to read Pods', change: { services: { podMetaData: true } } },
  { title: 'a namespace with a capital letter', change: { watchNamespaces: ['Shop'] } },
  { title: 'a login without servers', change: { nacos: { servers: [], existingSecret: 'login' } } },
  { title: 'a Nacos namespace without servers', change: { nacos: { servers: [], namespace: 'dev' } } },
  { title: 'rules of the default connection without servers', change: { nacos: { servers: [], allow: [{}] } } },
  {
    title: 'a misspelt rule of the default connection',
    change: { nacos: { servers: ['nacos:8848'], allow: [{ group: ['a'] }] } },
  },
  { title: 'a host name to listen on', change: { bindAddress: 'localhost' } },
  { title: 'two pods without leader election', change: { replicaCount: 2, leaderElection: { enabled: false } } },
];

describe('The values of the chart', () => {
  it('are accepted by their schema', () => {
    assert.ok(validate(values), JSON.stringify(validate.errors));
  });

  it('are the same names as in the schema', () => {
    assert.deepEqual(
      namesOf(values, schema),
      namesIn(schema).filter((name) => name !== 'global'),
    );
  });

  it('are all described in the schema', () => {
    for (const [name, property] of Object.entries(schema.properties ?? {})) assert.ok(property.description, name);
  });

  for (const { title, change } of refused) {
    it(`are refused with ${title}`, () => assert.equal(validate({ ...values, ...change }), false));
  }

  it('take an IPv6 server', () => {
    assert.ok(validate({ ...values, nacos: { servers: ['[fd00::1]:8848'] } }), JSON.stringify(validate.errors));
  });
});

/** Paths of the values, as deep as the schema knows their names. */
function namesOf(value: unknown, known: Schema, prefix = ''): string[] {
  if (known.properties === undefined) return [prefix];
  return Object.entries(value as Record<string, unknown>)
    .flatMap(([name, child]) => namesOf(child, known.properties?.[name] ?? {}, join(prefix, name)))
    .sort();
}

function namesIn(known: Schema, prefix = ''): string[] {
  if (known.properties === undefined) return [prefix];
  return Object.entries(known.properties)
    .flatMap(([name, child]) => namesIn(child, join(prefix, name)))
    .sort();
}

function join(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}
