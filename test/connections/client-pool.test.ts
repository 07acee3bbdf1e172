import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { ClientPool } from '../../operator/connections/client-pool.ts';
import type { ConnectionSettings } from '../../operator/connections/settings.ts';
import { silentLogger } from '../../operator/logger.ts';
import { createNacosMetrics } from '../../operator/connections/nacos-metrics.ts';
import { FakeClock } from '../fake-clock.ts';

/** A port of the discard service, which nothing on a test machine listens on. */
const servers = [{ scheme: 'http', host: '127.0.0.1', port: 9, contextPath: '/nacos', grpcPort: 1009 }] as const;
const settings: ConnectionSettings = {
  servers,
  publicNamespace: 'Empty' as const,
  namespaceId: '',
  credentials: { username: 'u', password: 'p' },
  requestTimeoutMs: 1000,
  updateConcurrency: 20,
};
const rotated = { ...settings, credentials: { username: 'u', password: 'rotated' } };

describe('client pool', () => {
  let pool: ClientPool;

  beforeEach(() => {
    const metrics = createNacosMetrics(new Registry(), 'test_');
    pool = new ClientPool({ clientName: 'test', appName: 'test', log: silentLogger, clock: new FakeClock(), metrics });
  });

  afterEach(() => pool.stop());

  it('shares one running client between equal settings, also of other namespaces', () => {
    const first = pool.acquire(settings);
    const second = pool.acquire({ ...settings, namespaceId: 'dev' });
    assert.equal(first.client, second.client);
    assert.equal(first.client.state.kind, 'connecting');
  });

  it('stops a client with its last lease, however often each is released', () => {
    const first = pool.acquire(settings);
    const second = pool.acquire(settings);
    first.release();
    first.release();
    assert.equal(second.client.state.kind, 'connecting');
    second.release();
    assert.equal(second.client.state.kind, 'stopped');
    assert.notEqual(pool.acquire(settings).client, second.client);
  });

  it('gives other credentials or servers another client', () => {
    const { client } = pool.acquire(settings);
    assert.notEqual(pool.acquire(rotated).client, client);
    assert.notEqual(pool.acquire({ ...settings, servers: [{ ...servers[0], port: 10 }] }).client, client);
  });

  it('starts nothing any more once it is stopped', async () => {
    await pool.stop();
    assert.throws(() => pool.acquire(settings), /the operator stops/);
  });
});
