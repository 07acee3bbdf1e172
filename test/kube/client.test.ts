import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Registry } from 'prom-client';
import type { KubeClient } from '../../operator/kube/client.ts';
import { applyContentType } from '../../operator/kube/client.ts';
import type { Credentials } from '../../operator/kube/cluster-access.ts';
import { createKubeMetrics } from '../../operator/kube/metrics.ts';
import { ResourceClient } from '../../operator/kube/resource-client.ts';
import { clientFor, until } from './client-for.ts';
import { FakeApiServer, configMaps, status } from './fake-api-server.ts';
import type { Answer, FakeConfigMap } from './fake-api-server.ts';

const path = '/api/v1/namespaces/a/configmaps/b';

describe('a client of the API server', () => {
  let server: FakeApiServer;
  let client: KubeClient;
  beforeEach(async () => {
    server = await FakeApiServer.start();
    client = clientFor(server);
  });
  afterEach(async () => {
    await client.close();
    await server.stop();
  });

  function answerInTurn(...answers: Answer[]): void {
    server.answer(() => answers.shift() ?? { status: 200, body: {} });
  }
  const busy: Answer = { status: 429, body: status(429, 'TooManyRequests'), headers: { 'Retry-After': '0' } };

  it('sends credentials, user agent and content types', async () => {
    await client.request({ method: 'PATCH', path, query: { force: true, none: undefined }, body: { a: 1 } });
    const [request] = server.requests;
    assert.equal(request?.headers.authorization, 'Bearer token');
    assert.equal(request?.headers['user-agent'], 'test');
    assert.equal(request?.headers['content-type'], 'application/json');
    assert.equal(String(request?.query), 'force=true');
    assert.equal(request?.body, '{"a":1}');
  });

  it('keeps the path prefix of the server', async () => {
    const prefixed = clientFor(server);
    await prefixed.close();
    const access = { ...server.access, server: `${server.access.server}/clusters/c1` };
    const behindProxy = clientFor({ access } as FakeApiServer);
    await behindProxy.request({ method: 'GET', path });
    await behindProxy.close();
    assert.equal(server.requests[0]?.path, `/clusters/c1${path}`);
  });

  for (const [what, request] of [
    ['a read', { method: 'GET', path }],
    ['a server-side apply', { method: 'PATCH', path, contentType: applyContentType, body: {} }],
  ] as const) {
    it(`sends ${what} again when the server asks for it, and not for ever`, async () => {
      answerInTurn(busy, busy);
      await client.request(request);
      assert.equal(server.requests.length, 3);
      server.answer(() => busy);
      await assert.rejects(client.request(request), { code: 'KUBE_UNAVAILABLE', retryAfterMs: 0 });
      assert.equal(server.requests.length, 7);
    });
  }

  for (const [what, request] of [
    ['a create', { method: 'POST', path, body: {} }],
    ['a JSON patch', { method: 'PATCH', path, contentType: 'application/json-patch+json', body: [] }],
    ['a delete', { method: 'DELETE', path }],
  ] as const) {
    it(`sends ${what} once, whatever the server answers`, async () => {
      server.answer(() => busy);
      await assert.rejects(client.request(request), { code: 'KUBE_UNAVAILABLE' });
      assert.equal(server.requests.length, 1);
    });
  }

  it('leaves longer waits and answers without Retry-After to the caller', async () => {
    answerInTurn({ ...busy, headers: { 'Retry-After': '3600' } });
    await assert.rejects(client.request({ method: 'GET', path }), { retryAfterMs: 3_600_000 });
    answerInTurn({ status: 500, body: status(500, 'InternalError') });
    await assert.rejects(client.request({ method: 'GET', path }), { code: 'KUBE_UNAVAILABLE' });
    assert.equal(server.requests.length, 2);
  });

  it('repeats a read whose connection was closed under it', async () => {
    server.put('a', 'b');
    server.inject('reset');
    const list = await new ResourceClient<FakeConfigMap>(client, configMaps).list();
    assert.equal(list.items.length, 1);
  });

  it('gives up after its time limit, and when it is told to', async () => {
    const silent = createServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const access = { ...server.access, server: `http://127.0.0.1:${port}` };
    const waiting = clientFor({ access } as FakeApiServer, { requestTimeoutMs: 30 });
    const late = { code: 'KUBE_UNAVAILABLE', message: `no answer from 127.0.0.1:${port} within 30 ms` };
    await assert.rejects(waiting.request({ method: 'GET', path }), late);
    const { signal } = new AbortController();
    await assert.rejects(waiting.watch({ path, signal }), late);
    const controller = new AbortController();
    const pending = waiting.request({ method: 'GET', path, signal: controller.signal, timeoutMs: 5000 });
    controller.abort();
    await assert.rejects(pending, { code: 'ABORTED' });
    await assert.rejects(waiting.request({ method: 'GET', path, signal: controller.signal }), { code: 'ABORTED' });
    await waiting.close();
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  });

  it('says that an answer is not JSON', async () => {
    answerInTurn({ status: 200, body: '<html>' });
    await assert.rejects(client.request({ method: 'GET', path }), {
      code: 'KUBE_UNAVAILABLE',
      message: /^get configmaps 'b'/,
    });
  });

  it('bounds its calls, which watches do not count for', async () => {
    const stop = new AbortController();
    const list = '/api/v1/configmaps';
    server.put('a', 'b');
    const { resourceVersion } = await new ResourceClient(client, configMaps).list();
    const watches = Array.from({ length: 6 }, () =>
      client.watch({ path: list, query: { resourceVersion }, signal: stop.signal }),
    );
    await Promise.all(watches);
    assert.equal(server.openWatches, 6);
    let atOnce = 0;
    let most = 0;
    const limited = clientFor(server, { maxConnections: 2 });
    server.answer(() => {
      most = Math.max(most, ++atOnce);
      setImmediate(() => (atOnce -= 1));
      return { status: 200, body: {} };
    });
    await Promise.all(Array.from({ length: 12 }, () => limited.request({ method: 'GET', path })));
    assert.ok(most <= 2, `${most} at once`);
    stop.abort();
    await until(() => server.openWatches === 0);
    await limited.close();
  });

  it('counts requests and their time under the names of client-go', async () => {
    const registry = new Registry();
    const counted = clientFor(server, { metrics: createKubeMetrics(registry, 'test_') });
    answerInTurn({ status: 200, body: {} }, { status: 404, body: status(404, 'NotFound') });
    await counted.request({ method: 'GET', path });
    await assert.rejects(counted.request({ method: 'DELETE', path }));
    await counted.close();
    const text = await registry.metrics();
    const { host } = new URL(server.access.server);
    assert.ok(text.includes(`rest_client_requests_total{code="200",method="GET",host="${host}"} 1`), text);
    assert.ok(text.includes(`rest_client_requests_total{code="404",method="DELETE",host="${host}"} 1`), text);
    assert.ok(text.includes(`rest_client_request_duration_seconds_count{verb="GET",host="${host}"} 1`), text);
  });

  it('uses the last good credentials while new ones cannot be read', async () => {
    let reads = 0;
    let nowMs = 0;
    const credentials = (): Promise<Credentials> => {
      reads += 1;
      return reads === 2
        ? Promise.reject(new Error('gone'))
        : Promise.resolve({ headers: { x: String(reads) }, tls: {} });
    };
    const clock = { now: () => 0, monotonic: () => nowMs, after: () => ({ cancel: () => {} }) };
    const rotating = clientFor({ access: { ...server.access, credentials } } as FakeApiServer, { clock });
    server.answer(() => ({ status: 200, body: {} }));
    for (const at of [0, 999, 1000, 2000]) {
      nowMs = at;
      await rotating.request({ method: 'GET', path });
    }
    await rotating.close();
    assert.deepEqual(
      server.requests.map(({ headers }) => headers['x']),
      ['1', '1', '1', '3'],
    );
  });

  it('goes through the proxy of the kubeconfig', async () => {
    const seen: string[] = [];
    const proxy = createServer((request, response) => {
      seen.push(request.url ?? '');
      response.end('{}');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const proxyUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    const access = { ...server.access, server: 'http://api.invalid:6443', proxyUrl };
    const proxied = clientFor({ access } as FakeApiServer);
    await proxied.request({ method: 'GET', path });
    await proxied.close();
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
    assert.deepEqual(seen, [`http://api.invalid:6443${path}`]);
  });
});
