/**
 * What the API server refuses, with which message on which field: the schema and the CEL rules of `crds/`, judged by a
 * real kube-apiserver. Nothing here needs the operator or Nacos.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { type KubernetesServer, startKubernetes } from '../testbed/kubernetes.ts';
import { changed, full, refused } from './crd-samples/by-kind.ts';
import { content, contentFrom } from './crd-samples/nacos-config.ts';
import { server } from './crd-samples/nacos-connection.ts';
import { fullService, many } from './crd-samples/nacos-service.ts';
import type { Json } from './crd-samples/sample.ts';

const columns = ['NAME', 'READY', 'REASON', 'GROUP', 'SERVICES', 'INSTANCES', 'READY INSTANCES', 'PUBLISHED', 'AGE'];

const crds = path.join(import.meta.dirname, '../../crds');

describe('The API server with our CRDs', function () {
  this.timeout(90_000);
  let kubernetes: KubernetesServer;

  before(async () => {
    kubernetes = await startKubernetes();
    await succeed(['apply', '-f', crds]);
    await succeed(['wait', '--for=condition=Established', '--timeout=30s', '-f', crds]);
  });

  after(() => kubernetes?.stop());

  for (const [kind, samples] of Object.entries(refused)) {
    describe(`refuses a ${kind} with`, () => {
      for (const { title, spec, field, message } of samples) {
        it(`${title}, naming ${field}`, async () => {
          assertRefused(await create(kind, spec), field, message);
        });
      }
    });
  }

  for (const [kind, samples] of Object.entries(changed)) {
    describe(`refuses to change a ${kind} to`, () => {
      for (const [index, { title, before, after, field }] of samples.entries()) {
        it(`${title}, naming ${field}`, async () => {
          const name = `changed-${index}`;
          await succeed(['create', '-f', '-'], manifest(kind, before, name));
          assertRefused(await change(kind, after, name), field, 'must not change');
        });
      }
    });
  }

  it('refuses to change the namespaceId of a NacosConnection', async () => {
    await succeed(['create', '-f', '-'], manifest('NacosConnection', { servers: [server] }, 'moved'));
    const result = await change('NacosConnection', { servers: [server], namespaceId: 'dev' }, 'moved');
    assertRefused(result, 'spec.namespaceId', 'must not change');
  });

  it('lets the implied source be written out, and everything else of a NacosConfig be changed', async () => {
    const before = { content, group: 'shop' };
    const after = {
      source: 'Kubernetes',
      contentFrom,
      group: 'shop',
      suspend: true,
      tags: ['new'],
      driftPolicy: 'Report',
    };
    await succeed(['create', '-f', '-'], manifest('NacosConfig', before, 'edited'));
    const result = await change('NacosConfig', after, 'edited');
    assert.equal(result.code, 0, result.stderr);
  });

  for (const [kind, spec] of Object.entries(full)) {
    it(`stores a full ${kind} as it was written`, async () => {
      const stored = await succeed(['create', '-o', 'json', '-f', '-'], manifest(kind, spec, 'full'));
      assert.deepEqual((JSON.parse(stored) as { spec: Json }).spec, spec);
    });
  }

  it('lets everything but the identity of a NacosService be changed', async () => {
    const { ports, serviceName, readiness, weight, clusterNameFrom, metadata, metadataFrom, podAnnotations } =
      fullService;
    const after = { ports, serviceName, readiness, weight, clusterNameFrom, metadata, metadataFrom, podAnnotations };
    await succeed(['create', '-f', '-'], manifest('NacosService', { source: many, clusterName: 'old' }, 'edited'));
    const result = await change('NacosService', { source: many, ...after }, 'edited');
    assert.equal(result.code, 0, result.stderr);
  });

  it('fills in the defaults of a NacosService', async () => {
    const stored = await succeed(
      ['create', '-o', 'json', '-f', '-'],
      manifest('NacosService', { source: many }, 'defaults'),
    );
    assert.deepEqual((JSON.parse(stored) as { spec: Json }).spec, {
      source: many,
      group: 'DEFAULT_GROUP',
      serviceName: '{service}',
      readiness: 'Healthy',
      weight: 1,
      podAnnotations: 'Ignore',
      selfRegistered: 'Report',
    });
  });

  it('shows in `kubectl get nacos` how many instances a NacosService has', async () => {
    const status = {
      services: 2,
      instances: { total: 7, ready: 5, draining: 1, published: 7 },
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'Published',
          message: 'as declared',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    };
    await succeed(['create', '-f', '-'], manifest('NacosService', { source: many, group: 'shop' }, 'counted'));
    const patch = [
      'patch',
      'nsvc',
      'counted',
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ status }),
    ];
    await succeed(patch);
    const [header, row] = (await succeed(['get', 'nsvc', 'counted'])).split('\n');
    assert.deepEqual(header?.trim().split(/ {2,}/), columns);
    assert.deepEqual(row?.split(/ +/).slice(0, -1), ['counted', 'True', 'Published', 'shop', '2', '7', '5', '7']);
  });

  it('shows in `kubectl get ncs` how many items a NacosConfigSync has, and how they fare', async () => {
    const spec = { source: 'Both', kubernetes: { all: true } };
    await succeed(['create', '-f', '-'], manifest('NacosConfigSync', spec, 'counted'));
    const items = { total: 9, synced: 5, pending: 0, conflicts: 2, invalid: 1, failing: 1, skipped: 0 };
    const lastTransitionTime = '2026-01-01T00:00:00Z';
    const conditions = [{ type: 'Ready', status: 'False', reason: 'Conflict', message: 'm', lastTransitionTime }];
    const patch = JSON.stringify({ status: { items, conditions } });
    await succeed(['patch', 'ncs', 'counted', '--subresource=status', '--type=merge', '-p', patch]);
    const [header, row] = (await succeed(['get', 'ncs', 'counted'])).split('\n');
    assert.equal(header?.trim().replaceAll(/ +/g, ' '), 'NAME SOURCE ITEMS SYNCED CONFLICTS READY REASON AGE');
    assert.deepEqual(row?.split(/ +/).slice(0, -1), ['counted', 'Both', '9', '5', '2', 'False', 'Conflict']);
  });

  it('fills in the defaults of a NacosConfig', async () => {
    const stored = await succeed(['create', '-o', 'json', '-f', '-'], manifest('NacosConfig', { content }, 'defaults'));
    assert.deepEqual((JSON.parse(stored) as { spec: Json }).spec, {
      content,
      group: 'DEFAULT_GROUP',
      validation: { syntax: true },
      allowSecretExport: false,
      driftPolicy: 'Revert',
      conflictPolicy: 'Manual',
      deletionPolicy: 'Delete',
      adoptionPolicy: 'Fail',
      suspend: false,
    });
  });

  it('stores 900 KB of content', async () => {
    const large = 'ü\r\n'.repeat(225_000);
    const stored = await succeed(
      ['create', '-o', 'json', '-f', '-'],
      manifest('NacosConfig', { content: large }, 'large'),
    );
    assert.equal((JSON.parse(stored) as { spec: Json }).spec.content, large);
  });

  it('merges the servers that two field managers apply', async () => {
    const apply = (manager: string, host: string) =>
      succeed(
        ['apply', '--server-side', '--field-manager', manager, '-o', 'json', '-f', '-'],
        manifest('NacosConnection', { servers: [{ host }] }, 'merged'),
      );
    await apply('one', 'nacos-0');
    const merged = JSON.parse(await apply('two', 'nacos-1')) as { spec: { servers: { host: string }[] } };
    assert.deepEqual(merged.spec.servers.map(({ host }) => host).sort(), ['nacos-0', 'nacos-1']);
  });

  it('explains every field', async () => {
    for (const kind of ['nacosconfig', 'nacosconnection', 'nacosservice']) {
      const text = await succeed(['explain', kind, '--recursive']);
      assert.match(text, /spec/);
    }
    assert.match(await succeed(['explain', 'ncfg.spec.mirror']), /put back when it is edited/);
  });

  it('lists all kinds as `nacos`', async () => {
    const names = await succeed(['api-resources', '--categories=nacos', '-o', 'name', '--sort-by=name']);
    assert.deepEqual(names.trim().split('\n'), [
      'nacosconfigs.bridge.nacos.io',
      'nacosconfigsyncs.bridge.nacos.io',
      'nacosconnections.bridge.nacos.io',
      'nacosservices.bridge.nacos.io',
    ]);
  });

  function create(kind: string, spec: Json) {
    return kubernetes.kubectl(['create', '--dry-run=server', '-f', '-'], manifest(kind, spec, 'refused'));
  }

  function change(kind: string, spec: Json, name: string) {
    return kubernetes.kubectl(['replace', '-f', '-'], manifest(kind, spec, name));
  }

  async function succeed(args: string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await kubernetes.kubectl(args, input);
    assert.equal(code, 0, stderr);
    return stdout;
  }
});

function manifest(kind: string, spec: Json, name: string): string {
  return JSON.stringify({
    apiVersion: 'bridge.nacos.io/v1alpha1',
    kind,
    metadata: { name, namespace: 'default' },
    spec,
  });
}

function assertRefused(result: { code: number; stderr: string }, field: string, message: string): void {
  assert.notEqual(result.code, 0, 'the API server must refuse it');
  assert.ok(result.stderr.includes(field), `the refusal must name ${field}: ${result.stderr}`);
  assert.ok(result.stderr.includes(message), `the refusal must say '${message}': ${result.stderr}`);
}
