import assert from 'node:assert/strict';
import { type Reply, TinyServer } from '../tiny-cluster.ts';

const core = '/api/v1/namespaces/default/configmaps';
const custom = '/apis/example.com/v1/namespaces/default/widgets';
const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json' };
const metadataOnly = { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' };
const merge = { 'content-type': 'application/merge-patch+json' };

describe('the API server over HTTPS', () => {
  let api: TinyServer;

  beforeEach(async () => {
    api = await TinyServer.start();
  });

  afterEach(() => api.stop());

  const create = (name: string, over: object = {}, path = core) =>
    api.send('POST', path, { body: { metadata: { name, ...over } } });

  it('tells its health and version to everybody, and the rest to those with the token', async () => {
    for (const path of ['/healthz', '/readyz', '/livez']) {
      assert.equal((await api.send('GET', path, { token: '' })).text, 'ok');
    }
    const version = await api.send('GET', '/version', { token: '' });
    assert.match(String(version.json.gitVersion), /^v1\.\d+\.\d+\+embedded$/);
    for (const token of ['', 'wrong']) failed(await api.send('GET', core, { token }), 401, 'Unauthorized');
    assert.equal((await api.send('GET', core)).status, 200);
  });

  it('creates, reads, replaces, patches and deletes', async () => {
    const created = await api.send('POST', core, { body: { metadata: { name: 'a' }, data: { k: 'v' } } });
    assert.equal(created.status, 201);
    const { uid } = created.json.metadata as { uid: string };
    assert.deepEqual((await api.send('GET', `${core}/a`)).json, created.json);
    const body = { ...created.json, data: { k: 'w' } };
    assert.deepEqual((await api.send('PUT', `${core}/a`, { body })).json.data, { k: 'w' });
    const patched = await api.send('PATCH', `${core}/a`, { body: { data: { k: null } }, headers: merge });
    assert.deepEqual(patched.json.data, {});
    assert.deepEqual((await api.send('DELETE', `${core}/a`)).json, {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details: { name: 'a', kind: 'configmaps', uid },
    });
    failed(await api.send('GET', `${core}/a`), 404, 'NotFound', /configmaps "a"/);
  });

  it('takes the manager from the query, or from what the client calls itself', async () => {
    const managerOf = ({ json }: Reply) =>
      (json.metadata as { managedFields: { manager: string }[] }).managedFields[0]?.manager;
    const body = (name: string) => ({ metadata: { name, labels: { a: 'b' } } });
    assert.equal(managerOf(await api.send('POST', core, { body: body('a') })), 'tester');
    assert.equal(managerOf(await api.send('POST', `${core}?fieldManager=me`, { body: body('b') })), 'me');
  });

  it('applies what is not there, and needs a manager for it', async () => {
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    const body = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n';
    assert.equal((await api.send('PATCH', `${core}/a?fieldManager=me`, { headers, body })).status, 201);
    assert.equal((await api.send('PATCH', `${core}/a?fieldManager=me`, { headers, body })).status, 200);
    failed(await api.send('PATCH', `${core}/a`, { headers, body }), 422, 'Invalid', /fieldManager: Required value/);
  });

  it('sends warnings', async () => {
    assert.equal((await create('odd')).headers.warning, String.raw`299 - "the name is \"odd\""`);
  });

  it('serves status and scale', async () => {
    await api.send('POST', custom, { body: { metadata: { name: 'a' }, spec: { replicas: 2 } } });
    const status = { status: { replicas: 1, selector: 'a=b' } };
    await api.send('PATCH', `${custom}/a/status`, { body: status, headers: merge });
    const scale = await api.send('GET', `${custom}/a/scale`);
    assert.equal(scale.json.kind, 'Scale');
    assert.deepEqual([scale.json.spec, scale.json.status], [{ replicas: 2 }, status.status]);
    const patched = await api.send('PATCH', `${custom}/a/scale`, { body: { spec: { replicas: 3 } }, headers: merge });
    assert.deepEqual(patched.json.spec, { replicas: 3 });
    const put = await api.send('PUT', `${custom}/a/scale`, { body: { ...scale.json, spec: { replicas: 4 } } });
    failed(put, 409, 'Conflict');
    const { json } = await api.send('GET', `${custom}/a`);
    assert.deepEqual([json.spec, json.status], [{ replicas: 3 }, status.status]);
    assert.equal((await api.send('GET', `${core}/a/scale`)).status, 404);
  });

  it('finalizes namespaces', async () => {
    await api.send('POST', '/api/v1/namespaces', { body: { metadata: { name: 'n' } } });
    const marked = await api.send('DELETE', '/api/v1/namespaces/n');
    assert.deepEqual(marked.json.status, { phase: 'Terminating' });
    assert.equal(
      (await api.send('PUT', '/api/v1/namespaces/n/finalize', { body: { ...marked.json, spec: {} } })).status,
      200,
    );
    assert.equal((await api.send('GET', '/api/v1/namespaces/n')).status, 404);
  });

  it('answers reviews: everything is allowed', async () => {
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
    const answer = await api.send('POST', path, { body: { spec: { resourceAttributes: { verb: 'get' } } } });
    assert.deepEqual([answer.status, answer.json.status], [201, { allowed: true }]);
  });

  for (const header of ['Impersonate-User', 'Impersonate-Group', 'Impersonate-Extra-Scope']) {
    it(`refuses to act as another user by ${header}`, async () => {
      for (const [method, path] of [
        ['GET', core],
        ['GET', '/apis'],
        ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'],
      ] as const) {
        const reply = await api.send(method, path, { headers: { [header]: 'nobody' } });
        failed(reply, 403, 'Forbidden', new RegExp(`^the header ${header} \\(nobody\\) is refused: .* knows one user`));
      }
    });
  }

  it('says of everything that would need a container that pods are simulated', async () => {
    const pod = '/api/v1/namespaces/default/pods/web';
    for (const [method, below] of [
      ['GET', 'log'],
      ['GET', 'exec?command=ls'],
      ['POST', 'exec?command=ls'],
      ['POST', 'attach'],
      ['POST', 'portforward'],
    ] as const) {
      const words = /^the pod "web" is simulated and runs nothing/;
      failed(await api.send(method, `${pod}/${below}`), 400, 'BadRequest', words);
    }
  });

  const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
  const asked = (query: string) => `${core}?${query}`;

  /** Method, path, body, headers; code, reason, and what the message names. */
  const refusals: readonly (readonly [Parameters<TinyServer['send']>, number, string, RegExp?])[] = [
    [['GET', '/nothing'], 404, 'NotFound'],
    [['GET', '/apis/no.such/v1/things'], 404, 'NotFound'],
    [['GET', '/api/v1/things'], 404, 'NotFound'],
    [['GET', `${core}/a/status`], 404, 'NotFound'],
    [['PATCH', core, { body: {}, headers: merge }], 405, 'MethodNotAllowed'],
    [['POST', '/api/v1/configmaps', { body: {} }], 405, 'MethodNotAllowed'],
    [['PATCH', `${core}/a`, { body: {} }], 415, 'UnsupportedMediaType', /merge-patch/],
    [['PATCH', `${custom}/a`, { body: {}, headers: strategic }], 415, 'UnsupportedMediaType', /strategic-merge-patch/],
    [
      ['POST', core, { body: '{}', headers: { 'content-type': 'text/plain' } }],
      415,
      'UnsupportedMediaType',
      /text\/plain/,
    ],
    [['POST', core, { body: '{bad' }], 400, 'BadRequest', /ConfigMap/],
    [['PATCH', `${core}/a`, { body: '{"spec":', headers: merge }], 400, 'BadRequest', /decoding patch/],
    [['POST', core, { body: { kind: 'Secret', metadata: { name: 'a' } } }], 400, 'BadRequest', /Secret/],
    [['POST', core, { body: { metadata: { name: 1 } } }], 400, 'BadRequest', /metadata\.name/],
    [['POST', core, { body: { metadata: { name: 'a', namespace: 'other' } } }], 400, 'BadRequest', /namespace/],
    [['PUT', `${core}/a`, { body: { metadata: { name: 'b' } } }], 400, 'BadRequest', /name .*\(b\).*\(a\)/],
    [['POST', asked('dryRun=Some'), { body: {} }], 422, 'Invalid', /dryRun/],
    [['POST', asked('fieldValidation=Some'), { body: {} }], 422, 'Invalid', /fieldValidation/],
    [['DELETE', `${core}/a?propagationPolicy=Some`], 422, 'Invalid', /propagationPolicy/],
    [['GET', core, { headers: { accept: 'application/vnd.kubernetes.protobuf' } }], 406, 'NotAcceptable'],
    [['GET', asked('labelSelector=x%20in')], 400, 'BadRequest'],
    [['GET', asked('limit=x')], 400, 'BadRequest', /"x"/],
    [['GET', asked('continue=x')], 400, 'BadRequest', /continue/],
    [['GET', asked('resourceVersion=99')], 504, 'Timeout', /Too large resource version/],
    [['GET', asked('resourceVersionMatch=Some')], 422, 'Invalid', /resourceVersionMatch/],
    [
      ['POST', core, { body: JSON.stringify({ data: { k: 'x'.repeat(3 * 1024 * 1024) } }) }],
      413,
      'RequestEntityTooLarge',
      /3145728/,
    ],
  ];
  for (const [request, code, reason, message] of refusals) {
    it(`refuses ${request[0]} ${request[1]} by ${code} ${reason}`, async () => {
      failed(await api.send(...request), code, reason, message);
    });
  }

  describe('forms', () => {
    it('makes a Table of an object and of a list', async () => {
      await create('a');
      const one = await api.send('GET', `${core}/a`, { headers: table });
      assert.deepEqual([one.json.kind, one.json.apiVersion], ['Table', 'meta.k8s.io/v1']);
      const list = await api.send('GET', `${core}?includeObject=None`, { headers: table });
      assert.deepEqual(list.json.rows, [{ cells: ['a'], object: null }]);
      const whole = await api.send('GET', `${core}?includeObject=Object`, { headers: table });
      assert.equal((whole.json.rows as { object: { kind: string } }[])[0]?.object.kind, 'ConfigMap');
    });

    it('makes metadata alone', async () => {
      await api.send('POST', core, { body: { metadata: { name: 'a' }, data: { k: 'v' } } });
      const one = await api.send('GET', `${core}/a`, { headers: metadataOnly });
      assert.deepEqual(Object.keys(one.json), ['kind', 'apiVersion', 'metadata']);
      const accept = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';
      const list = await api.send('GET', core, { headers: { accept } });
      assert.equal(list.json.kind, 'PartialObjectMetadataList');
      assert.equal((list.json.items as { kind: string }[])[0]?.kind, 'PartialObjectMetadata');
    });

    it('shows kind and apiVersion in lists of custom resources, and not in those of its own', async () => {
      await create('a');
      await create('a', {}, custom);
      const itemsOf = async (path: string) => (await api.send('GET', path)).json.items as Record<string, unknown>[];
      assert.equal((await itemsOf(core))[0]?.kind, undefined);
      assert.equal((await itemsOf(custom))[0]?.kind, 'Widget');
    });
  });

  describe('lists', () => {
    const namesOf = ({ json }: Reply) =>
      (json.items as { metadata: { name: string } }[]).map(({ metadata }) => metadata.name);
    const listOf = ({ json }: Reply) =>
      json.metadata as { continue?: string; remainingItemCount?: number; resourceVersion: string };

    beforeEach(async () => {
      for (const name of ['a', 'b', 'c', 'd', 'e'])
        await create(name, { labels: { even: String('bd'.includes(name)) } });
    });

    it('select by labels and fields', async () => {
      assert.deepEqual(namesOf(await api.send('GET', `${core}?labelSelector=even%3Dtrue`)), ['b', 'd']);
      assert.deepEqual(namesOf(await api.send('GET', `${core}?fieldSelector=metadata.name%3Dc`)), ['c']);
      assert.deepEqual(namesOf(await api.send('GET', '/api/v1/namespaces/other/configmaps')), []);
      assert.deepEqual(namesOf(await api.send('GET', '/api/v1/configmaps?labelSelector=!even')), []);
    });

    it('page through the state of the first page', async () => {
      const first = await api.send('GET', `${core}?limit=2`);
      assert.deepEqual(namesOf(first), ['a', 'b']);
      assert.equal(listOf(first).remainingItemCount, 3);
      await api.send('DELETE', `${core}/d`);
      await create('bb');
      const second = await api.send('GET', `${core}?limit=2&continue=${listOf(first).continue}`);
      assert.deepEqual(namesOf(second), ['c', 'd']);
      const last = await api.send('GET', `${core}?limit=2&continue=${listOf(second).continue}`);
      assert.deepEqual(namesOf(last), ['e']);
      assert.equal(listOf(last).continue, undefined);
      assert.equal(listOf(last).resourceVersion, listOf(first).resourceVersion);
    });

    it('tell that a page is gone', async () => {
      const first = await api.send('GET', `${core}?limit=2`);
      await create('f');
      api.cluster.storage.compact();
      failed(await api.send('GET', `${core}?limit=2&continue=${listOf(first).continue}`), 410, 'Expired', /continue/);
    });

    it('show an exact revision', async () => {
      const { resourceVersion } = listOf(await api.send('GET', core));
      await api.send('DELETE', `${core}/a`);
      const exact = await api.send('GET', `${core}?resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`);
      assert.deepEqual([namesOf(exact)[0], listOf(exact).resourceVersion], ['a', resourceVersion]);
      const newer = await api.send(
        'GET',
        `${core}?resourceVersion=${resourceVersion}&resourceVersionMatch=NotOlderThan`,
      );
      assert.equal(namesOf(newer)[0], 'b');
    });

    it('are deleted by selector', async () => {
      const deleted = await api.send('DELETE', `${core}?labelSelector=even%3Dtrue`);
      assert.deepEqual(namesOf(deleted), ['b', 'd']);
      assert.deepEqual(namesOf(await api.send('GET', core)), ['a', 'c', 'e']);
    });
  });
});

function failed({ status, json }: Reply, code: number, reason: string, message = /./): void {
  assert.deepEqual([status, json.kind, json.reason, json.code], [code, 'Status', reason, code]);
  assert.match(String(json.message), message);
}
