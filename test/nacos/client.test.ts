import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { isBridgeError } from '../../operator/errors.ts';
import type { ErrorCode } from '../../operator/errors.ts';
import { FakeClock } from '../fake-clock.ts';
import { clientFor, fakeNacos, stopAll } from './client-for.ts';
import type { TestClient } from './client-for.ts';
import { until } from './until.ts';

const key = { namespaceId: '', group: 'g', dataId: 'd' };
const password = 'hunter2-marker';

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
      [3, { persistentByGrpc: true, fuzzyWatch: true, adminApi: 'v3' }],
      [2, { persistentByGrpc: true, fuzzyWatch: false, adminApi: 'v1' }],
      [1, { persistentByGrpc: false, fuzzyWatch: false, adminApi: 'v1' }],
    ] as const) {
      it(`learns what a server of generation ${generation} can do`, async () => {
        const { client, connected } = clientFor([await fakeNacos({ generation })]);
        await connected();
        assert.deepEqual(client.state.kind === 'connected' && client.state.capabilities, expected);
        assert.equal(await client.config.query(key), undefined);
      });
    }

    it('introduces itself as the protocol wants it', async () => {
      const fake = await fakeNacos();
      await clientFor([fake]).connected();
      const setup = fake.received.find(({ type }) => type === 'stream:ConnectionSetupRequest');
      assert.deepEqual(setup?.body, {
        clientVersion: 'Test-Client:v1',
        tenant: '',
        labels: { source: 'sdk', module: 'config', AppName: 'test' },
        abilityTable: {},
      });
    });

    it('waits for a server that is starting', async () => {
      const clock = new FakeClock();
      const fake = await fakeNacos();
      fake.faults.starting = 3;
      const { client } = clientFor([fake], { clock });
      await until(
        'connected',
        () => client.state.kind === 'connected',
        () => clock.advance(100),
      );
      assert.equal(fake.count('ServerCheckRequest'), 4);
    });

    it('lets requests wait for the first connection', async () => {
      const fake = await fakeNacos();
      fake.publish(' g d', 'here');
      assert.equal((await clientFor([fake]).client.config.query(key))?.content, 'here');
    });

    it('gives up a server that does not acknowledge the setup and goes on to the next', async () => {
      const clock = new FakeClock();
      const [deaf, good] = [await fakeNacos(), await fakeNacos()];
      deaf.faults.loseSetupAck = true;
      const { client } = clientFor([deaf, good], { clock });
      await until(
        'connected',
        () => client.state.kind === 'connected',
        () => clock.advance(200),
      );
      assert.equal(client.state.kind === 'connected' && client.state.server.port, good.address.port);
    });

    it('says which servers do not answer, and why', async () => {
      const address = { ...(await fakeNacos()).address, port: await closedPort(), grpcPort: await closedPort() };
      const { client } = clientFor([{ address }]);
      await until('disconnected', () => client.state.kind === 'disconnected');
      const message = new RegExp(`no Nacos server answers \\(127.0.0.1:${address.port}: ECONNREFUSED\\)`);
      assert.ok(client.state.kind === 'disconnected' && isCode('NACOS_UNREACHABLE', message)(client.state.error));
      await assert.rejects(client.config.query(key), isCode('CONNECTION_NOT_READY', message));
    });

    it('says in words that only the gRPC port is closed, and which port that is', async () => {
      const fake = await fakeNacos();
      const grpcPort = await closedPort();
      const { client } = clientFor([{ address: { ...fake.address, grpcPort } }]);
      await until('disconnected', () => client.state.kind === 'disconnected');
      const error = client.state.kind === 'disconnected' ? client.state.error : undefined;
      assert.equal(error?.code, 'NACOS_GRPC_UNREACHABLE');
      const words = [`127.0.0.1 answers HTTP on port ${fake.address.port}`, `gRPC on port ${grpcPort} (ECONNREFUSED)`];
      for (const part of [...words, 'HTTP port + 1000 unless grpcPort is set', 'firewalls']) {
        assert.ok(error?.message.includes(part), `'${part}' in '${error?.message}'`);
      }
    });

    it('learns the version later when HTTP opens after gRPC', async () => {
      const fake = await fakeNacos();
      fake.stopHttp();
      const clock = new FakeClock();
      const { client, connected } = clientFor([fake], { clock });
      await connected();
      assert.equal(client.state.kind === 'connected' && client.state.capabilities.adminApi, 'none');
      await fake.startHttp();
      const known = (): boolean => client.state.kind === 'connected' && client.state.serverVersion === '3.1.0';
      await until('version', known, () => clock.advance(100));
    });

    it('stops while it is connecting, and refuses requests afterwards', async () => {
      const fake = await fakeNacos();
      fake.faults.silent = true;
      const { client } = clientFor([fake]);
      await until('asked', () => fake.count('ServerCheckRequest') > 0);
      await client.stop();
      assert.equal(client.state.kind, 'stopped');
      await assert.rejects(client.config.query(key), isCode('CONNECTION_NOT_READY', /stopped/));
    });
  });

  describe('losing its connection', () => {
    it('comes back after the server went and came', async () => {
      const fake = await fakeNacos();
      const { client, connected, registry } = clientFor([fake]);
      await connected();
      fake.stopGrpc();
      fake.stopHttp();
      await until('lost', () => client.state.kind !== 'connected');
      await fake.startHttp();
      await fake.startGrpc();
      await connected();
      assert.equal(await client.config.query(key), undefined);
      assert.match(await registry.metrics(), /nacos_reconnects_total 1/);
    });

    it('takes the next server when one goes', async () => {
      const fakes = [await fakeNacos(), await fakeNacos()];
      const { client, connected } = clientFor(fakes);
      await connected();
      fakes[0]?.stop();
      await until('moved', () => fakes[1]?.connections === 1 && client.state.kind === 'connected');
    });

    it('connects anew when the server ends the stream, or no longer knows it', async () => {
      const fake = await fakeNacos();
      const { client, connected, states } = clientFor([fake]);
      await connected();
      fake.dropConnections();
      await until('lost', () => states.some(({ kind }) => kind === 'connecting' && states.length > 2));
      await connected();
      fake.forgetConnections();
      await assert.rejects(client.config.query(key), isCode('CONNECTION_NOT_READY', /301/));
      await until('again', () => fake.connections === 1 && client.state.kind === 'connected');
    });

    it('follows ConnectReset to the server that it names, after acknowledging it', async () => {
      const [first, second, third] = [await fakeNacos(), await fakeNacos(), await fakeNacos()];
      const { client, connected } = clientFor([first, second, third]);
      await connected();
      first.push('ConnectResetRequest', { serverIp: '127.0.0.1', serverPort: String(third.address.grpcPort) });
      await until('moved', () => third.connections === 1 && client.state.kind === 'connected');
      await until('acknowledged', () => first.count('stream:ConnectResetResponse') === 1);
      assert.equal(second.count('ServerCheckRequest'), 0);
    });

    it('ignores a ConnectReset that is meant for another connection', async () => {
      const fake = await fakeNacos();
      const { connected, states } = clientFor([fake]);
      await connected();
      fake.push('ConnectResetRequest', { connectionId: 'somebody_else_1' });
      await until('acknowledged', () => fake.count('stream:ConnectResetResponse') === 1);
      assert.deepEqual(
        states.map(({ kind }) => kind),
        ['connecting', 'connected'].slice(-states.length),
      );
    });

    it('notices silence: three health checks of 3 s after 5 s', async () => {
      const clock = new FakeClock();
      const fake = await fakeNacos();
      const { client, connected } = clientFor([fake], { clock });
      await connected();
      const sinceMs = clock.monotonic();
      await until(
        'asked for its health',
        () => fake.count('HealthCheckRequest') === 1,
        () => clock.advance(500),
      );
      fake.faults.silent = true;
      await until(
        'lost',
        () => client.state.kind !== 'connected',
        () => clock.advance(500),
      );
      assert.ok(clock.monotonic() - sinceMs <= 25_000, `after ${clock.monotonic() - sinceMs} ms`);
      fake.faults.silent = false;
      await until(
        'again',
        () => client.state.kind === 'connected',
        () => clock.advance(500),
      );
    });
  });

  describe('pushes', () => {
    it('answers the server when it asks whether the client lives', async () => {
      const fake = await fakeNacos();
      await clientFor([fake]).connected();
      fake.push('ClientDetectionRequest', {});
      await until('answered', () => fake.count('stream:ClientDetectionResponse') === 1);
      const answer = fake.received.find(({ type }) => type === 'stream:ClientDetectionResponse');
      assert.deepEqual([answer?.body['requestId'], answer?.body['resultCode']], ['7', 200]);
    });

    it('logs what it does not know and goes on', async () => {
      const fake = await fakeNacos();
      const { client, connected, logged } = clientFor([fake]);
      await connected();
      fake.push('SomethingNewRequest', { secret: 'value' });
      await until('logged', () => logged.some((line) => line.includes('SomethingNewRequest')));
      assert.ok(!logged.some((line) => line.includes('value')));
      assert.equal(await client.config.query(key), undefined);
    });
  });

  describe('authenticating', () => {
    for (const generation of [3, 2] as const) {
      it(`logs in to a server of generation ${generation}`, async () => {
        const test = clientFor([await fakeNacos({ generation, password })], {
          credentials: { username: 'nacos', password },
        });
        await test.connected();
        assert.deepEqual(authOf(test), [true, undefined]);
        assert.equal(await test.client.config.query(key), undefined);
      });
    }

    it('works without authentication, with credentials or without', async () => {
      const fake = await fakeNacos();
      for (const credentials of [undefined, { username: 'nacos', password }]) {
        const test = clientFor([fake], { credentials });
        await test.connected();
        assert.deepEqual(authOf(test), [true, undefined]);
        assert.equal(await test.client.config.query(key), undefined);
      }
    });

    it('stays connected with a wrong password, says so, and works once it is mended', async () => {
      const test = clientFor([await fakeNacos({ password })], {
        credentials: { username: 'nacos', password: 'wrong-marker' },
      });
      await test.connected();
      assert.deepEqual(authOf(test), [false, 'NACOS_UNAUTHENTICATED']);
      await assert.rejects(
        test.client.config.query(key),
        isCode('NACOS_UNAUTHENTICATED', /refused the user 'nacos' or the password/),
      );
      test.client.setCredentials({ username: 'nacos', password });
      assert.equal(await test.client.config.query(key), undefined);
      assert.deepEqual(authOf(test), [true, undefined]);
      assert.equal(test.states.filter(({ kind }) => kind === 'connecting').length, 1);
    });

    it('recovers by itself when the server accepts what it refused', async () => {
      const clock = new FakeClock();
      const fake = await fakeNacos({ password });
      const test = clientFor([fake], { clock, credentials: { username: 'nacos', password: 'next' } });
      await test.connected();
      const seen: string[] = [];
      test.client.config.watch(key, ({ kind }) => seen.push(kind));
      await until('refused', () => test.logged.some((line) => line.includes('cannot be read')));
      fake.password = 'next';
      await until(
        'accepted and watched',
        () => authOf(test)[0] && seen.length === 1,
        () => clock.advance(1_000),
      );
    });

    it('asks for credentials when it has none and the server wants them', async () => {
      const test = clientFor([await fakeNacos({ password })]);
      await test.connected();
      await assert.rejects(test.client.config.query(key), isCode('NACOS_UNAUTHENTICATED', /none are configured/));
      assert.deepEqual(authOf(test), [false, 'NACOS_UNAUTHENTICATED']);
    });

    it('renews an expired token at once, by one login for all requests', async () => {
      const clock = new FakeClock();
      const fake = await fakeNacos({ password });
      const test = clientFor([fake], { clock, credentials: { username: 'nacos', password } });
      await test.connected();
      await clock.advance(5_000);
      fake.expireTokens();
      const results = await Promise.all(Array.from({ length: 10 }, () => test.client.config.query(key)));
      assert.equal(results.length, 10);
      assert.equal(fake.logins.length, 2);
    });

    it('logs in at most every 5 s for refusals that a new token does not mend', async () => {
      const clock = new FakeClock();
      const fake = await fakeNacos({ password });
      const test = clientFor([fake], { clock, credentials: { username: 'nacos', password } });
      await test.connected();
      fake.faults.answers.set('ConfigQueryRequest', {
        type: 'ConfigQueryResponse',
        body: { resultCode: 500, errorCode: 403, message: 'authorization failed!' },
      });
      await clock.advance(5_000);
      for (let request = 0; request < 5; request += 1) {
        await assert.rejects(test.client.config.query(key), isCode('NACOS_FORBIDDEN', /authorization failed/));
      }
      assert.equal(fake.logins.length, 2);
      assert.deepEqual(authOf(test), [true, undefined]);
    });

    it('refreshes the token before it expires', async () => {
      const clock = new FakeClock();
      const fake = await fakeNacos({ password, tokenTtlSeconds: 30 });
      const test = clientFor([fake], { clock, credentials: { username: 'nacos', password } });
      await test.connected();
      await clock.advance(27_900);
      assert.equal(fake.logins.length, 1);
      await until(
        'logged in again',
        () => fake.logins.length === 2,
        () => clock.advance(20),
      );
      assert.ok(clock.monotonic() < 29_000, `after ${clock.monotonic()} ms`);
    });

    it('lets no password into errors, states or logs', async () => {
      const fake = await fakeNacos({ password: 'other' });
      const test = clientFor([fake], { credentials: { username: 'nacos', password } });
      await test.connected();
      const errors: unknown[] = [];
      const fail = (error: unknown): void => void errors.push(error);
      await test.client.config.query(key).catch(fail);
      fake.stop();
      await until('disconnected', () => test.client.state.kind === 'disconnected');
      await test.client.admin.getConfig(key).catch(fail);
      test.client.setCredentials({ username: 'nacos', password });
      await until('login failed', () => test.logged.some((line) => line.includes('ECONNREFUSED')));
      assert.equal(errors.length, 2);
      const { inspect } = await import('node:util');
      const everything = inspect([errors, test.states, test.logged], { depth: 20, showHidden: true, getters: true });
      assert.ok(!everything.includes(password));
    });
  });

  it('survives a listener of the state that throws', async () => {
    const { client, connected, logged } = clientFor([await fakeNacos()]);
    client.onStateChange(() => assert.fail('a bad listener'));
    await connected();
    assert.equal(await client.config.query(key), undefined);
    assert.ok(logged.some((line) => line.includes('a bad listener')));
  });

  it('counts requests, pushes and the state of its connection', async () => {
    const { client, connected, registry } = clientFor([await fakeNacos()]);
    await connected();
    await client.config.query(key);
    const metrics = await registry.metrics();
    assert.match(metrics, /nacos_requests_total\{operation="config_query",result="ok"\} 1/);
    assert.match(metrics, /nacos_connection_state\{servers="127.0.0.1:\d+",state="connected"\} 1/);
    assert.match(metrics, /nacos_pushes_total\{type="SetupAckRequest"\} 1/);
    assert.match(metrics, /nacos_request_duration_seconds_count\{operation="config_query"\} 1/);
  });
});
