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
    for (const token of ['', 'wrong'])
      failed(await api.send('GET', core, { token }), 401, 'Unauthorized', 'Unauthorized');
    api.server.replaceToken('next');
    assert.equal((await api.send('GET', core)).status, 401);
    assert.equal((await api.send('GET', core, { token: 'next' })).status, 200);
  });

  it('creates, reads, replaces, patches and deletes', async () => {
    const created = await api.send('POST', core, { body: { metadata: { name: 'a' }, data: { k: 'v' } } });
    assert.equal(created.status, 201);
    assert.deepEqual(Object.keys(created.json), ['kind', 'apiVersion', 'metadata', 'data']);
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
    failed(await api.send('GET', `${core}/a`), 404, 'NotFound', 'configmaps "a" not found');
  });

  it('takes the manager from the query, or from what the client calls itself', async () => {
    const managerOf = ({ json }: Reply) =>
      (json.metadata as { managedFields: { manager: string }[] }).managedFields[0]?.manager;
    const body = (name: string) => ({ metadata: { name, labels: { a: 'b' } } });
    assert.equal(managerOf(await api.send('POST', core, { body: body('a') })), 'tester');
    assert.equal(managerOf(await api.send('POST', `${core}?fieldManager=me`, { body: body('b') })), 'me');
  });

  it('reads and writes YAML', async () => {
    const headers = { 'content-type': 'application/yaml', accept: 'application/yaml' };
    const created = await api.send('POST', core, { headers, body: 'metadata:\n  name: a\ndata:\n  k: v\n' });
    assert.equal(created.status, 201);
    assert.equal(created.headers['content-type'], 'application/yaml');
    assert.match(created.text, /^apiVersion: v1\ndata:\n {2}k: v\nkind: ConfigMap\n/);
  });

  it('applies what is not there, and needs a manager for it', async () => {
    const headers = { 'content-type': 'application/apply-patch+yaml' };
    const body = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  k: v\n';
    assert.equal((await api.send('PATCH', `${core}/a?fieldManager=me`, { headers, body })).status, 201);
    assert.equal((await api.send('PATCH', `${core}/a?fieldManager=me`, { headers, body })).status, 200);
    failed(
      await api.send('PATCH', `${core}/a`, { headers, body }),
      422,
      'Invalid',
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
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

  /** Method, path, body, headers; code, reason, message. */
  const refusals: readonly (readonly [Parameters<TinyServer['send']>, number, string | undefined, RegExp | string])[] =
    [
      [['GET', '/nothing'], 404, undefined, '404 page not found\n'],
      [['GET', '/apis/no.such/v1/things'], 404, undefined, '404 page not found\n'],
      [['GET', '/api/v1/things'], 404, 'NotFound', 'the server could not find the requested resource'],
      [['GET', `${core}/a/status`], 404, 'NotFound', 'the server could not find the requested resource'],
      [
        ['PATCH', core, { body: {}, headers: merge }],
        405,
        'MethodNotAllowed',
        /^the server does not allow this method/,
      ],
      [['POST', '/api/v1/configmaps', { body: {} }], 405, 'MethodNotAllowed', /^the server does not allow/],
      [['PATCH', `${core}/a`, { body: {} }], 415, 'UnsupportedMediaType', '415: Unsupported Media Type'],
      [
        ['PATCH', `${custom}/a`, { body: {}, headers: { 'content-type': 'application/strategic-merge-patch+json' } }],
        415,
        'UnsupportedMediaType',
        /^the body of the request was in an unknown format/,
      ],
      [
        ['POST', core, { body: '{}', headers: { 'content-type': 'text/plain' } }],
        415,
        'UnsupportedMediaType',
        /unknown format/,
      ],
      [
        ['POST', core, { body: '{bad' }],
        400,
        'BadRequest',
        /^the object provided is unrecognized \(must be of type ConfigMap\)/,
      ],
      [
        ['POST', core, { body: { kind: 'Secret', apiVersion: 'v1', metadata: { name: 'a' } } }],
        400,
        'BadRequest',
        /^Secret in version "v1" cannot be handled as a ConfigMap/,
      ],
      [
        ['POST', core, { body: { metadata: { name: 'a', namespace: 'other' } } }],
        400,
        'BadRequest',
        'the namespace of the provided object does not match the namespace sent on the request',
      ],
      [
        ['PUT', `${core}/a`, { body: { metadata: { name: 'b' } } }],
        400,
        'BadRequest',
        'the name of the object (b) does not match the name on the URL (a)',
      ],
      [
        ['POST', `${core}?dryRun=Some`, { body: {} }],
        422,
        'Invalid',
        'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ["Some"]: supported values: "All"',
      ],
      [
        ['GET', core, { headers: { accept: 'application/vnd.kubernetes.protobuf' } }],
        406,
        'NotAcceptable',
        /^406: Not Acceptable/,
      ],
      [
        ['GET', `${core}?labelSelector=x%20in`],
        400,
        'BadRequest',
        "unable to parse requirement: found '' expected: '('",
      ],
      [['GET', `${core}?limit=x`], 400, 'BadRequest', 'strconv.ParseInt: parsing "x": invalid syntax'],
      [['GET', `${core}?continue=x`], 400, 'BadRequest', /^invalid continue token/],
      [['GET', `${core}?resourceVersion=99`], 504, 'Timeout', 'Timeout: Too large resource version: 99, current: 2'],
      [
        ['GET', `${core}?resourceVersionMatch=Exact`],
        422,
        'Invalid',
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless ' +
          'resourceVersion is provided',
      ],
      [
        ['GET', `${core}?watch=1&sendInitialEvents=true`],
        422,
        'Invalid',
        /requires setting resourceVersionMatch to NotOlderThan$/,
      ],
      [
        ['POST', core, { body: JSON.stringify({ data: { k: 'x'.repeat(3 * 1024 * 1024) } }) }],
        413,
        'RequestEntityTooLarge',
        'Request entity too large: limit is 3145728',
      ],
    ];
  for (const [request, code, reason, message] of refusals) {
    it(`refuses ${request[0]} ${request[1]} by ${code} ${reason ?? ''}`, async () => {
      const reply = await api.send(...request);
      if (reason !== undefined) return failed(reply, code, reason, message);
      assert.deepEqual([reply.status, reply.text], [code, message]);
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
      failed(await api.send('GET', `${core}?includeObject=Bad`, { headers: table }), 400, 'BadRequest');
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
      failed(
        await api.send('GET', `${core}?limit=2&continue=${listOf(first).continue}`),
        410,
        'Expired',
        /^The provided continue parameter is too old/,
      );
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

function failed({ status, json }: Reply, code: number, reason: string, message?: RegExp | string): void {
  assert.deepEqual([status, json.kind, json.reason, json.code], [code, 'Status', reason, code]);
  if (typeof message === 'string') assert.equal(json.message, message);
  else if (message !== undefined) assert.match(String(json.message), message);
}
