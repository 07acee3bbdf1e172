import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { systemClock } from '../../operator/clock.ts';
import type { Clock } from '../../operator/clock.ts';
import { createKubeMetrics } from '../../operator/kube/metrics.ts';
import { Reflector } from '../../operator/kube/reflector.ts';
import type { ReflectorOptions } from '../../operator/kube/reflector.ts';
import { Store } from '../../operator/kube/store.ts';
import { silentLogger } from '../../operator/logger.ts';
import type { Logger } from '../../operator/logger.ts';
import { clientFor, until } from './client-for.ts';
import { FakeApiServer, configMaps, differences, status } from './fake-api-server.ts';
import type { FakeConfigMap } from './fake-api-server.ts';

describe('a reflector', () => {
  let server: FakeApiServer;
  let store: Store<FakeConfigMap>;
  let stop: () => Promise<void>;
  const metrics = createKubeMetrics(new Registry(), 'test_');
  beforeEach(async () => {
    server = await FakeApiServer.start();
    store = new Store<FakeConfigMap>();
    stop = () => Promise.resolve();
  });
  afterEach(async () => {
    await stop();
    await server.stop();
  });

  function started(options: Partial<ReflectorOptions<FakeConfigMap>> = {}): Reflector<FakeConfigMap> {
    const client = clientFor(server);
    const timing = { backoffInitialMs: 1, backoffMaxMs: 5, ...options.timing };
    const shared = { client, resource: configMaps, store, log: silentLogger, clock: systemClock, metrics };
    const reflector = new Reflector<FakeConfigMap>({ ...shared, ...options, timing });
    stop = async () => {
      await reflector.stop();
      await client.close();
    };
    reflector.start();
    return reflector;
  }
  const settled = () => until(() => differences(server, store.list()).length === 0);
  const watchesAsked = () => server.requests.filter(({ query }) => query.has('watch'));
  const listsAsked = () => server.requests.filter(({ query }) => !query.has('watch'));

  it('lists by pages, then watches from the list and asks for bookmarks', async () => {
    for (let n = 0; n < 5; n++) server.put('a', `x${n}`);
    await started({ pageSize: 2, random: () => 0.5, labelSelector: 'app=x' }).synced();
    assert.equal(store.size, 5);
    await until(() => server.openWatches === 1);
    assert.deepEqual(
      listsAsked().map(({ query }) => query.get('limit')),
      ['2', '2', '2'],
    );
    const query = watchesAsked()[0]?.query;
    assert.equal(query?.get('allowWatchBookmarks'), 'true');
    assert.equal(query?.get('timeoutSeconds'), '440');
    assert.ok(server.requests.every((request) => request.query.get('labelSelector') === 'app=x'));
  });

  it('resumes from where it was, without a list, when the server ends a watch', async () => {
    server.put('a', 'x');
    await started().synced();
    await until(() => server.openWatches === 1);
    server.put('a', 'y');
    await settled();
    server.disturb('end');
    await until(() => watchesAsked().length === 2);
    server.put('a', 'z');
    await settled();
    assert.equal(listsAsked().length, 1);
    assert.equal(watchesAsked()[1]?.query.get('resourceVersion'), store.get('a/y')?.metadata.resourceVersion);
  });

  it('does not hammer a server that ends every watch at once', async () => {
    const delays: number[] = [];
    const clock: Clock = {
      ...systemClock,
      after: (delayMs, callback) => {
        delays.push(delayMs);
        return systemClock.after(delayMs, callback);
      },
    };
    await started({ clock, random: () => 0 }).synced();
    for (let n = 1; n <= 4; n++) {
      await until(() => server.openWatches === 1 && watchesAsked().length === n);
      server.disturb('end');
    }
    await until(
      () => [1, 2, 4, 5].every((delayMs) => delays.includes(delayMs)),
      () => delays.join(),
    );
  });

  it('breaks a silent watch, sooner on a server that sends bookmarks', async () => {
    const timing = { idleMs: 60_000, idleWithBookmarksMs: 40 };
    const reflector = started({ timing });
    await reflector.synced();
    await until(() => server.openWatches === 1);
    server.disturb('bookmark');
    await until(() => reflector.lastError !== undefined);
    assert.match(reflector.lastError?.message ?? '', /the watch was silent for \d+ ms/);
    await until(() => watchesAsked().length >= 2);
    assert.equal(listsAsked().length, 1);
  });

  it('goes on trying while it is forbidden, and says so', async () => {
    let allowed = false;
    server.answer(() => (allowed ? undefined : { status: 403, body: status(403, 'Forbidden', 'no list for you') }));
    const reflector = started();
    await until(() => server.requests.length > 3);
    assert.equal(reflector.lastError?.code, 'KUBE_FORBIDDEN');
    assert.match(reflector.lastError?.message ?? '', /list configmaps: no list for you/);
    assert.equal(reflector.hasSynced, false);
    allowed = true;
    await reflector.synced();
    await until(() => reflector.lastError === undefined);
  });

  it('tells that it has recovered, once for each time that it was cut off', async () => {
    let recoveries = 0;
    const reflector = started({ onRecovered: () => (recoveries += 1) });
    await reflector.synced();
    await until(() => server.openWatches === 1);
    assert.equal(recoveries, 0);
    let isRefusing = true;
    server.answer(() => (isRefusing ? { status: 500, body: status(500, 'InternalError', 'down') } : undefined));
    server.disturb('reset');
    await until(() => reflector.lastError !== undefined && server.requests.length > 4);
    isRefusing = false;
    await until(() => recoveries > 0);
    assert.equal(server.openWatches, 1);
    assert.equal(recoveries, 1);
  });

  it('lists anew when it is told to, also out of a pause, and says when the store holds it', async () => {
    const reflector = started({ timing: { backoffInitialMs: 60_000, backoffMaxMs: 60_000 } });
    await reflector.synced();
    await until(() => server.openWatches === 1);
    server.disturb('silence');
    server.put('a', 'x');
    await reflector.refresh();
    assert.equal(store.size, 1);
    server.heal();
    let isRefusing = true;
    server.answer(() => (isRefusing ? { status: 500, body: status(500, 'InternalError', 'down') } : undefined));
    await assert.rejects(reflector.refresh(), /down/);
    assert.equal(store.size, 1, 'nothing goes because the server cannot be asked');
    isRefusing = false;
    server.put('a', 'y');
    await Promise.all([reflector.refresh(), reflector.refresh()]);
    assert.equal(store.size, 2);
    await until(() => server.openWatches === 1);
  });

  it('keeps what it has while the server is away or answers nonsense', async () => {
    server.put('a', 'x');
    const reflector = started();
    await reflector.synced();
    await until(() => server.openWatches === 1);
    server.answer(() => ({ status: 200, body: {} }));
    server.disturb('gone');
    await until(() => /not a list/.test(reflector.lastError?.message ?? ''));
    assert.equal(store.size, 1);
  });

  it('asks for metadata only, in lists and in watches', async () => {
    server.put('a', 'x');
    await started({ metadataOnly: true }).synced();
    await until(() => watchesAsked().length === 1);
    assert.match(listsAsked()[0]?.headers.accept ?? '', /as=PartialObjectMetadataList;g=meta.k8s.io;v=v1/);
    assert.match(watchesAsked()[0]?.headers.accept ?? '', /as=PartialObjectMetadata;g=meta.k8s.io;v=v1/);
    assert.equal(store.get('a/x')?.kind, 'ConfigMap');
  });

  it('goes on when a listener throws, and logs it', async () => {
    const errors: string[] = [];
    const log: Logger = { ...silentLogger, error: (message) => errors.push(message), child: () => log };
    store.onChange(() => {
      throw new Error('broken listener');
    });
    server.put('a', 'x');
    await started({ log }).synced();
    await until(() => server.openWatches === 1);
    server.put('a', 'y');
    await settled();
    assert.equal(errors.length, 2);
    assert.equal(watchesAsked().length, 1);
  });

  it('is synced with several namespaces only when each was listed', async () => {
    server.put('a', 'x');
    server.put('b', 'x');
    server.put('c', 'x');
    server.answer(({ path }) =>
      path.includes('/b/') ? { status: 500, body: status(500, 'InternalError') } : undefined,
    );
    const reflector = started({ namespaces: ['a', 'b'] });
    await until(() => store.size === 1);
    assert.equal(reflector.hasSynced, false);
    assert.equal(reflector.lastConfirmedMonotonicMs, undefined);
    server.answer(() => undefined);
    await reflector.synced();
    assert.deepEqual([...store.keys()].sort(), ['a/x', 'b/x']);
    assert.ok((reflector.lastConfirmedMonotonicMs ?? 0) > 0);
  });

  it('confirms its view by lists, events and bookmarks', async () => {
    const reflector = started();
    await reflector.synced();
    await until(() => server.openWatches === 1);
    for (const confirm of [() => server.put('a', 'x'), () => server.disturb('bookmark')]) {
      const beforeMs = reflector.lastConfirmedMonotonicMs ?? Infinity;
      confirm();
      await until(() => (reflector.lastConfirmedMonotonicMs ?? 0) > beforeMs);
    }
  });

  it('confirms a view by a list only when all pages of it are in the store', async () => {
    server.put('a', 'x');
    server.put('a', 'y');
    let isBroken = true;
    server.answer(({ query }) =>
      isBroken && query.has('continue') ? { status: 500, body: status(500, 'InternalError') } : undefined,
    );
    const reflector = started({ pageSize: 1 });
    await until(() => listsAsked().length > 3);
    assert.deepEqual([reflector.lastConfirmedMonotonicMs, store.size], [undefined, 0]);
    isBroken = false;
    await until(() => reflector.lastConfirmedMonotonicMs !== undefined);
    assert.equal(store.size, 2);
  });

  it('confirms a quiet view by a watch that ended when it was to, and by no other end', async () => {
    let aheadMs = 0;
    const clock: Clock = { ...systemClock, monotonic: () => systemClock.monotonic() + aheadMs };
    const reflector = started({ clock, watchSeconds: { from: 1000, to: 1000 } });
    await until(() => server.openWatches === 1);
    const listedMs = reflector.lastConfirmedMonotonicMs ?? Infinity;
    server.disturb('end');
    await until(() => watchesAsked().length === 2 && server.openWatches === 1);
    assert.equal(reflector.lastConfirmedMonotonicMs, listedMs);
    // A process that was frozen for long: the watch ended when it was to, and that is when it was confirmed.
    aheadMs = 5_000_000;
    server.disturb('end');
    await until(() => (reflector.lastConfirmedMonotonicMs ?? 0) > listedMs);
    const aheadOfListMs = (reflector.lastConfirmedMonotonicMs ?? 0) - listedMs;
    assert.ok(aheadOfListMs >= 1_000_000 && aheadOfListMs < 4_000_000, `${aheadOfListMs}`);
  });

  it('cuts a watch that does not end when it was to', async () => {
    const reflector = started({ watchSeconds: { from: 0, to: 0 }, timing: { usefulWatchMs: 0 } });
    await until(() => server.openWatches === 1);
    server.disturb('silence');
    await until(() => reflector.lastError !== undefined);
    assert.match(reflector.lastError?.message ?? '', /did not end when it was to/);
    await until(() => watchesAsked().length >= 2);
    assert.equal(listsAsked().length, 1);
  });

  it('ends by stop alone: no request follows, and nobody waits for ever', async () => {
    server.answer(() => ({ status: 500, body: status(500, 'InternalError') }));
    const reflector = started();
    const abandoned = new AbortController();
    const givenUp = assert.rejects(reflector.synced(abandoned.signal), { code: 'ABORTED' });
    abandoned.abort();
    const waiting = assert.rejects(reflector.synced(), { code: 'ABORTED' });
    await reflector.stop();
    await Promise.all([givenUp, waiting]);
    const { length } = server.requests;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(server.requests.length, length);
  });

  it('counts lists by reason and restarts of watches', async () => {
    const registry = new Registry();
    await started({ metrics: createKubeMetrics(registry, 'test_') }).synced();
    await until(() => server.openWatches === 1);
    server.put('a', 'x');
    server.disturb('gone');
    // The server has a watch before its client knows, so what is counted says when it is over.
    const restarts = registry.getSingleMetric('test_watch_restarts_total');
    assert(restarts);
    let counted = 0;
    await until(() => {
      void restarts.get().then(({ values }) => (counted = values[0]?.value ?? 0));
      return counted > 0;
    });
    const text = await registry.metrics();
    for (const line of [
      /test_watch_relists_total\{resource="configmaps",reason="start"\} 1/,
      /test_watch_relists_total\{resource="configmaps",reason="expired"\} 1/,
      /test_watch_restarts_total\{resource="configmaps"\} \d/,
      /test_watch_last_event_timestamp_seconds\{resource="configmaps"\} \d+/,
    ]) {
      assert.match(text, line);
    }
  });
});
