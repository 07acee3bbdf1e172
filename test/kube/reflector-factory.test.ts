import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { systemClock } from '../../operator/clock.ts';
import type { KubeClient } from '../../operator/kube/client.ts';
import { createKubeMetrics } from '../../operator/kube/metrics.ts';
import { cacheOf, ReflectorFactory } from '../../operator/kube/reflector-factory.ts';
import { Store } from '../../operator/kube/store.ts';
import { silentLogger } from '../../operator/logger.ts';
import { clientFor, until } from './client-for.ts';
import { configMaps, FakeApiServer, type FakeConfigMap } from './fake-api-server.ts';

describe('reflectors of one factory', () => {
  const metrics = createKubeMetrics(new Registry(), 'test_');
  let server: FakeApiServer;
  let client: KubeClient;
  let reflectors: ReflectorFactory;

  beforeEach(async () => {
    server = await FakeApiServer.start();
    client = clientFor(server);
    const namespaces = ['a'];
    reflectors = new ReflectorFactory({ client, namespaces, metrics, log: silentLogger, clock: systemClock });
  });
  afterEach(async () => {
    await client.close();
    await server.stop();
  });

  it('are of its namespaces, and as caches have started when they are synced', async () => {
    for (const namespace of ['a', 'b']) server.put(namespace, 'x');
    const store = new Store<FakeConfigMap>();
    const cache = cacheOf(reflectors.create(configMaps, store));
    assert.equal(cache.name, 'configmaps');
    await cache.start(new AbortController().signal);
    assert.deepEqual(store.keys(), ['a/x']);
    await cache.stop(new AbortController().signal);
  });

  it('tell in one place that the API server can be reached again', async () => {
    let recoveries = 0;
    reflectors.onRecovered(() => (recoveries += 1));
    const created = [1, 2].map(() => reflectors.create(configMaps, new Store<FakeConfigMap>()));
    for (const reflector of created) reflector.start();
    await until(() => server.openWatches === 2);
    assert.equal(recoveries, 0);
    server.disturb('reset');
    await until(() => created.some(({ lastError }) => lastError !== undefined));
    server.heal();
    await until(() => recoveries === 2);
    await Promise.all(created.map((reflector) => reflector.stop()));
  });
});
