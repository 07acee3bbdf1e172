import assert from 'node:assert/strict';
import { byPriority, discoveryAnswer } from '../../../../sandbox/kubernetes/discovery/discovery.ts';
import { openApiAnswer } from '../../../../sandbox/kubernetes/discovery/open-api.ts';
import type { Answer } from '../../../../sandbox/kubernetes/http/answer.ts';
import { registryWithOurCrds } from '../types/our-crds.ts';

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

  it('tells of groups, versions and resources', () => {
    const { groups } = read('/apis') as { groups: { name: string }[] };
    assert.ok(groups.some(({ name }) => name === 'apps'));
    const { resources } = read('/apis/apps/v1') as { resources: { name: string }[] };
    assert.ok(resources.some(({ name }) => name === 'deployments/scale'));
    const ours = read('/apis/bridge.nacos.io/v1alpha1') as { resources: { name: string; categories?: string[] }[] };
    const names = ours.resources.filter(({ name }) => !name.includes('/'));
    assert.deepEqual(
      names.map(({ name, categories }) => [name, categories]),
      [
        ['nacosconfigs', ['nacos']],
        ['nacosconnections', ['nacos']],
        ['nacosservices', ['nacos']],
      ],
    );
    assert.ok(discoveryAnswer(types, '/api/v1'));
    assert.equal(discoveryAnswer(types, '/apis/none'), undefined);
    assert.equal(discoveryAnswer(types, '/apis/apps/v2'), undefined);
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
      const text = textOf(openApiAnswer(types, `/openapi/v3/${path}`));
      const { schemas } = (JSON.parse(text) as Document).components;
      for (const [, name = ''] of text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)) assert.ok(schemas[name], name);
    }
  });

  it('changes the hash of a document exactly when its types change', () => {
    const registry = registryWithOurCrds();
    const before = openApiAnswer(registry, '/openapi/v3/apis/apps/v1');
    const index = textOf(openApiAnswer(registry, '/openapi/v3'));
    assert.match(index, new RegExp(`/openapi/v3/apis/apps/v1\\?hash=${before?.headers?.['etag']?.slice(1, -1)}`));
    registry.serve('nacosconfigs.bridge.nacos.io', []);
    assert.equal(openApiAnswer(registry, '/openapi/v3/apis/apps/v1')?.body, before?.body);
    assert.notEqual(textOf(openApiAnswer(registry, '/openapi/v3')), index);
  });

  function read(path: string): unknown {
    return JSON.parse(textOf(discoveryAnswer(types, path)));
  }

  function openApi(path: string): Document {
    return JSON.parse(textOf(openApiAnswer(types, path))) as Document;
  }
});

function textOf(answer: Answer | undefined): string {
  assert.equal(typeof answer?.body, 'string');
  return answer!.body as string;
}
