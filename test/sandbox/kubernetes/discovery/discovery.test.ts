import assert from 'node:assert/strict';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { byPriority, discoveryAnswer } from '../../../../sandbox/kubernetes/discovery/discovery.ts';
import { openApiAnswer } from '../../../../sandbox/kubernetes/discovery/open-api.ts';
import { registryWithOurCrds } from '../types/our-crds.ts';

const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

interface Group {
  readonly metadata: { readonly name?: string };
  readonly versions: readonly { version: string; resources: { resource: string; [field: string]: unknown }[] }[];
}

interface Document {
  readonly paths: Readonly<
    Record<string, { patch?: { parameters: { name: string }[]; requestBody: { content: object } } }>
  >;
  readonly components: {
    readonly schemas: Readonly<Record<string, { properties: Record<string, { description?: string }> }>>;
  };
}

describe('Discovery', () => {
  const types = registryWithOurCrds();

  it('tells of all groups in one document to those who can read it', () => {
    const answer = discoveryAnswer(types, '/apis', `${aggregated},application/json;q=0.9`);
    assert.equal(answer?.contentType, aggregated);
    const { items } = answer.body as { items: readonly Group[] };
    const ours = items.find(({ metadata }) => metadata.name === 'bridge.nacos.io');
    assert.deepEqual(
      ours?.versions[0]?.resources.map(({ resource }) => resource),
      ['nacosconfigs', 'nacosconnections', 'nacosservices'],
    );
    assert.deepEqual(ours?.versions[0]?.resources[0]?.['categories'], ['nacos']);
  });

  it('tells of groups, versions and resources one by one to others', () => {
    const { groups } = discoveryAnswer(types, '/apis', 'application/json')!.body as { groups: { name: string }[] };
    assert.ok(groups.some(({ name }) => name === 'apps'));
    const { resources } = discoveryAnswer(types, '/apis/apps/v1', '')!.body as { resources: { name: string }[] };
    assert.ok(resources.some(({ name }) => name === 'deployments/scale'));
    assert.ok(discoveryAnswer(types, '/api/v1', ''));
    assert.equal(discoveryAnswer(types, '/apis/none', ''), undefined);
    assert.equal(discoveryAnswer(types, '/apis/apps/v2', ''), undefined);
  });

  it('prefers stable versions, then newer ones', () => {
    const versions = ['v1alpha1', 'v1', 'foo', 'v2beta1', 'v10', 'v2'];
    assert.deepEqual(versions.sort(byPriority), ['v10', 'v2', 'v1', 'v2beta1', 'v1alpha1', 'foo']);
  });

  it('describes our kinds by the words of their CRDs, and how they are patched', () => {
    const document = openApi('/openapi/v3/apis/bridge.nacos.io/v1alpha1');
    const schema = document.components.schemas['io.nacos.bridge.v1alpha1.NacosConfig'];
    assert.match(schema?.properties['spec']?.description ?? '', /Which dataId/);
    const patch = document.paths['/apis/bridge.nacos.io/v1alpha1/namespaces/{namespace}/nacosconfigs/{name}']?.patch;
    assert.ok(patch?.parameters.some(({ name }) => name === 'fieldValidation'));
    // kubectl would send this form to whoever names it.
    assert.ok(!Object.hasOwn(patch?.requestBody.content ?? {}, 'application/strategic-merge-patch+json'));
  });

  it('gives documents in which every reference leads to a definition', () => {
    const { paths } = openApi('/openapi/v3') as unknown as { paths: Record<string, object> };
    for (const path of Object.keys(paths)) {
      const text = openApiAnswer(types, `/openapi/v3/${path}`, '')?.text ?? '';
      const { schemas } = (JSON.parse(text) as Document).components;
      for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) assert.ok(schemas[name], name);
    }
  });

  it('changes the hash of a document exactly when its types change', () => {
    const registry = registryWithOurCrds();
    const before = openApiAnswer(registry, '/openapi/v3/apis/apps/v1', '');
    const index = openApiAnswer(registry, '/openapi/v3', '')?.etag;
    registry.serve('nacosconfigs.bridge.nacos.io', []);
    assert.equal(openApiAnswer(registry, '/openapi/v3/apis/apps/v1', ''), before);
    assert.notEqual(openApiAnswer(registry, '/openapi/v3', '')?.etag, index);
  });

  it('has the document of all types as JSON, and an empty one as protobuf', () => {
    assert.ok(openApiAnswer(types, '/openapi/v2', 'application/json'));
    const answer = openApiAnswer(types, '/openapi/v2', 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf');
    const reader = new BinaryReader(Buffer.from(answer?.text ?? '', 'latin1'));
    assert.deepEqual([reader.tag()[0], reader.string()], [1, '2.0']);
    assert.equal(reader.tag()[0], 2);
    const info = new BinaryReader(reader.bytes());
    assert.deepEqual([info.tag()[0], info.string(), info.tag()[0], info.string()], [1, 'Kubernetes', 2, 'unversioned']);
    assert.equal(info.pos, info.len);
    assert.equal(openApiAnswer(types, '/openapi/v2', 'text/plain'), undefined);
  });

  function openApi(path: string): Document {
    return JSON.parse(openApiAnswer(types, path, '')?.text ?? '{}') as Document;
  }
});
