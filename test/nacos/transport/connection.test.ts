/**
 * What the protocol wants of a connection and no sound server shows on request: the form of the handshake, streams that
 * end, pushes that are not meant for us or that nobody knows.
 */
import assert from 'node:assert/strict';
import { isBridgeError } from '../../../operator/errors.ts';
import { clientFor, stopAll, wireServer } from '../client-for.ts';
import { until } from '../until.ts';

const key = { namespaceId: '', group: 'g', dataId: 'd' };
const absent = { resultCode: 500, errorCode: 300, message: 'config data not exist' };

async function connected(negotiates = true) {
  const server = await wireServer({ negotiates });
  server.answer('ConfigQueryRequest', 'ConfigQueryResponse', absent);
  const test = clientFor([server]);
  await test.connected();
  return { server, ...test };
}

describe('a connection', () => {
  afterEach(stopAll);

  it('introduces itself as the protocol wants it', async () => {
    const { server } = await connected();
    assert.deepEqual(server.bodies('stream:ConnectionSetupRequest'), [
      {
        clientVersion: 'Test-Client:v1',
        tenant: '',
        labels: { source: 'sdk', module: 'config', AppName: 'test' },
        abilityTable: {},
      },
    ]);
  });

  it('waits until a server of before 2.3 knows it, which announces nothing', async () => {
    const { client, server } = await connected(false);
    assert.ok(client.state.kind === 'connected' && server.count('HealthCheckRequest') > 0);
    const { fuzzyWatch, persistentByGrpc } = client.state.capabilities;
    assert.deepEqual([fuzzyWatch, persistentByGrpc], [false, false]);
    assert.equal(await client.config.query(key), undefined);
    const instance = { ip: 'a', port: 1, weight: 1, healthy: true, enabled: true, clusterName: 'c', metadata: {} };
    const service = { namespaceId: '', group: 'g', serviceName: 's' };
    await assert.rejects(client.naming.registerPersistent(service, instance), (error) => {
      return isBridgeError(error, 'NACOS_UNSUPPORTED') && error.message.includes('Nacos 2.3');
    });
  });

  it('is made anew when the server ends the stream, or no longer knows it', async () => {
    const { client, server, states } = await connected();
    server.endStreams();
    await until('again', () => states.filter(({ kind }) => kind === 'connected').length === 2);
    server.forget();
    await assert.rejects(client.config.query(key), (error) => {
      return isBridgeError(error, 'CONNECTION_NOT_READY') && error.message.includes('301');
    });
    await until('again', () => server.connections === 1 && client.state.kind === 'connected');
  });

  it('is moved by ConnectReset to the server that it names, after it was acknowledged', async () => {
    const [first, second, third] = [await wireServer(), await wireServer(), await wireServer()];
    const { client, connected: ready } = clientFor([first, second, third]);
    await ready();
    first.push('ConnectResetRequest', { serverIp: '127.0.0.1', serverPort: String(third.address.grpcPort) });
    await until('moved', () => third.connections === 1 && client.state.kind === 'connected');
    await until('acknowledged', () => first.count('stream:ConnectResetResponse') === 1);
    assert.equal(second.count('ServerCheckRequest'), 0);
  });

  it('ignores a ConnectReset that is meant for another', async () => {
    const { server, states } = await connected();
    server.push('ConnectResetRequest', { connectionId: 'somebody_else_1' });
    await until('acknowledged', () => server.count('stream:ConnectResetResponse') === 1);
    assert.deepEqual(
      states.map(({ kind }) => kind),
      ['connecting', 'connected'],
    );
  });

  it('answers the server that asks whether it lives', async () => {
    const { server } = await connected();
    server.push('ClientDetectionRequest', {});
    await until('answered', () => server.count('stream:ClientDetectionResponse') === 1);
    const [answer] = server.bodies('stream:ClientDetectionResponse');
    assert.deepEqual([answer?.['requestId'], answer?.['resultCode']], ['7', 200]);
  });

  it('logs a push that it does not know, without its contents, and goes on', async () => {
    const { client, logged, server } = await connected();
    server.push('SomethingNewRequest', { secret: 'value' });
    await until('logged', () => logged.some((line) => line.includes('SomethingNewRequest')));
    assert.ok(!logged.some((line) => line.includes('value')));
    assert.equal(await client.config.query(key), undefined);
  });
});
