/**
 * The generated types, the CRD schemas and the examples say the same: samples that the compiler accepts are accepted by
 * the schema, and so is every manifest in `examples/`. CEL rules are judged by `test/real/crd-validation.test.ts`.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { parseAllDocuments } from 'yaml';
import { loadCrds, type Schema } from '../../scripts/generate/crd.ts';
import type { NacosConfig, NacosConfigSync, NacosConnection, NacosService } from '../../operator/api/resources.ts';

const root = path.join(import.meta.dirname, '../..');
const apiVersion = 'bridge.nacos.io/v1alpha1';
const now = '2026-01-01T00:00:00Z';
const conditions = [
  {
    type: 'Ready',
    status: 'True',
    observedGeneration: 1,
    lastTransitionTime: now,
    reason: 'Synced',
    message: '',
  } as const,
];

const config = {
  apiVersion,
  kind: 'NacosConfig',
  metadata: { name: 'orders.yaml', namespace: 'shop' },
  spec: {
    connectionRef: { kind: 'NacosConnection', name: 'main' },
    namespaceId: 'dev',
    group: 'shop',
    dataId: 'orders.yaml',
    source: 'Kubernetes',
    contentFrom: { configMapKeyRef: { name: 'orders', key: 'orders.yaml' } },
    format: 'yaml',
    validation: { syntax: true },
    driftPolicy: 'Revert',
    allowSecretExport: false,
    conflictPolicy: 'Manual',
    mirror: { format: 'File', immutable: false, configMap: { name: 'copy', key: 'orders.yaml' } },
    rollout: { workloads: [{ kind: 'Deployment', name: 'orders' }], auto: false, debounceSeconds: 5 },
    tags: ['shop'],
    description: 'Settings',
    appName: 'orders',
    deletionPolicy: 'Delete',
    adoptionPolicy: 'Fail',
    suspend: false,
  },
  status: {
    observedGeneration: 1,
    dataId: 'orders.yaml',
    source: 'Kubernetes',
    observedMd5: '0'.repeat(32),
    nacosMd5: '0'.repeat(32),
    syncedPlace: { id: '0b9b1c5e', namespaceId: '', servers: ['nacos:8848'] },
    syncedMd5: '0'.repeat(32),
    mirrorName: 'copy',
    mirrorKinds: ['ConfigMap'],
    lastSyncTime: now,
    conditions,
  },
} satisfies NacosConfig;

const sync = {
  apiVersion,
  kind: 'NacosConfigSync',
  metadata: { name: 'settings', namespace: 'shop' },
  spec: {
    connectionRef: { kind: 'NacosConnection', name: 'main' },
    namespaceId: 'dev',
    source: 'Both',
    kubernetes: {
      kinds: ['ConfigMap'],
      selector: {
        matchLabels: { tier: 'backend' },
        matchExpressions: [{ key: 'stage', operator: 'In', values: ['live'] }],
      },
      all: false,
      allowSecretExport: false,
    },
    nacos: { groups: ['shop.*'], dataIds: ['*'] },
    mapping: { group: 'shop.{name}', dataId: '{key}' },
    formats: [{ dataId: 'nginx.conf', format: 'text' }],
    validation: { syntax: true },
    driftPolicy: 'Revert',
    conflictPolicy: 'Manual',
    adoptionPolicy: 'Fail',
    syncDeletion: false,
    rollout: { auto: true, debounceSeconds: 5 },
    deletionPolicy: 'Delete',
    suspend: false,
  },
  status: {
    observedGeneration: 1,
    discovery: 'FuzzyWatch',
    items: { total: 2, synced: 1, pending: 0, failing: 0, conflicts: 1, invalid: 0, skipped: 0 },
    digest: '0'.repeat(16),
    problems: [
      { object: 'ConfigMap/orders', key: 'a', group: 'shop.orders', dataId: 'a', reason: 'Conflict', message: '' },
    ],
    place: { id: '0b9b1c5e', namespaceId: '', servers: ['nacos:8848'] },
    conditions,
  },
} satisfies NacosConfigSync;

const connection = {
  apiVersion,
  kind: 'NacosConnection',
  metadata: { name: 'main', namespace: 'shop' },
  spec: {
    servers: [{ scheme: 'http', host: 'nacos', port: 8848, contextPath: '/nacos', grpcPort: 9848 }],
    namespaceId: '',
    auth: { password: { secretRef: { name: 'login' } } },
    publicNamespace: 'Literal',
    allow: { groups: ['{namespace}.*'], namespaceIds: ['public'], dataIds: ['*'], services: ['*'] },
    requestTimeoutMs: 10_000,
    updateConcurrency: 20,
  },
  status: {
    observedGeneration: 1,
    conditions,
    serverVersion: '3.1.0',
    activeServer: 'nacos:8848',
    capabilities: { persistentByGrpc: true, fuzzyWatch: true, adminApi: 'v3' },
    resources: 1,
  },
} satisfies NacosConnection;

const service = {
  apiVersion,
  kind: 'NacosService',
  metadata: { name: 'orders', namespace: 'shop' },
  spec: {
    connectionRef: { kind: 'NacosConnection', name: 'main' },
    namespaceId: 'dev',
    group: 'shop',
    source: {
      serviceSelector: {
        matchLabels: { tier: 'backend' },
        matchExpressions: [{ key: 'stage', operator: 'In', values: ['live'] }],
      },
    },
    serviceName: 'shop.{service}',
    ports: [{ name: 'http' }, { number: 9090, serviceName: '{service}.metrics' }],
    readiness: 'Healthy',
    weight: 1,
    clusterName: 'DEFAULT',
    clusterNameFrom: 'Zone',
    metadata: { owner: 'shop' },
    metadataFrom: { labels: ['version'] },
    podAnnotations: 'Ignore',
    selfRegistered: 'Report',
    ipFamilies: ['IPv4'],
  },
  status: {
    observedGeneration: 1,
    services: 2,
    instances: { total: 3, ready: 1, draining: 1, published: 1, pending: 1 },
    ghosts: 1,
    ghostHosts: [{ service: 'orders', member: '10.0.0.9:8080' }],
    twins: 1,
    twinHosts: [{ service: 'orders', member: '10.0.0.1:8080' }],
    overrides: [{ service: 'orders', member: '10.0.0.1:8080', field: 'weight', sent: '1', shown: '9' }],
    problems: [{ service: 'orders', member: '10.0.0.1:8080', field: 'metadata', message: 'has 1025 characters' }],
    conditions,
  },
} satisfies NacosService;

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const examples = readdirSync(path.join(root, 'examples'))
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => ({ file, objects: readManifests(path.join(root, 'examples', file)) }));

describe('The types of our kinds', () => {
  let schemas: Record<string, { schema: Schema; validate: ValidateFunction }>;

  before(async () => {
    const crds = await loadCrds(path.join(root, 'crds'));
    const ajv = new Ajv({ strict: false, validateFormats: false });
    schemas = Object.fromEntries(
      crds.map(({ kind, schema }) => [kind, { schema, validate: ajv.compile(closed(withoutMetadata(schema))) }]),
    );
  });

  for (const sample of [config, sync, connection, service]) {
    it(`accept a ${sample.kind} that its schema accepts`, () => assertValid(sample));

    it(`know every field of a ${sample.kind}`, () => {
      const { spec, status } = schemas[sample.kind]?.schema.properties ?? {};
      const unused = (fields: object, schema?: Schema) =>
        Object.keys(schema?.properties ?? {}).filter((name) => !(name in fields) && name !== 'content');
      assert.deepEqual([unused(sample.spec, spec), unused(sample.status, status)], [[], []]);
    });
  }

  for (const { file, objects } of examples) {
    it(`accept examples/${file}`, () => {
      for (const object of objects) if (object.kind in schemas) assertValid(object);
    });
  }

  it('refuse a metadata value that is no text', () => {
    const validate = schemas['NacosService']?.validate;
    assert.equal(validate?.({ ...service, spec: { ...service.spec, metadata: { weight: 1 } } }), false);
  });

  it('refuse an unknown field', () => {
    const validate = schemas['NacosConfig']?.validate;
    assert.equal(validate?.({ ...config, spec: { ...config.spec, dataid: 'a' } }), false);
  });

  function assertValid(object: Manifest): void {
    const validate = schemas[object.kind]?.validate;
    assert.ok(validate?.(object), JSON.stringify(validate?.errors));
  }
});

describe('The examples', () => {
  it('can be applied together: no two objects of a kind have the same name', () => {
    const names = examples.flatMap(({ objects }) => objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
    assert.deepEqual(names, [...new Set(names)]);
  });

  it('leave the namespace to whoever applies them', () => {
    const bound = examples.flatMap(({ objects }) => objects).filter(({ metadata }) => metadata.namespace !== undefined);
    assert.deepEqual(bound, []);
  });

  it('are all listed in their README', () => {
    const readme = readFileSync(path.join(root, 'examples/README.md'), 'utf8');
    assert.deepEqual(
      examples.map(({ file }) => file).filter((file) => !readme.includes(`(${file})`)),
      [],
    );
  });
});

function readManifests(file: string): Manifest[] {
  return parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as Manifest);
}

/** What is declared of the metadata is a limit of the name, and not all that there is. */
function withoutMetadata(schema: Schema): Schema {
  return { ...schema, properties: { ...schema.properties, metadata: { type: 'object', description: '' } } };
}

/** As the API server reads it with strict field validation: a field that is not declared is an error. */
function closed(schema: Schema): object {
  const { properties, items } = schema;
  if (items !== undefined) return { ...schema, items: closed(items) };
  if (properties === undefined) return schema;
  const entries = Object.entries(properties).map(([name, child]) => [name, closed(child)]);
  return { ...schema, properties: Object.fromEntries(entries), additionalProperties: false };
}
