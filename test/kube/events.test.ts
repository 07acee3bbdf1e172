import assert from 'node:assert/strict';
import type { KubeClient } from '../../operator/kube/client.ts';
import { EventRecorder } from '../../operator/kube/events.ts';
import type { EventInput } from '../../operator/kube/events.ts';
import type { KubeObject } from '../../operator/kube/resource.ts';
import { FakeClock } from '../fake-clock.ts';
import { LogRecorder } from '../runtime/log-recorder.ts';
import { clientFor } from './client-for.ts';
import { FakeApiServer, status } from './fake-api-server.ts';

const thing = {
  apiVersion: 'x.io/v1',
  kind: 'Thing',
  metadata: { name: 'a', namespace: 'n', uid: 'uid-a', resourceVersion: '7' },
};
const published: EventInput = { type: 'Normal', reason: 'Published', action: 'Publish', note: 'it was taken' };

describe('an event recorder', () => {
  let server: FakeApiServer;
  let client: KubeClient;
  let clock: FakeClock;
  let recorder: EventRecorder;
  let log: LogRecorder;
  beforeEach(async () => {
    server = await FakeApiServer.start();
    server.answer(() => ({ status: 200, body: { metadata: {} } }));
    client = clientFor(server);
    clock = new FakeClock();
    log = new LogRecorder();
    const reporting = { reportingController: 'x.io/controller', reportingInstance: 'pod-0' };
    recorder = new EventRecorder({ client, clock, log, ...reporting });
  });
  afterEach(async () => {
    await recorder.stop();
    await client.close();
    await server.stop();
  });
  const written = () => server.requests.map(({ method, body }) => ({ method, body: JSON.parse(body) }));

  it('writes what kubectl and watchers need to know', async () => {
    recorder.event(thing, published);
    await recorder.flush();
    const [request] = server.requests;
    assert.equal(`${request?.method} ${request?.path}`, 'POST /apis/events.k8s.io/v1/namespaces/n/events');
    const { metadata, ...event } = JSON.parse(request?.body ?? '');
    assert.match(metadata.name, /^a\.[0-9a-f]+$/);
    assert.deepEqual(event, {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingController: 'x.io/controller',
      reportingInstance: 'pod-0',
      ...published,
      regarding: {
        apiVersion: 'x.io/v1',
        kind: 'Thing',
        name: 'a',
        namespace: 'n',
        uid: 'uid-a',
        resourceVersion: '7',
      },
    });
  });

  it('counts equal events within six minutes and begins anew after them', async () => {
    for (const waitMs of [0, 359_000, 359_000, 361_000]) {
      await clock.advance(waitMs);
      recorder.event(thing, published);
      await recorder.flush();
    }
    const requests = written();
    assert.deepEqual(
      requests.map(({ method, body }) => [method, body.series?.count]),
      [
        ['POST', undefined],
        ['PATCH', 2],
        ['PATCH', 3],
        ['POST', undefined],
      ],
    );
    assert.equal(requests[2]?.body.series.lastObservedTime, '2026-01-01T00:11:58.000000Z');
    assert.notEqual(requests[3]?.body.metadata.name, requests[0]?.body.metadata.name);
  });

  const different: [what: string, change: Partial<EventInput>][] = [
    ['reason', { reason: 'Refused' }],
    ['action', { action: 'Remove' }],
    ['note', { note: 'something else' }],
    ['type', { type: 'Warning' }],
  ];
  for (const [what, change] of different) {
    it(`makes another event of another ${what}`, async () => {
      recorder.event(thing, published);
      recorder.event(thing, { ...published, ...change });
      await recorder.flush();
      assert.deepEqual(
        written().map(({ method }) => method),
        ['POST', 'POST'],
      );
    });
  }

  it('writes about one object in measure, counts what it held back, and spares other objects', async () => {
    for (let n = 0; n < 40; n++) {
      recorder.event(thing, published);
      await clock.advance(0);
    }
    for (let n = 0; n < 40; n++) recorder.event(thing, { ...published, note: `note ${n}` });
    recorder.event({ ...thing, metadata: { ...thing.metadata, uid: 'uid-b', name: 'b' } }, published);
    await recorder.flush();
    const names = written().map(({ body }) => body.regarding?.name);
    assert.ok(names.includes('b'));
    const counts = written().map(({ body }) => Number(body.series?.count ?? 1));
    assert.equal(Math.max(...counts), 40);
  });

  it('records of very much that goes well a part, in each namespace and in all, and every warning', async () => {
    const about = (namespace: string, name: string): KubeObject => ({
      ...thing,
      metadata: { ...thing.metadata, namespace, name, uid: `uid-${namespace}-${name}` },
    });
    const goesWell = (namespace: string, count: number, name = 'good') => {
      for (let n = 0; n < count; n++) recorder.event(about(namespace, `${name}-${n}`), published);
    };
    const recorded = (namespace: string, name = 'good') =>
      written().filter(
        ({ body: { regarding } }) => regarding?.namespace === namespace && regarding.name.startsWith(name),
      ).length;
    goesWell('busy', 900);
    for (let n = 0; n < 100; n++) recorder.event(about('busy', `bad-${n}`), { ...published, type: 'Warning' });
    goesWell('quiet', 20);
    await recorder.flush();
    assert.deepEqual([recorded('busy'), recorded('busy', 'bad'), recorded('quiet')], [100, 100, 20]);

    await clock.advance(1000);
    goesWell('busy', 500, 'later');
    await recorder.flush();
    assert.equal(recorded('busy', 'later'), 5);

    const others = Array.from({ length: 20 }, (_, number) => `other-${number}`);
    for (const namespace of others) goesWell(namespace, 30);
    await recorder.flush();
    // 500 at once and 20 in that second, less those above.
    assert.equal(
      others.reduce((sum, namespace) => sum + recorded(namespace), 0),
      500 - 120 + 20 - 5,
    );
  });

  it('makes a new event when the first has expired on the server', async () => {
    recorder.event(thing, published);
    await recorder.flush();
    server.answer(({ method }) => ({
      status: method === 'PATCH' ? 404 : 200,
      body: method === 'PATCH' ? status(404, 'NotFound', 'gone', { name: 'a' }) : { metadata: {} },
    }));
    recorder.event(thing, published);
    await recorder.flush();
    recorder.event(thing, published);
    await recorder.flush();
    assert.deepEqual(
      written().map(({ method }) => method),
      ['POST', 'PATCH', 'POST'],
    );
  });

  it('never fails its caller, and gives up on a server that stays away', async () => {
    server.answer(() => ({ status: 500, body: status(500, 'InternalError') }));
    recorder.event(thing, published);
    const flushed = recorder.flush();
    while (server.requests.length < 3) await clock.advance(1000);
    await flushed;
    assert.equal(server.requests.length, 3);
    server.answer(() => ({ status: 403, body: status(403, 'Forbidden') }));
    recorder.event(thing, { ...published, note: 'forbidden' });
    await recorder.flush();
    assert.equal(server.requests.length, 4);
  });

  it('warns of what it could not record, but not of a namespace that is gone', async () => {
    for (const [code, reason, details] of [
      [404, 'NotFound', { name: 'n' }],
      [403, 'Forbidden', { causes: [{ reason: 'NamespaceTerminating' }] }],
      [403, 'Forbidden', {}],
    ] as const) {
      server.answer(() => ({ status: code, body: status(code, reason, 'refused', details) }));
      recorder.event(thing, { ...published, note: JSON.stringify(details) });
      await recorder.flush();
    }
    assert.deepEqual(
      log.lines.map(({ level, fields }) => [level, fields['code']]),
      [
        ['debug', 'KUBE_NOT_FOUND'],
        ['debug', 'KUBE_TERMINATING'],
        ['warn', 'KUBE_FORBIDDEN'],
      ],
    );
  });

  it('cuts a note at its limit and puts events about cluster objects into the default namespace', async () => {
    const cluster = { ...thing, metadata: { name: 'c', uid: 'uid-c' } };
    recorder.event(cluster, { ...published, note: 'x'.repeat(2000) });
    await recorder.stop();
    recorder.event(cluster, published);
    await recorder.flush();
    assert.equal(server.requests.length, 1);
    assert.equal(server.requests[0]?.path, '/apis/events.k8s.io/v1/namespaces/default/events');
    assert.equal(JSON.parse(server.requests[0]?.body ?? '').note.length, 1024);
  });
});
