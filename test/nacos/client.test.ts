import assert from 'node:assert/strict';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { type ErrorCode, isBridgeError } from '../../operator/errors.ts';
import { NacosClient } from '../../operator/nacos/client.ts';
import { FakeClock } from '../fake-clock.ts';
import { clientFor, nacosServer, stopAll, type TestClient, wireServer } from './client-for.ts';
import { until } from './until.ts';

const key = { namespaceId: '', group: 'g', dataId: 'd' };
const plain = { type: 'text', cas: 'none' } as const;
const password = 'hunter2-marker';
const auth = { password };
const credentials = { username: 'nacos', password };
const login = 'POST /v3/auth/user/login';
const generations = ['3.1', '2.3'] as const;

function isCode(code: ErrorCode, message = /./): (error: unknown) => boolean {
  return (error) => isBridgeError(error, code) && message.test(error.message);
}

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function authOf({ client }: TestClient): [boolean, ErrorCode | undefined] {
  const { state } = client;
  return state.kind === 'connected' ? [state.authenticated, state.authError?.code] : [false, undefined];
}

describe('the Nacos client', () => {
  afterEach(stopAll);

  describe('connecting', () => {
    for (const [generation, expected] of [
      ['3.1', { persistentByGrpc: true, fuzzyWatch: true, adminApi: 'v3' }],
      ['2.3', { persistentByGrpc: true, fuzzyWatch: false, adminApi: 'v1' }],
    ] as const) {
      it(`learns what a server of ${generation} can do`, async () => {
        const { client, connected } = clientFor([await nacosServer({ generation })]);
        await connected();
        assert.ok(client.state.kind === 'connected');
        assert.deepEqual(client.state.capabilities, expected);
        assert.ok(client.state.serverVersion?.startsWith(generation));
        assert.equal(await client.config.query(key), undefined);
      });
    }

    it('needs nothing but a server', async () => {
      const { host, port } = await nacosServer();
      const client = new NacosClient({ servers: [`${host}:${port}`] });
      client.start();
      try {
        await client.config.publish(key, 'here', plain);
        assert.equal((await client.config.read(key))?.content, 'here');
      } finally {
        await client.stop();
      }
    });

    for (const [what, servers, rule] of [
      ['no server', [], /at least one/],
      ['an address that is none', ['http://'], /must be HOST/],
    ] as const) {
      it(`refuses ${what}, with the rule`, () => {
        assert.throws(() => new NacosClient({ servers }), isCode('INVALID_OPTION', rule));
      });
    }

    it('lets requests wait for the first connection', async () => {
      const nacos = await nacosServer();
      await clientFor([nacos]).client.config.publish(key, 'here', plain);
      assert.equal((await clientFor([nacos]).client.config.query(key))?.content, 'here');
    });

    it('leaves a server that is starting at once for the next one', async () => {
      // The clock stands still: whoever waits for anything waits for ever.
      const clock = new FakeClock();
      const [starting, good] = [await nacosServer(), await nacosServer()];
      starting.refuses('ServerCheckRequest', 300);
      const { client, connected } = clientFor([starting, good], { clock });
      await connected();
      assert.equal(await client.config.query(key), undefined);
      assert.deepEqual([starting.count('ServerCheckRequest'), good.connections], [1, 1]);
      const service = { namespaceId: '', group: 'g', serviceName: 's' };
      const instance = {
        ip: '10.0.0.1',
        port: 1,
        weight: 1,
        healthy: true,
        enabled: true,
        clusterName: 'c',
        metadata: {},
      };
      await client.naming.publish(service, [instance]);
      assert.equal(good.counts.instances, 1);
    });

    it('waits while all servers are starting, at most a second each time, and says so', async () => {
      const clock = new FakeClock();
      const nacos = await nacosServer();
      const start = nacos.refuses('ServerCheckRequest', 300);
      const { client } = clientFor([nacos], { clock });
      const asked = (times: number) => (): boolean => nacos.count('ServerCheckRequest') >= times;
      await until('asked', asked(8), () => clock.advance(50));
      assert.ok(client.state.kind === 'disconnected' && isCode('CONNECTION_NOT_READY')(client.state.error));
      const sinceMs = clock.monotonic();
      start();
      await until(
        'connected',
        () => client.state.kind === 'connected',
        () => clock.advance(50),
      );
      assert.ok(clock.monotonic() - sinceMs <= 1_500, `after ${clock.monotonic() - sinceMs} ms`);
    });

    it('gives up a server that does not acknowledge the setup and goes on to the next', async () => {
      const clock = new FakeClock();
      const [deaf, good] = [await nacosServer(), await nacosServer()];
      deaf.fails('silence', 'ConnectionSetupRequest');
      const { client } = clientFor([deaf, good], { clock });
      const isConnected = (): boolean => client.state.kind === 'connected';
      await until('connected', isConnected, () => clock.advance(200));
      assert.equal(client.state.kind === 'connected' && client.state.server.port, good.port);
    });

    it('says which servers do not answer, and why', async () => {
      const address = { ...(await nacosServer()).address, port: await closedPort(), grpcPort: await closedPort() };
      const { client } = clientFor([{ address }]);
      await until('disconnected', () => client.state.kind === 'disconnected');
      const message = new RegExp(`no Nacos server answers \\(127.0.0.1:${address.port}: ECONNREFUSED\\)`);
      assert.ok(client.state.kind === 'disconnected' && isCode('NACOS_UNREACHABLE', message)(client.state.error));
      await assert.rejects(client.config.query(key), isCode('CONNECTION_NOT_READY', message));
    });

    it('says in words that only the gRPC port is closed, and which port that is', async () => {
      const nacos = await nacosServer();
      const grpcPort = await closedPort();
      const { client } = clientFor([{ address: { ...nacos.address, grpcPort } }]);
      await until('disconnected', () => client.state.kind === 'disconnected');
      const error = client.state.kind === 'disconnected' ? client.state.error : undefined;
      assert.equal(error?.code, 'NACOS_GRPC_UNREACHABLE');
      const words = [`127.0.0.1 answers HTTP on port ${nacos.port}`, `gRPC on port ${grpcPort} (ECONNREFUSED)`];
      for (const part of [...words, 'HTTP port + 1000 unless grpcPort is set', 'firewalls']) {
        assert.ok(error?.message.includes(part), `'${part}' in '${error?.message}'`);
      }
    });

    it('learns the version later when HTTP opens after gRPC', async () => {
      const nacos = await nacosServer();
      const open = nacos.fails('reset', 'GET *');
      const clock = new FakeClock();
      const { client, connected, states } = clientFor([nacos], { clock });
      await connected();
      assert.equal(client.state.kind === 'connected' && client.state.capabilities.adminApi, 'none');
      open();
      const known = (): boolean => client.state.kind === 'connected' && client.state.serverVersion === '3.1.0';
      await until('version', known, () => clock.advance(100));
      assert.ok(states.some((state) => state.kind === 'connected' && state.serverVersion === '3.1.0'));
    });

    it('tells of a balancer that accepts and closes once, however often it does', async () => {
      const clock = new FakeClock();
      let accepted = 0;
      const balancer = createServer((socket) => {
        accepted += 1;
        socket
          .on('error', () => {})
          .resume()
          .end();
      });
      await new Promise<void>((resolve) => balancer.listen(0, '127.0.0.1', resolve));
      const { port } = balancer.address() as AddressInfo;
      const address = { ...(await nacosServer()).address, port: await closedPort(), grpcPort: port };
      const { client, states } = clientFor([{ address }], { clock });
      try {
        await until(
          'several rounds',
          () => accepted > 5,
          () => clock.advance(500),
        );
        assert.equal(client.state.kind, 'disconnected');
        assert.deepEqual(
          states.map(({ kind }) => kind),
          ['connecting', 'disconnected'],
        );
      } finally {
        await client.stop();
        await new Promise((resolve) => balancer.close(resolve));
      }
    });

    it('tells of several servers that are away once, however often they are tried', async () => {
      const clock = new FakeClock();
      const { address } = await nacosServer();
      const away = async () => ({ address: { ...address, port: await closedPort(), grpcPort: await closedPort() } });
      const { client, logged, states } = clientFor([await away(), await away(), await away()], { clock });
      const tries = (): number => logged.filter((line) => line.includes('a server could not be reached')).length;
      await until(
        'several rounds',
        () => tries() > 15,
        () => clock.advance(500),
      );
      assert.equal(client.state.kind, 'disconnected');
      assert.deepEqual(
        states.map(({ kind }) => kind),
        ['connecting', 'disconnected'],
      );
    });

    for (const [what, setup, code, words] of [
      ['ends the connection on its setup, as at its limit', 'ended', 'NACOS_OVERLOADED', /connection limit/],
      ['does not know the connection, as behind a proxy that spreads requests', 'unknown', 'NACOS_FAILED', /proxy/],
    ] as const) {
      it(`does not take a server that ${what} for one behind a firewall`, async () => {
        const wire = await wireServer({ setup });
        // Its HTTP port is open.
        const { port } = await nacosServer();
        const { client } = clientFor([{ address: { ...wire.address, port } }]);
        await until('disconnected', () => client.state.kind === 'disconnected');
        const error = client.state.kind === 'disconnected' ? client.state.error : undefined;
        assert.ok(isCode(code, words)(error), `${error?.code} ${error?.message}`);
        assert.doesNotMatch(error?.message ?? '', /firewall/);
      });
    }

    it('does not take an HTTP/2 proxy that redirects or has no server behind it for a firewall', async () => {
      for (const status of [301, 503]) {
        const proxy = createHttp2Server();
        proxy.on('stream', (stream) => {
          stream.respond({ ':status': status });
          stream.end();
        });
        await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
        const { port: grpcPort } = proxy.address() as AddressInfo;
        const { client } = clientFor([{ address: { ...(await nacosServer()).address, grpcPort } }]);
        try {
          await until('disconnected', () => client.state.kind === 'disconnected');
          const error = client.state.kind === 'disconnected' ? client.state.error : undefined;
          const words = new RegExp(`proxy answers there.*${status}`);
          assert.ok(isCode('NACOS_FAILED', words)(error), `${error?.code} ${error?.message}`);
          assert.doesNotMatch(error?.message ?? '', /firewall/);
        } finally {
          await client.stop();
          await new Promise((resolve) => proxy.close(resolve));
        }
      }
    });

    it('stops while it is connecting, and refuses requests afterwards', async () => {
      const nacos = await nacosServer();
      nacos.fails('silence', '*');
      const { client } = clientFor([nacos]);
      await until('asked', () => nacos.count('ServerCheckRequest') > 0);
      await client.stop();
      assert.equal(client.state.kind, 'stopped');
      await assert.rejects(client.config.query(key), isCode('CONNECTION_NOT_READY', /stopped/));
    });
  });

  describe('losing its connection', () => {
    it('comes back after the server went and came', async () => {
      const nacos = await nacosServer();
      const { client, connected, registry } = clientFor([nacos]);
      await connected();
      await nacos.stopServing();
      await until('lost', () => client.state.kind !== 'connected');
      await nacos.startServing();
      await connected();
      assert.equal(await client.config.query(key), undefined);
      assert.match(await registry.metrics(), /nacos_reconnects_total 1/);
    });

    it('takes the next server when one goes', async () => {
      const [first, second] = [await nacosServer(), await nacosServer()];
      const { client, connected } = clientFor([first, second]);
      await connected();
      await first.stopServing();
      await until('moved', () => second.connections === 1 && client.state.kind === 'connected');
    });

    it('connects anew when the server asks it to', async () => {
      const nacos = await nacosServer();
      const { client, connected, states } = clientFor([nacos]);
      await connected();
      await nacos.resetConnections();
      await until('again', () => states.filter(({ kind }) => kind === 'connected').length === 2);
      await until('one connection', () => nacos.connections === 1);
      assert.equal(await client.config.query(key), undefined);
    });

    it('notices silence: three health checks of 3 s after 5 s', async () => {
      const clock = new FakeClock();
      const nacos = await nacosServer();
      const { client, connected } = clientFor([nacos], { clock });
      await connected();
      const sinceMs = clock.monotonic();
      const passTime = (): Promise<void> => clock.advance(500);
      await until('asked for its health', () => nacos.count('HealthCheckRequest') === 2, passTime);
      const speak = nacos.fails('silence', '*');
      await until('lost', () => client.state.kind !== 'connected', passTime);
      assert.ok(clock.monotonic() - sinceMs <= 25_000, `after ${clock.monotonic() - sinceMs} ms`);
      speak();
      await until('again', () => client.state.kind === 'connected', passTime);
    });
  });

  describe('authenticating', () => {
    for (const generation of generations) {
      it(`logs in to a server of ${generation}`, async () => {
        const test = clientFor([await nacosServer({ generation, auth })], { credentials });
        await test.connected();
        assert.deepEqual(authOf(test), [true, undefined]);
        assert.equal(await test.client.config.query(key), undefined);
      });
    }

    it('works without authentication, with credentials or without', async () => {
      const nacos = await nacosServer();
      for (const given of [undefined, credentials]) {
        const test = clientFor([nacos], { credentials: given });
        await test.connected();
        assert.deepEqual(authOf(test), [true, undefined]);
        assert.equal(await test.client.config.query(key), undefined);
      }
    });

    it('works where the login is refused and nothing else', async () => {
      const nacos = await nacosServer();
      nacos.refuses('POST *', 403);
      const test = clientFor([nacos], { credentials });
      await test.connected();
      assert.deepEqual(authOf(test), [false, 'NACOS_UNAUTHENTICATED']);
      assert.equal(await test.client.config.query(key), undefined);
      assert.deepEqual(authOf(test), [true, undefined]);
    });

    for (const [what, nacosAnswers, code, words] of [
      ['no login below the contextPath', 404, 'NACOS_UNAUTHENTICATED', /below the contextPath '\/nacos'.*HTTP 404/],
      ['an answer without a token', 200, 'NACOS_FAILED', /HTTP 200 without an access token/],
      ['a failure inside the server', 500, 'NACOS_FAILED', /answered HTTP 500; a fault was injected/],
      ['load that is shed', 503, 'NACOS_OVERLOADED', /answered HTTP 503/],
      ['a redirect', 302, 'NACOS_FAILED', /redirects are not followed/],
    ] as const) {
      it(`takes ${what} for a login that failed, and not for a wrong password`, async () => {
        const nacos = await nacosServer({ auth });
        nacos.refuses('POST *', nacosAnswers);
        const test = clientFor([nacos], { credentials });
        await test.connected();
        assert.deepEqual(authOf(test), [false, code]);
        await assert.rejects(test.client.config.query(key), (error) => {
          return isCode(code, words)(error) && !/or the password/.test((error as Error).message);
        });
      });
    }

    it('takes a contextPath with a slash at its end for the same without', async () => {
      const { address } = await nacosServer({ auth });
      const test = clientFor([{ address: { ...address, contextPath: '/nacos/' } }], { credentials });
      await test.connected();
      assert.deepEqual(authOf(test), [true, undefined]);
    });

    it('keeps a good token when one config is forbidden while the login fails', async () => {
      const clock = new FakeClock();
      const nacos = await nacosServer({ auth });
      const test = clientFor([nacos], { clock, credentials });
      await test.connected();
      await clock.advance(5_000);
      nacos.refuses('POST *', 403);
      nacos.refuses('ConfigQueryRequest', 403, 1, 'authorization failed!');
      await assert.rejects(test.client.config.query(key), isCode('NACOS_FORBIDDEN'));
      assert.equal(await test.client.config.query(key), undefined);
      assert.deepEqual([authOf(test), nacos.count(login)], [[true, undefined], 1]);
    });

    it('stays connected with a wrong password, says so, and works once it is mended', async () => {
      const test = clientFor([await nacosServer({ auth })], {
        credentials: { username: 'nacos', password: 'wrong-marker' },
      });
      await test.connected();
      assert.deepEqual(authOf(test), [false, 'NACOS_UNAUTHENTICATED']);
      await assert.rejects(
        test.client.config.query(key),
        isCode('NACOS_UNAUTHENTICATED', /refused the user 'nacos' or the password/),
      );
      test.client.setCredentials(credentials);
      assert.equal(await test.client.config.query(key), undefined);
      assert.deepEqual(authOf(test), [true, undefined]);
      assert.equal(test.states.filter(({ kind }) => kind === 'connecting').length, 1);
    });

    it('recovers by itself when the server accepts what it refused', async () => {
      const clock = new FakeClock();
      const nacos = await nacosServer({ auth });
      const accept = nacos.refuses('POST *', 403);
      const test = clientFor([nacos], { clock, credentials });
      await test.connected();
      const seen: string[] = [];
      test.client.config.watch(key, ({ kind }) => seen.push(kind));
      await until('refused', () => test.logged.some((line) => line.includes('cannot be read')));
      accept();
      const isWell = (): boolean => authOf(test)[0] && seen.length === 1;
      await until('accepted and watched', isWell, () => clock.advance(1_000));
    });

    it('asks for credentials when it has none and the server wants them', async () => {
      const test = clientFor([await nacosServer({ auth })]);
      await test.connected();
      await assert.rejects(test.client.config.query(key), isCode('NACOS_UNAUTHENTICATED', /none are configured/));
      assert.deepEqual(authOf(test), [false, 'NACOS_UNAUTHENTICATED']);
    });

    it('renews an expired token at once, by one login for all requests', async () => {
      const clock = new FakeClock();
      const nacos = await nacosServer({ auth });
      const test = clientFor([nacos], { clock, credentials });
      await test.connected();
      await clock.advance(5_000);
      nacos.expireTokens();
      const results = await Promise.all(Array.from({ length: 10 }, () => test.client.config.query(key)));
      assert.equal(results.length, 10);
      assert.equal(nacos.count(login), 2);
    });

    it('logs in at most every 5 s for refusals that a new token does not mend', async () => {
      const clock = new FakeClock();
      const nacos = await nacosServer({ auth });
      const test = clientFor([nacos], { clock, credentials });
      await test.connected();
      nacos.refuses('ConfigQueryRequest', 403);
      await clock.advance(5_000);
      for (let request = 0; request < 5; request += 1) {
        await assert.rejects(test.client.config.query(key), isCode('NACOS_FORBIDDEN', /query of g\/d/));
      }
      assert.equal(nacos.count(login), 2);
      assert.deepEqual(authOf(test), [true, undefined]);
    });

    it('refreshes the token before it expires', async () => {
      const clock = new FakeClock();
      const nacos = await nacosServer({ auth: { password, tokenSeconds: 30 } });
      const test = clientFor([nacos], { clock, credentials });
      await test.connected();
      await clock.advance(27_900);
      assert.equal(nacos.count(login), 1);
      const isRefreshed = (): boolean => nacos.count(login) === 2;
      await until('logged in again', isRefreshed, () => clock.advance(20));
      assert.ok(clock.monotonic() < 29_000, `after ${clock.monotonic()} ms`);
    });

    it('lets no password into errors, states or logs', async () => {
      const nacos = await nacosServer({ auth: { password: 'other' } });
      const test = clientFor([nacos], { credentials });
      await test.connected();
      const errors: unknown[] = [];
      const fail = (error: unknown): void => void errors.push(error);
      await test.client.config.query(key).catch(fail);
      await nacos.stopServing();
      await until('disconnected', () => test.client.state.kind === 'disconnected');
      await test.client.admin.getConfig(key).catch(fail);
      test.client.setCredentials(credentials);
      await until('login failed', () => test.logged.some((line) => line.includes('ECONNREFUSED')));
      assert.equal(errors.length, 2);
      const everything = inspect([errors, test.states, test.logged], { depth: 20, showHidden: true, getters: true });
      assert.ok(!everything.includes(password));
    });
  });

  it('survives a listener of the state that throws, or rejects', async () => {
    const { client, connected, logged } = clientFor([await nacosServer()]);
    client.onStateChange(() => assert.fail('a bad listener'));
    client.onStateChange(() => Promise.reject(new Error('a late one')) as unknown as undefined);
    await connected();
    assert.equal(await client.config.query(key), undefined);
    for (const what of ['a bad listener', 'a late one']) assert.ok(logged.some((line) => line.includes(what)));
  });

  it('counts requests, pushes and the state of its connection', async () => {
    const { client, connected, registry } = clientFor([await nacosServer()]);
    await connected();
    await client.config.query(key);
    const metrics = await registry.metrics();
    assert.match(metrics, /nacos_requests_total\{operation="config_query",result="ok"\} 1/);
    assert.match(metrics, /nacos_connection_state\{servers="127.0.0.1:\d+",state="connected"\} 1/);
    assert.match(metrics, /nacos_pushes_total\{type="SetupAckRequest"\} 1/);
    assert.match(metrics, /nacos_request_duration_seconds_count\{operation="config_query"\} 1/);
  });
});
