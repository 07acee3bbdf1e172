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

  it('keeps the client of a lease that nobody shares when only the credentials change', () => {
    const lease = pool.acquire(settings);
    assert.equal(lease.change(settings), lease);
    assert.equal(lease.change(rotated), lease);
    assert.equal(pool.acquire(rotated).client, lease.client);
    assert.notEqual(pool.acquire(settings).client, lease.client);
  });

  it('moves a lease to another client when the old one is shared, and leaves the others theirs', () => {
    const mine = pool.acquire(settings);
    const other = pool.acquire(settings);
    const moved = mine.change(rotated);
    assert.notEqual(moved.client, other.client);
    mine.release();
    assert.equal(other.client.state.kind, 'connecting');
    other.release();
    assert.equal(other.client.state.kind, 'stopped');
  });

  it('moves a lease to another client when the servers change, and leaves the old one until that is released', () => {
    const lease = pool.acquire(settings);
    const moved = lease.change({ ...settings, servers: [{ ...servers[0], port: 10 }] });
    assert.equal(lease.client.state.kind, 'connecting');
    lease.release();
    assert.equal(lease.client.state.kind, 'stopped');
    assert.equal(moved.client.state.kind, 'connecting');
  });
});
