import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect } from 'node:net';
import { once } from 'node:events';
import { Registry } from 'prom-client';
import { healthRoutes } from '../../operator/http/health-endpoints.ts';
import { metricsRoute, registerBuildInfo } from '../../operator/http/metrics-endpoint.ts';
import { HttpServer, type Route } from '../../operator/http/server.ts';
import { silentLogger } from '../../operator/logger.ts';
import type { HealthCheck } from '../../operator/runtime/health-check.ts';
import { LogRecorder } from '../runtime/log-recorder.ts';

interface Answer {
  status: number;
  type: string | undefined;
  allow: string | undefined;
  body: string;
}

/** A request on a connection of its own, with the target as it is: fetch would tidy it up. */
async function ask(port: number, path: string, method = 'GET'): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  request({ host: '127.0.0.1', port, path, method, agent: false }, (response) => {
    const chunks: Buffer[] = [];
    response.on('data', (chunk: Buffer) => chunks.push(chunk));
    response.on('end', () =>
      resolve({
        status: response.statusCode!,
        type: response.headers['content-type'],
        allow: response.headers.allow,
        body: Buffer.concat(chunks).toString(),
      }),
    );
  })
    .on('error', reject)
    .end();
  return promise;
}

const started: HttpServer[] = [];

async function serve(routes: Route[], log = silentLogger): Promise<HttpServer> {
  const server = new HttpServer({ name: 'test', port: 0, bindAddress: '127.0.0.1', log }).handle(...routes);
  await server.start();
  started.push(server);
  return server;
}

afterEach(async () => {
  for (const server of started.splice(0)) await server.stop(AbortSignal.abort());
});

describe('HTTP server', () => {
  const failing: Route = {
    path: '/fails',
    get: () => {
      throw new Error('the marker-password is wrong');
    },
  };
  const plain: Route = { path: '/plain', get: ({ query }) => ({ status: 200, body: `é${query.get('a') ?? ''}` }) };

  const cases: [title: string, method: string, path: string, status: number, body: string][] = [
    ['answers its route', 'GET', '/plain', 200, 'é'],
    ['passes the query', 'GET', '/plain?a=1', 200, 'é1'],
    ['answers HEAD without a body', 'HEAD', '/plain', 200, ''],
    ['refuses POST', 'POST', '/plain', 405, 'method not allowed\n'],
    ['refuses DELETE', 'DELETE', '/plain', 405, 'method not allowed\n'],
    ['does not know another path', 'GET', '/other', 404, 'not found\n'],
    ['does not know the root', 'GET', '/', 404, 'not found\n'],
    ['does not answer below a route that has no sub-paths', 'GET', '/plain/x', 404, 'not found\n'],
    ['withholds the reason of a failure', 'GET', '/fails', 500, 'internal server error\n'],
    ['refuses a target that is none', 'GET', '//', 400, 'bad request\n'],
  ];
  for (const [title, method, path, status, body] of cases) {
    it(title, async () => {
      const { port } = await serve([plain, failing]);
      const answer = await ask(port, path, method);
      assert.deepEqual([answer.status, answer.body], [status, body]);
      assert.equal(answer.allow, status === 405 ? 'GET, HEAD' : undefined);
    });
  }

  it('takes a free port for 0, and logs it', async () => {
    const log = new LogRecorder();
    const { port } = await serve([plain], log);
    assert.ok(port > 0);
    assert.deepEqual(log.lines[0]!.fields, { server: 'test', address: '127.0.0.1', port });
  });

  it('rejects its start when the port is taken', async () => {
    const { port } = await serve([]);
    const second = new HttpServer({ name: 'second', port, bindAddress: '127.0.0.1', log: silentLogger });
    await assert.rejects(second.start(), /EADDRINUSE/);
    await second.stop();
  });

  it('answers what was asked before it stops, and closes idle connections', async () => {
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const { promise: asked, resolve: arrived } = Promise.withResolvers<void>();
    const slow: Route = {
      path: '/slow',
      async get() {
        arrived();
        await answered;
        return { status: 200, body: 'late' };
      },
    };
    const server = await serve([slow]);
    const idle = connect(server.port, '127.0.0.1');
    await once(idle, 'connect');
    const response = ask(server.port, '/slow');
    await asked;
    const stopped = server.stop();
    answer();
    assert.equal((await response).body, 'late');
    idle.destroy();
    await stopped;
    await assert.rejects(ask(server.port, '/slow'), /ECONNREFUSED/);
  });

  it('breaks requests off when the stop is in a hurry', async () => {
    const { promise: asked, resolve: arrived } = Promise.withResolvers<void>();
    const never: Route = {
      path: '/never',
      get() {
        arrived();
        return new Promise(() => {});
      },
    };
    const server = await serve([never]);
    const response = assert.rejects(ask(server.port, '/never'), /socket hang up|ECONNRESET/);
    await asked;
    const hurry = new AbortController();
    const stopped = server.stop(hurry.signal);
    hurry.abort();
    await Promise.all([stopped, response]);
  });
});

describe('/metrics', () => {
  it('serves a registry in the text format, with the build', async () => {
    const registry = new Registry();
    registerBuildInfo(registry, 'test_', '1.2.3');
    const { port } = await serve([metricsRoute(registry)]);
    const { status, type, body } = await ask(port, '/metrics');
    assert.deepEqual([status, type], [200, 'text/plain; version=0.0.4; charset=utf-8']);
    assert.match(body, new RegExp(`^test_build_info\\{version="1.2.3",node="${process.versions.node}"\\} 1$`, 'm'));
    assert.equal((await ask(port, '/metrics', 'POST')).status, 405);
    assert.equal((await ask(port, '/metrics/x')).status, 404);
  });
});

describe('health endpoints', () => {
  let isSynced = false;
  const synced: HealthCheck = {
    name: 'caches',
    check: () => {
      if (!isSynced) throw new Error('secret-host:6443 is not synced');
    },
  };
  const slow: HealthCheck = { name: 'slow', check: () => Promise.resolve() };

  beforeEach(() => (isSynced = false));

  const failed = '[+]ping ok\n[-]caches failed: reason withheld\n[+]slow ok\nreadyz check failed\n';
  const cases: [path: string, isSynced: boolean, status: number, body: string][] = [
    ['/healthz', false, 200, 'ok'],
    ['/healthz/ping', false, 200, 'ok'],
    ['/healthz/caches', false, 404, 'not found\n'],
    ['/healthz?verbose', false, 200, '[+]ping ok\nhealthz check passed\n'],
    ['/readyz', false, 500, failed],
    ['/readyz?verbose', false, 500, failed],
    ['/readyz', true, 200, 'ok'],
    ['/readyz?verbose=true', true, 200, '[+]ping ok\n[+]caches ok\n[+]slow ok\nreadyz check passed\n'],
    ['/readyz/caches', false, 500, 'failed: reason withheld\n'],
    ['/readyz/caches', true, 200, 'ok'],
    ['/readyz/slow', false, 200, 'ok'],
    ['/readyz/', true, 200, 'ok'],
    ['/readyz/other', true, 404, 'not found\n'],
    ['/readyz?exclude=caches', false, 200, 'ok'],
    [
      '/readyz?verbose&exclude=caches&exclude=none',
      false,
      200,
      '[+]ping ok\n[+]caches excluded: ok\n[+]slow ok\nwarn: some of the checks to exclude do not exist\nreadyz check passed\n',
    ],
    ['/readyz?exclude=slow', false, 500, failed.replace('slow ok', 'slow excluded: ok')],
    ['/readyzz', true, 404, 'not found\n'],
  ];
  for (const [path, isSyncedThen, status, body] of cases) {
    it(`${path} is ${status} when caches are ${isSyncedThen ? '' : 'not '}synced`, async () => {
      isSynced = isSyncedThen;
      const routes = healthRoutes({ healthz: [], readyz: [synced, slow], log: silentLogger });
      const { port } = await serve(routes);
      const answer = await ask(port, path);
      assert.deepEqual([answer.status, answer.body], [status, body]);
    });
  }

  it('logs a failure with its reason once when it begins and once when it ends', async () => {
    const log = new LogRecorder();
    const { port } = await serve(healthRoutes({ healthz: [], readyz: [synced], log }));
    const said = () => log.lines.map(({ level, message, fields }) => [level, message, fields['error']]);
    for (let probe = 0; probe < 3; probe++) await ask(port, '/readyz');
    assert.deepEqual(said(), [['warn', 'a health check fails', 'secret-host:6443 is not synced']]);
    isSynced = true;
    for (let probe = 0; probe < 3; probe++) await ask(port, '/readyz');
    assert.deepEqual(said().slice(1), [['info', 'a health check passes again', undefined]]);
  });
});
