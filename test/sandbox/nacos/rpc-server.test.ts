import assert from 'node:assert/strict';
import { FakeClock } from '../../fake-clock.ts';
import { until } from '../../nacos/until.ts';
import { connectedClient, embeddedNacos, RawNacosClient, stopAll } from './raw-nacos-client.ts';

afterEach(stopAll);

const query = { dataId: 'a', group: 'DEFAULT_GROUP', tenant: '' };

describe('the gRPC server of the embedded Nacos', () => {
  it('tells a connection its id before it is registered', async () => {
    const client = new RawNacosClient(await embeddedNacos());
    const { body, type } = await client.call('ServerCheckRequest');
    assert.equal(type, 'ServerCheckResponse');
    assert.equal(body['supportAbilityNegotiation'], true);
    assert.match(String(body['connectionId']), /^\d+_127\.0\.0\.1_\d+$/);
  });

  for (const [generation, abilities] of [
    ['3.1', { supportPersistentInstanceByGrpc: true, fuzzyWatch: true }],
    ['2.3', { supportPersistentInstanceByGrpc: true }],
  ] as const) {
    it(`acknowledges a setup with the abilities of ${generation}`, async () => {
      const client = await connectedClient(await embeddedNacos({ generation }));
      assert.deepEqual(client.pushes[0]?.body['abilityTable'], abilities);
    });
  }

  it('registers a client of before 2.3, which sends no abilities, without acknowledging', async () => {
    const nacos = await embeddedNacos();
    const client = new RawNacosClient(nacos);
    client.setUp('config', '', { abilities: {} });
    await until('registered', () => nacos.connections === 1);
    assert.equal((await client.call('HealthCheckRequest')).type, 'HealthCheckResponse');
    assert.deepEqual(client.pushes, []);
  });

  const refusals: [what: string, isRegistered: boolean, type: string, body: object | string, errorCode: number][] = [
    ['an unknown request, registered or not', false, 'NoSuchRequest', {}, 302],
    ['a request of a connection that is not registered', false, 'ConfigQueryRequest', query, 301],
    ['a health check of a connection that is not registered', false, 'HealthCheckRequest', {}, 301],
    ['a body that is no JSON', true, 'ConfigQueryRequest', '{', 502],
    ['a body that is no object', true, 'ConfigQueryRequest', '[]', 502],
  ];
  for (const [what, isRegistered, type, body, errorCode] of refusals) {
    it(`answers ${what} with ${errorCode}`, async () => {
      const nacos = await embeddedNacos();
      const client = isRegistered ? await connectedClient(nacos) : new RawNacosClient(nacos);
      const answer = await client.call(type, body);
      assert.equal(answer.type, 'ErrorResponse');
      assert.equal(answer.body['resultCode'], 500);
      assert.equal(answer.body['errorCode'], errorCode);
    });
  }

  it('says of an unknown request that it is left out', async () => {
    const client = await connectedClient(await embeddedNacos());
    const { body } = await client.call('LockOperationRequest');
    assert.equal(body['message'], 'the embedded Nacos does not have this: LockOperationRequest');
  });

  it('refuses naming on a connection that was set up for configs', async () => {
    const client = await connectedClient(await embeddedNacos());
    const instance = { ip: '10.0.0.1', port: 80 };
    const names = { namespace: 'public', serviceName: 's', groupName: 'DEFAULT_GROUP' };
    const { body } = await client.call('InstanceRequest', { ...names, type: 'registerInstance', instance });
    assert.equal(body['errorCode'], -401);
  });

  it('refuses a message over 10 MiB and serves the connection on', async () => {
    const client = await connectedClient(await embeddedNacos());
    const content = 'x'.repeat(10 * 1024 * 1024);
    await assert.rejects(client.call('ConfigPublishRequest', { ...query, content }), { code: 8 });
    assert.equal((await client.call('HealthCheckRequest')).body['resultCode'], 200);
  });

  it('tests a client that is silent for 20 s, and forgets it after 5 s without an answer', async () => {
    const clock = new FakeClock();
    const nacos = await embeddedNacos({ clock });
    const client = await connectedClient(nacos);
    client.acknowledges = false;
    await clock.advance(19_999);
    assert.equal(client.count('ClientDetectionRequest'), 0);
    await clock.advance(1);
    await until('tested', () => client.count('ClientDetectionRequest') === 1);
    await clock.advance(5_000);
    await until('stream ended', () => client.isEnded);
    assert.equal(nacos.connections, 0);
    assert.equal((await client.call('HealthCheckRequest')).body['errorCode'], 301);
  });

  it('keeps a silent client that answers the test', async () => {
    const clock = new FakeClock();
    const nacos = await embeddedNacos({ clock });
    const client = await connectedClient(nacos);
    for (const tests of [1, 2]) {
      await clock.advance(20_000);
      await until('tested', () => client.count('ClientDetectionRequest') === tests);
      // What was sent before it has been read by then.
      await client.call('ServerCheckRequest');
      await clock.advance(5_000);
      assert.equal(nacos.connections, 1);
      await client.call('HealthCheckRequest');
    }
  });

  it('does not test a client that asks for its health', async () => {
    const clock = new FakeClock();
    const client = await connectedClient(await embeddedNacos({ clock }));
    for (let seconds = 0; seconds < 60; seconds += 5) {
      await clock.advance(5_000);
      await client.call('HealthCheckRequest');
    }
    assert.equal(client.count('ClientDetectionRequest'), 0);
  });

  it('forgets a client with its TCP connection', async () => {
    const nacos = await embeddedNacos();
    const client = await connectedClient(nacos);
    client.stop();
    await until('forgotten', () => nacos.connections === 0);
  });

  it('asks clients to connect again, naming the connection', async () => {
    const nacos = await embeddedNacos();
    const client = await connectedClient(nacos);
    const { body } = await client.call('ServerCheckRequest');
    await nacos.resetConnections();
    assert.equal(client.pushes.at(-1)?.type, 'ConnectResetRequest');
    assert.equal(client.pushes.at(-1)?.body['connectionId'], body['connectionId']);
  });
});
