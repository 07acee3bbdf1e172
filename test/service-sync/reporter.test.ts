import assert from 'node:assert/strict';
import type { NacosService } from '../../operator/api/resources.ts';
import type { EventInput, EventRecorder } from '../../operator/kube/events.ts';
import type { ResourceClient } from '../../operator/kube/resource-client.ts';
import { silentLogger } from '../../operator/logger.ts';
import { createRuntimeMetrics } from '../../operator/runtime/metrics.ts';
import { Publications } from '../../operator/service-sync/publications.ts';
import { ServiceReporter } from '../../operator/service-sync/reporter.ts';
import { SelectionGuard } from '../../operator/service-sync/selection-guard.ts';
import { exportIdOf } from '../../operator/service-sync/service-export.ts';
import { ServiceStores } from '../../operator/service-sync/service-stores.ts';
import type { ShownHosts } from '../../operator/service-sync/shown-hosts.ts';
import { FakeClock } from '../fake-clock.ts';
import { Registry } from 'prom-client';
import { nacosService, service } from './objects.ts';
import { publication } from './publication.ts';

const resyncMs = 600_000;

function setUp() {
  const clock = new FakeClock();
  const stores = new ServiceStores();
  const publications = new Publications();
  const followed: string[] = [];
  const events: EventInput[] = [];
  const writes: unknown[] = [];
  let version = 0;
  let answer: Promise<void> = Promise.resolve();
  const put = (resource: NacosService) => {
    const metadata = { uid: 'u', ...resource.metadata, resourceVersion: String((version += 1)) };
    stores.resources.applyEvent('MODIFIED', { ...resource, metadata });
  };
  const apply = async ({ metadata, status }: NacosService) => {
    await answer;
    writes.push(status);
    put({ ...nacosService(), ...(status ? { status } : {}) });
    return { metadata: { ...metadata, resourceVersion: String(version) } };
  };
  const shownHosts = {
    onChange: () => () => {},
    follow: (exportId: string) => void followed.push(exportId),
    findings: () => [],
    suspects: () => 0,
    stop() {},
  };
  const reporter = new ServiceReporter({
    client: { ref: { kind: 'NacosService' }, apply } as unknown as ResourceClient<NacosService>,
    stores,
    publications,
    guard: new SelectionGuard(clock),
    shownHosts: shownHosts as unknown as ShownHosts,
    events: { event: (_: unknown, event: EventInput) => void events.push(event) } as unknown as EventRecorder,
    runtimeMetrics: createRuntimeMetrics(new Registry()),
    log: silentLogger,
    clock,
    resyncMs: () => resyncMs,
  });
  stores.services.replace([service({ uid: 's', resourceVersion: '1' })]);
  put(nacosService());
  const publish = () => publications.set('shop/orders', [publication()]);
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    answer = promise;
    return resolve;
  };
  const current = () => stores.resources.get('shop/export') as NacosService;
  return { clock, current, events, followed, hold, publish, put, reporter, writes };
}

describe('the reporter of Services', () => {
  it('says nothing of a Service that was not looked at yet, and writes the status once when it is published', async () => {
    const { clock, events, publish, reporter, writes } = setUp();
    reporter.start();
    await clock.advance(4000);
    assert.deepEqual([writes, events], [[], []]);
    publish();
    await clock.advance(60_000);
    assert.equal(writes.length, 1);
    assert.deepEqual(
      events.map(({ reason, type }) => `${type} ${reason}`),
      ['Normal Published'],
    );
    await reporter.stop();
  });

  it('follows what is published although the API server takes long for a status', async () => {
    const { clock, followed, hold, publish, reporter } = setUp();
    const release = hold();
    reporter.start();
    publish();
    await clock.advance(1000);
    followed.length = 0;
    publish();
    await clock.advance(1000);
    assert.deepEqual(followed, [exportIdOf(nacosService())]);
    release();
    await reporter.stop();
  });

  it('writes a status again that somebody else has changed, and no other', async () => {
    const { clock, current, publish, put, reporter, writes } = setUp();
    reporter.start();
    publish();
    await clock.advance(1000);
    assert.equal(writes.length, 1);
    put(current());
    await clock.advance(1000);
    assert.equal(writes.length, 1, 'somebody has changed something else');
    put({ ...current(), status: {} });
    await clock.advance(1000);
    assert.deepEqual(
      writes.map((status) => (status as NacosService['status'])?.services),
      [1, 1],
    );
    await reporter.stop();
  });

  it('looks again from time to time, whatever it was told', async () => {
    const { clock, current, publish, put, reporter, writes } = setUp();
    reporter.start();
    publish();
    await clock.advance(60_000);
    // As if the watch had missed it.
    delete current().status;
    assert.equal(writes.length, 1);
    await clock.advance(resyncMs);
    assert.equal(writes.length, 2);
    put(current());
    await reporter.stop();
  });
});
