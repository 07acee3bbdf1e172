import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { unrestricted } from '../../operator/connections/allowance.ts';
import { ClientPool } from '../../operator/connections/client-pool.ts';
import { ConnectionClients } from '../../operator/connections/connection-clients.ts';
import { ConnectionDirectory } from '../../operator/connections/connection-directory.ts';
import type { ConnectionSettings } from '../../operator/connections/settings.ts';
import { BridgeError } from '../../operator/errors.ts';
import type { NacosClient } from '../../operator/nacos/client.ts';
import { silentLogger } from '../../operator/logger.ts';
import { createNacosMetrics } from '../../operator/connections/nacos-metrics.ts';
import { FakeClock, settle } from '../fake-clock.ts';

/** On the port of the discard service, or the next, which nothing on a test machine listens on. */
function settings(port = 9): ConnectionSettings {
  const servers = [{ scheme: 'http', host: '127.0.0.1', port, contextPath: '/nacos', grpcPort: 1009 }] as const;
  const limits = { requestTimeoutMs: 1000, updateConcurrency: 20 };
  return { servers, namespaceId: 'dev', publicNamespace: 'Empty', credentials: undefined, ...limits };
}

describe('the clients of connections', () => {
  const key = 'shop/main';
  let pool: ClientPool;
  let directory: ConnectionDirectory;
  let clients: ConnectionClients;
  /** What happens, in its order. */
  let events: string[];
  /** Clients that users hold something at. */
  const held = new Set<NacosClient>();
  let released: () => void;

  beforeEach(() => {
    const metrics = createNacosMetrics(new Registry(), 'test_');
    pool = new ClientPool({ clientName: 'test', appName: 'test', log: silentLogger, clock: new FakeClock(), metrics });
    directory = new ConnectionDirectory();
    events = [];
    held.clear();
    directory.onChange((changed) => events.push(`changed ${changed}`));
    const users = {
      holds: (client: NacosClient) => held.has(client),
      onRelease: (listener: () => void) => void (released = listener),
    };
    clients = new ConnectionClients({ pool, directory, users });
  });
  afterEach(() => clients.stop());

  it('are found in the directory, with the namespace of their connection', async () => {
    assert.equal(clients.stateOf(key).kind, 'idle');
    clients.connect(key, settings(), unrestricted);
    const { title, namespaceId, client } = directory.find(key);
    assert.deepEqual([title, namespaceId], ["NacosConnection 'main'", 'dev']);
    assert.equal(clients.stateOf(key), client.state);
    clients.disconnect(key);
    assert.throws(() => directory.find(key), /does not exist/);
    await settle();
    assert.equal(client.state.kind, 'stopped');
  });

  it('are told of by state', async () => {
    const states: string[] = [];
    clients.onStateChange((connection, { kind }) => states.push(`${connection} ${kind}`));
    clients.connect(key, settings(), unrestricted);
    clients.disconnect(key);
    await settle();
    assert.deepEqual([...new Set(states)], [], 'nothing of a client that was left');
    clients.connect(key, settings(), unrestricted);
    await clients.stop();
    assert.deepEqual(states, ['shop/main stopped']);
  });

  it('stay when their connection gets another one, or goes, for as long as users hold something there', () => {
    clients.connect(key, settings(), unrestricted);
    const former = directory.find(key).client;
    held.add(former);
    clients.connect(key, settings(10), unrestricted);
    const { client } = directory.find(key);
    assert.notEqual(client, former);
    assert.deepEqual(events, ['changed shop/main', 'changed shop/main']);
    held.add(client);
    clients.disconnect(key);
    released();
    assert.deepEqual([former.state.kind, client.state.kind], ['connecting', 'connecting']);
    held.delete(former);
    released();
    assert.deepEqual([former.state.kind, client.state.kind], ['stopped', 'connecting']);
    held.delete(client);
    released();
    assert.equal(client.state.kind, 'stopped');
  });

  it('are the former ones again when their connection changes back meanwhile', () => {
    clients.connect(key, settings(), unrestricted);
    const former = directory.find(key).client;
    held.add(former);
    clients.connect(key, settings(10), unrestricted);
    const { client } = directory.find(key);
    clients.connect(key, settings(), unrestricted);
    assert.equal(directory.find(key).client, former);
    assert.equal(client.state.kind, 'stopped');
    held.clear();
    released();
    assert.equal(former.state.kind, 'connecting', 'it is the client of the connection');
  });

  it('stay when their settings cannot be had any more', () => {
    const reason = new BridgeError('REFERENCE_MISSING', 'Secret gone');
    clients.fail(key, reason);
    assert.throws(() => directory.find(key), /Secret gone/);
    clients.connect(key, settings(), unrestricted);
    clients.fail(key, reason);
    assert.equal(directory.find(key).namespaceId, 'dev');
  });
});
