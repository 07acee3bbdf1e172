/**
 * Requests in order, and what a real API server (1.36) answered to them: codes, the fields that are named, and the state.
 */
import assert from 'node:assert/strict';
import { Agent, request } from 'undici';
import { startEmbeddedKubernetes } from '../../../../sandbox/kubernetes/embedded-kubernetes.ts';
import type { EmbeddedKubernetes } from '../../../../sandbox/kubernetes/embedded-kubernetes.ts';
import type { KubeObject } from '../../../../sandbox/kubernetes/object.ts';
import { customDefinition } from './thing-definition.ts';

const configMaps = '/api/v1/namespaces/default/configmaps';
const services = '/api/v1/namespaces/default/services';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const things = '/apis/ex.test/v1/namespaces/default/things';
const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

const forms = {
  apply: 'application/apply-patch+yaml',
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const;

interface Reply {
  readonly code: number;
  readonly warning: string;
  readonly object: KubeObject & { readonly message?: string; readonly reason?: string };
}

describe('the embedded API server answers as a real one', () => {
  let kubernetes: EmbeddedKubernetes;
  let dispatcher: Agent;

  before(async () => {
    kubernetes = await startEmbeddedKubernetes();
    dispatcher = new Agent({ connect: { ca: kubernetes.caCertificate } });
    await send('POST', crds, customDefinition);
    await send('POST', configMaps, { metadata: { name: 'c' }, data: { a: 'b' } });
    await send('POST', things, { metadata: { name: 't' }, spec: { a: 'x' } });
    await send('POST', deployments, deployment('d', { resources: { limits: { cpu: '1' } }, args: [] }));
  });

  after(async () => {
    await dispatcher?.destroy();
    await kubernetes?.stop();
  });

  async function send(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body?: unknown,
    type = 'application/json',
  ): Promise<Reply> {
    const answer = await request(`${kubernetes.url}${path}`, {
      method,
      dispatcher,
      headers: {
        authorization: `Bearer ${kubernetes.token}`,
        'content-type': type,
        'user-agent': 'probe/1',
      },
      body: body === undefined || typeof body === 'string' ? (body ?? null) : JSON.stringify(body),
    });
    const object = (await answer.body.json()) as Reply['object'];
    return { code: answer.statusCode, warning: String(answer.headers.warning ?? ''), object };
  }

  const strict = 'fieldValidation=Strict';
  const twice = '{"metadata":{"name":"f","name":"f"},"data":{"a":"b","a":"c"}}';
  const unqualified = '{"metadata":{"name":"f","finalizers":["plain"]}}';

  /** Path, content type, body, code, what the message names. */
  for (const [path, form, body, code, named] of [
    [`${configMaps}/c`, 'merge', 'nope', 400, /decoding patch/],
    [`${configMaps}/c`, 'json', '{}', 400, /decoding patch/],
    [`${configMaps}/c`, 'strategic', '[]', 400, /decoding patch/],
    [configMaps, undefined, 'nope', 400, /ConfigMap/],
    [`${things}/t`, 'merge', '{"spec":{"n":7}}', 422, /spec\.n: .*small/],
    [configMaps, undefined, unqualified, 422, /metadata\.finalizers\[0\]/],
    [`${configMaps}?${strict}`, undefined, twice, 400, /"metadata\.name", duplicate field "data\.a"/],
  ] as const) {
    it(`${code} to ${form ?? 'a new object'} ${body}`, async () => {
      const reply = await send(form === undefined ? 'POST' : 'PATCH', path, body, form && forms[form]);
      assert.equal(reply.code, code);
      assert.match(reply.object.message ?? '', named);
    });
  }

  it('with the field of a status that is refused', async () => {
    const { object } = await send('PATCH', `${things}/t/status`, { status: { deep: { r: 1 } } }, forms.merge);
    assert.match(object.message ?? '', /status\.deep\.r/);
  });

  it('to an apply of an unknown field by its path', async () => {
    const metadata = { name: 't', namespace: 'default' };
    const applied = { apiVersion: 'ex.test/v1', kind: 'Thing', metadata, spec: { zz: 1 } };
    const { code, object } = await send('PATCH', `${things}/t?fieldManager=x`, applied, forms.apply);
    assert.equal(code, 500);
    assert.match(object.message ?? '', /\.spec\.zz: field not declared in schema/);
  });

  it('with warnings of fields that are there twice, and finalizers without a domain on things', async () => {
    const { warning } = await send(
      'POST',
      configMaps,
      '{"metadata":{"name":"twice"},"data":{"a":"b","a":"c"},"foo":1}',
    );
    assert.equal(warning, String.raw`299 - "duplicate field \"data.a\"", 299 - "unknown field \"foo\""`);
    const named = await send('POST', configMaps, { metadata: { name: 'named' }, 版本: 1 });
    assert.equal(named.warning, String.raw`299 - "unknown field \"?\""`);
    const thing = await send('POST', things, { metadata: { name: 'held', finalizers: ['plain'] } });
    assert.equal(thing.code, 201);
    assert.equal((await send('PATCH', `${things}/held`, { spec: { a: 'y' } }, forms.merge)).warning, '');
  });

  it('to data under any key, to nulls in maps, and to what is empty', async () => {
    const patch = '{"data":{"constructor":"x","__proto__":"y","toString":"z"}}';
    const patched = await send('PATCH', `${configMaps}/c`, patch, forms.merge);
    assert.equal(JSON.stringify(patched.object['data']), '{"a":"b","constructor":"x","__proto__":"y","toString":"z"}');
    const made = await send(
      'POST',
      configMaps,
      '{"metadata":{"name":"n","labels":{}},"data":{"a":null},"binaryData":{}}',
    );
    assert.deepEqual([made.object['data'], made.object['binaryData']], [{ a: '' }, undefined]);
    const { object } = await send('GET', `${deployments}/d`);
    const { template } = object['spec'] as { template: { spec: { containers: Record<string, unknown>[] } } };
    const [container] = template.spec.containers;
    assert.deepEqual([container?.['args'], container?.['resources']], [undefined, { limits: { cpu: '1' } }]);
  });

  it('with Services whose addresses are their own, and nobody’s fields', async () => {
    const service = (name: string, spec: object) => ({ metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } });
    const { object } = await send('POST', services, service('s1', { selector: {} }));
    const { clusterIP } = object['spec'] as { clusterIP: string };
    const owned =
      '{"f:internalTrafficPolicy":{},"f:ports":{".":{},"k:{\\"port\\":80,\\"protocol\\":\\"TCP\\"}":{".":{},"f:port":{},"f:protocol":{},"f:targetPort":{}}},"f:sessionAffinity":{},"f:type":{}}';
    assert.deepEqual(object.metadata.managedFields?.[0]?.fieldsV1, { 'f:spec': JSON.parse(owned) as object });
    const second = await send('POST', services, service('s2', {}));
    assert.notEqual((second.object['spec'] as { clusterIP: string }).clusterIP, clusterIP);
  });

  for (const managedFields of [[], [{}]]) {
    it(`to managedFields ${JSON.stringify(managedFields)} by a reset`, async () => {
      const name = `reset-${managedFields.length}`;
      const made = await send('POST', configMaps, { metadata: { name }, data: { a: 'b' } });
      assert.equal(made.object.metadata.managedFields?.length, 1);
      const { object } = await send('PATCH', `${configMaps}/${name}`, { metadata: { managedFields } }, forms.merge);
      assert.equal(object.metadata.managedFields, undefined);
    });
  }

  it('to the deletion of a definition, which it holds until its objects are gone', async () => {
    const { object } = await send('DELETE', `${crds}/things.ex.test`);
    const { finalizers, deletionTimestamp } = object.metadata;
    assert.deepEqual(finalizers, ['customresourcecleanup.apiextensions.k8s.io']);
    assert.ok(deletionTimestamp);
  });

  it('with empty lists of quotas and limits', async () => {
    for (const plural of ['resourcequotas', 'limitranges']) {
      const { object } = await send('GET', `/api/v1/namespaces/default/${plural}`);
      assert.deepEqual(object['items'], []);
    }
  });
});

function deployment(name: string, container: object): object {
  const labels = { a: 'b' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'm', image: 'i', ...container }] } };
  return { metadata: { name }, spec: { replicas: 0, selector: { matchLabels: labels }, template } };
}
