import assert from 'node:assert/strict';
import type { Fault } from '../../../../sandbox/fault-script.ts';
import { TinyServer } from '../tiny-cluster.ts';
import { configMaps } from '../tiny-types.ts';

const path = '/api/v1/namespaces/default/configmaps';

describe('faults of the API server', () => {
  let api: TinyServer;

  beforeEach(async () => {
    api = await TinyServer.start();
  });

  afterEach(() => api.stop());

  const create = (name: string) => api.send('POST', path, { body: { metadata: { name } } });
  const get = (name: string) => api.cluster.get(configMaps, 'default', name);
  const add = (on: string, fault: Fault) => api.faults.add({ on, fault, times: 1 });

  it('reset a request before anything is done', async () => {
    add('create configmaps', { kind: 'reset' });
    await assert.rejects(create('a'), { code: 'ECONNRESET' });
    assert.equal(get('a'), undefined);
    assert.equal((await create('a')).status, 201);
  });

  it('lose the answer of a request that was carried out', async () => {
    add('create configmaps', { kind: 'lost-answer' });
    await assert.rejects(create('a'), { code: 'ECONNRESET' });
    assert.notEqual(get('a'), undefined);
  });

  it('cut an answer in half', async () => {
    await create('a');
    for (const operation of ['get configmaps', 'list configmaps']) {
      add(operation, { kind: 'half-answer' });
      await assert.rejects(api.send('GET', operation.startsWith('get') ? `${path}/a` : path));
    }
  });

  it('cut the first line of a watch in half', async () => {
    await create('a');
    add('watch configmaps', { kind: 'half-answer' });
    const watch = await api.watch(`${path}?watch=1`);
    await assert.rejects(watch.next());
    assert.match(watch.rest, /^\{"type":"ADDED"/);
  });

  it('answer a status, with the time to wait', async () => {
    add('list configmaps', { kind: 'status', status: 429, retryAfterSeconds: 3 });
    const { status, headers, json } = await api.send('GET', path);
    assert.deepEqual([status, headers['retry-after'], json.reason], [429, '3', 'TooManyRequests']);
  });

  it('answer late, by the clock', async () => {
    add('get configmaps', { kind: 'slow', delayMs: 5000 });
    await create('a');
    const answer = api.send('GET', `${path}/a`);
    while (api.clock.waitingMs.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(api.clock.waitingMs, [5000]);
    await api.clock.advance(5000);
    assert.equal((await answer).status, 200);
  });

  it('answer nothing at all', async () => {
    add('get configmaps', { kind: 'silence' });
    const answer = api.send('GET', `${path}/a`).then(() => 'an answer');
    await create('b');
    assert.equal(await Promise.race([answer, new Promise((resolve) => setImmediate(resolve, 'nothing'))]), 'nothing');
    await api.stop();
    await assert.rejects(answer);
  });

  it('answer what was there before the last write', async () => {
    await create('a');
    await create('b');
    add('list configmaps', { kind: 'stale' });
    add('get configmaps', { kind: 'stale' });
    const namesIn = async () =>
      ((await api.send('GET', path)).json.items as { metadata: { name: string } }[]).map(
        ({ metadata }) => metadata.name,
      );
    assert.deepEqual([await namesIn(), await namesIn()], [['a'], ['a', 'b']]);
    assert.equal((await api.send('GET', `${path}/b`)).status, 404);
    assert.equal((await api.send('GET', `${path}/b`)).status, 200);
  });

  it('strike subresources by their own name', async () => {
    add('patch widgets/status', { kind: 'status', status: 500 });
    const widgets = '/apis/example.com/v1/namespaces/default/widgets';
    await api.send('POST', widgets, { body: { metadata: { name: 'a' } } });
    const headers = { 'content-type': 'application/merge-patch+json' };
    const patch = (sub: string) => api.send('PATCH', `${widgets}/a${sub}`, { body: { status: { a: 1 } }, headers });
    assert.equal((await patch('')).status, 200);
    assert.equal((await patch('/status')).status, 500);
    assert.equal((await patch('/status')).status, 200);
  });
});
