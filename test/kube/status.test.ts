import assert from 'node:assert/strict';
import type { KubeClient } from '../../operator/kube/client.ts';
import type { KubeObject } from '../../operator/kube/resource.ts';
import { ResourceClient } from '../../operator/kube/resource-client.ts';
import { applyStatus } from '../../operator/kube/status.ts';
import { clientFor } from './client-for.ts';
import { FakeApiServer, configMaps } from './fake-api-server.ts';

interface Thing extends KubeObject {
  status?: { note?: string; list?: string[] };
}

const thing: Thing = {
  metadata: { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '7', labels: { a: 'b' } },
  status: { note: 'x', list: ['y'] },
};

describe('writing a status', () => {
  let server: FakeApiServer;
  let client: KubeClient;
  let things: ResourceClient<Thing>;
  beforeEach(async () => {
    server = await FakeApiServer.start();
    client = clientFor(server);
    things = new ResourceClient<Thing>(client, configMaps);
  });
  afterEach(async () => {
    await client.close();
    await server.stop();
  });

  it('sends name, uid and status, and nothing else', async () => {
    server.answer(() => ({ status: 200, body: { metadata: { name: 'a', uid: 'u', resourceVersion: '8' } } }));
    const written = await applyStatus(things, thing, { note: 'new' }, { fieldManager: 'ours' });
    assert.equal(written?.resourceVersion, '8');
    const [request] = server.requests;
    assert.equal(request?.path, '/api/v1/namespaces/n/configmaps/a/status');
    assert.equal(String(request?.query), 'fieldManager=ours&force=true');
    assert.match(request?.headers.accept ?? '', /as=PartialObjectMetadata;/);
    assert.equal(request?.headers['content-type'], 'application/apply-patch+yaml');
    assert.deepEqual(JSON.parse(request?.body ?? ''), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'n', uid: 'u' },
      status: { note: 'new' },
    });
  });

  for (const [title, object, status] of [
    ['what is there already', thing, { list: ['y'], note: 'x' }],
    ['an empty status over none', { metadata: thing.metadata }, { note: undefined }],
  ] as [string, Thing, NonNullable<Thing['status']>][]) {
    it(`does not send ${title}`, async () => {
      assert.equal(await applyStatus(things, object, status, { fieldManager: 'ours' }), undefined);
      assert.equal(server.requests.length, 0);
    });
  }

  it('takes a status back from a successor of the same name', async () => {
    server.answer(() => ({ status: 200, body: { metadata: { name: 'a', uid: 'successor' } } }));
    await assert.rejects(applyStatus(things, thing, { note: 'new' }, { fieldManager: 'ours' }), {
      code: 'KUBE_CONFLICT',
    });
    assert.equal(server.requests.length, 2);
    assert.equal('status' in JSON.parse(server.requests[1]?.body ?? ''), false);
  });
});
