import assert from 'node:assert/strict';
import { FakeClock } from '../../fake-clock.ts';
import { until } from '../../nacos/until.ts';
import { connectedClient, embeddedNacos, RawNacosClient, stopAll } from './raw-nacos-client.ts';

afterEach(stopAll);

const key = { dataId: 'a', group: 'DEFAULT_GROUP', tenant: '' };
const publish = { ...key, content: 'a: 1' };
const readPath = '/v1/cs/configs';
const readUrl = (port: number) => `http://127.0.0.1:${port}/nacos${readPath}?dataId=a&group=DEFAULT_GROUP`;

describe('faults over gRPC', () => {
  for (const [kind, isDone] of [
    ['reset', false],
    ['lost-answer', true],
    ['half-answer', true],
  ] as const) {
    it(`${kind}: the connection ends, and the request is ${isDone ? 'done' : 'not done'}`, async () => {
      const nacos = await embeddedNacos();
      const client = await connectedClient(nacos);
      nacos.faults.add({ on: 'ConfigPublishRequest', fault: { kind }, times: 1 });
      await assert.rejects(client.call('ConfigPublishRequest', publish), { code: 14 });
      await until('gone', () => nacos.connections === 0 && client.isEnded);
      assert.equal(nacos.counts.configs, isDone ? 1 : 0);
    });
  }

  it('silence: no answer, while other requests are served', async () => {
    const nacos = await embeddedNacos();
    const client = await connectedClient(nacos);
    nacos.faults.add({ on: 'ConfigPublishRequest', fault: { kind: 'silence' } });
    const lost = client.call('ConfigPublishRequest', publish).then(
      () => 'answered',
      () => 'ended',
    );
    assert.equal((await client.call('HealthCheckRequest')).body['resultCode'], 200);
    client.stop();
    await nacos.stop();
    assert.equal(await lost, 'ended');
    assert.equal(nacos.counts.configs, 0);
  });

  it('silence of a push: it never arrives', async () => {
    const nacos = await embeddedNacos();
    const client = await connectedClient(nacos);
    nacos.faults.add({ on: 'ConfigChangeNotifyRequest', fault: { kind: 'silence' }, times: 1 });
    await client.call('ConfigBatchListenRequest', { listen: true, configListenContexts: [{ ...key, md5: '' }] });
    await client.call('ConfigPublishRequest', publish);
    await client.call('ConfigPublishRequest', { ...key, content: 'a: 2' });
    await until('second hint', () => client.count('ConfigChangeNotifyRequest') === 1);
    assert.equal(nacos.faults.strikes, 1);
  });

  it('slow: carried out after its time', async () => {
    const clock = new FakeClock();
    const nacos = await embeddedNacos({ clock });
    const client = await connectedClient(nacos);
    nacos.faults.add({ on: 'ConfigPublishRequest', fault: { kind: 'slow', delayMs: 700 }, times: 1 });
    const answer = client.call('ConfigPublishRequest', publish);
    await until('held', () => clock.waitingMs.includes(700));
    assert.equal(nacos.counts.configs, 0);
    await clock.advance(700);
    assert.equal((await answer).body['resultCode'], 200);
  });

  it('status: it is the resultCode, and nothing is done', async () => {
    const nacos = await embeddedNacos();
    const client = await connectedClient(nacos);
    nacos.faults.add({ on: '*Publish*', fault: { kind: 'status', status: 503 }, times: 1 });
    assert.equal((await client.call('ConfigPublishRequest', publish)).body['resultCode'], 503);
    assert.equal(nacos.counts.configs, 0);
  });

  it('stale: a query answers what was there before the last write', async () => {
    const nacos = await embeddedNacos();
    const client = await connectedClient(nacos);
    await client.call('ConfigPublishRequest', publish);
    await client.call('ConfigPublishRequest', { ...key, content: 'a: 2' });
    nacos.faults.add({ on: 'ConfigQueryRequest', fault: { kind: 'stale' }, times: 1 });
    assert.equal((await client.call('ConfigQueryRequest', key)).body['content'], 'a: 1');
    assert.equal((await client.call('ConfigQueryRequest', key)).body['content'], 'a: 2');
  });

  it('silence of the setup: the client is not acknowledged and not registered', async () => {
    const nacos = await embeddedNacos();
    nacos.faults.add({ on: 'ConnectionSetupRequest', fault: { kind: 'silence' }, times: 1 });
    const client = new RawNacosClient(nacos);
    client.setUp('config');
    await until('struck', () => nacos.faults.strikes === 1);
    assert.equal((await client.call('HealthCheckRequest')).body['errorCode'], 301);
    assert.deepEqual(client.pushes, []);
  });
});

describe('faults over HTTP', () => {
  it('reset: the request fails', async () => {
    const nacos = await embeddedNacos();
    nacos.faults.add({ on: `GET ${readPath}`, fault: { kind: 'reset' }, times: 1 });
    await assert.rejects(fetch(readUrl(nacos.port)));
    assert.equal((await fetch(readUrl(nacos.port))).status, 404);
  });

  it('half-answer: the body ends too soon', async () => {
    const nacos = await embeddedNacos();
    nacos.faults.add({ on: `GET ${readPath}`, fault: { kind: 'half-answer' }, times: 1 });
    await assert.rejects(async () => (await fetch(readUrl(nacos.port))).text());
  });

  it('status: with Retry-After where it is given', async () => {
    const nacos = await embeddedNacos();
    nacos.faults.add({ on: 'GET *', fault: { kind: 'status', status: 429, retryAfterSeconds: 7 } });
    const answer = await fetch(readUrl(nacos.port));
    assert.deepEqual([answer.status, answer.headers.get('retry-after')], [429, '7']);
  });

  it('silence: nothing is answered until the server stops', async () => {
    const nacos = await embeddedNacos();
    nacos.faults.add({ on: 'GET *', fault: { kind: 'silence' } });
    const answer = fetch(readUrl(nacos.port)).then(
      () => 'answered',
      () => 'failed',
    );
    await until('struck', () => nacos.faults.strikes === 1);
    await nacos.stop();
    assert.equal(await answer, 'failed');
  });
});
