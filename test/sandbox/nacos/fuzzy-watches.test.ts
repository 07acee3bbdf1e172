import assert from 'node:assert/strict';
import { until } from '../../nacos/until.ts';
import { connectedClient, embeddedNacos, stopAll } from './raw-nacos-client.ts';
import type { RawNacosClient } from './raw-nacos-client.ts';

afterEach(stopAll);

const group = 'DEFAULT_GROUP';
const watch = (pattern: string, fields: object = {}) => ({
  groupKeyPattern: `public>>${group}>>${pattern}`,
  receivedGroupKeys: [],
  watchType: 'WATCH',
  initializing: true,
  ...fields,
});
const groupKey = (dataId: string) => `${dataId}+${group}+public`;
const syncs = (client: RawNacosClient) => client.pushes.filter(({ type }) => type === 'ConfigFuzzyWatchSyncRequest');

async function publish(client: RawNacosClient, dataId: string, content = 'x'): Promise<void> {
  await client.call('ConfigPublishRequest', { dataId, group, tenant: '', content });
}

async function finished(client: RawNacosClient): Promise<void> {
  await until('finish', () => syncs(client).at(-1)?.body['syncType'] === 'FINISH_FUZZY_WATCH_INIT_NOTIFY');
}

describe('a fuzzy watch of configs', () => {
  it('tells what exists in batches of 20, and then that this was all', async () => {
    const client = await connectedClient(await embeddedNacos());
    for (let index = 0; index < 25; index += 1) await publish(client, `app-${index}`);
    await publish(client, 'other');
    await client.call('ConfigFuzzyWatchRequest', watch('app-*'));
    await finished(client);
    const batches = syncs(client).map(({ body }) => [body['totalBatch'], body['currentBatch']]);
    assert.deepEqual(batches, [
      [2, 1],
      [2, 2],
      [0, 0],
    ]);
    const contexts = syncs(client).flatMap(({ body }) => (body['contexts'] ?? []) as { groupKey: string }[]);
    assert.deepEqual(
      contexts.map((context) => context.groupKey),
      Array.from({ length: 25 }, (_, index) => groupKey(`app-${index}`)),
    );
  });

  it('tells what appears and disappears, and no change of content', async () => {
    const client = await connectedClient(await embeddedNacos());
    await client.call('ConfigFuzzyWatchRequest', watch('app-*'));
    await finished(client);
    await publish(client, 'app-1');
    await publish(client, 'app-1', 'y');
    await publish(client, 'other');
    await client.call('ConfigRemoveRequest', { dataId: 'app-1', group, tenant: '' });
    await until('told', () => client.count('ConfigFuzzyWatchChangeNotifyRequest') === 2);
    const told = client.pushes.slice(-2).map(({ body }) => [body['groupKey'], body['changeType']]);
    assert.deepEqual(told, [
      [groupKey('app-1'), 'CONFIG_CHANGED'],
      [groupKey('app-1'), 'DELETE_CONFIG'],
    ]);
  });

  it('tells a client that watches already only what it has wrong', async () => {
    const client = await connectedClient(await embeddedNacos());
    for (const dataId of ['app-1', 'app-2']) await publish(client, dataId);
    const receivedGroupKeys = [groupKey('app-1'), groupKey('app-9')];
    await client.call('ConfigFuzzyWatchRequest', watch('app-*', { receivedGroupKeys, initializing: false }));
    await until('told', () => syncs(client).length === 1);
    assert.deepEqual(syncs(client)[0]?.body['contexts'], [
      { groupKey: groupKey('app-2'), changedType: 'ADD_CONFIG' },
      { groupKey: groupKey('app-9'), changedType: 'DELETE_CONFIG' },
    ]);
  });

  it('is refused beyond 20 patterns, until one is cancelled', async () => {
    const client = await connectedClient(await embeddedNacos());
    for (let index = 0; index < 20; index += 1) await client.call('ConfigFuzzyWatchRequest', watch(`p${index}-*`));
    const { body } = await client.call('ConfigFuzzyWatchRequest', watch('one-more'));
    assert.deepEqual([body['errorCode'], body['message']], [50_310, 'fuzzy watch pattern over limit']);
    await client.call('ConfigFuzzyWatchRequest', watch('p0-*', { watchType: 'CANCEL_WATCH' }));
    assert.equal((await client.call('ConfigFuzzyWatchRequest', watch('one-more'))).body['resultCode'], 200);
  });

  it('refuses a pattern that matches 500 configs, tells those, and keeps the watch', async () => {
    const client = await connectedClient(await embeddedNacos());
    await Promise.all(Array.from({ length: 501 }, (_, index) => publish(client, `app-${index}`)));
    const { body } = await client.call('ConfigFuzzyWatchRequest', watch('app-*'));
    assert.equal(body['errorCode'], 50_311);
    await finished(client);
    assert.equal(syncs(client).length, 26);
    await client.call('ConfigRemoveRequest', { dataId: 'app-0', group, tenant: '' });
    await until('told', () => client.count('ConfigFuzzyWatchChangeNotifyRequest') === 1);
  });

  it('says nothing of what appears and disappears beyond 500 configs', async () => {
    const client = await connectedClient(await embeddedNacos());
    await Promise.all(Array.from({ length: 499 }, (_, index) => publish(client, `app-${index}`)));
    assert.equal((await client.call('ConfigFuzzyWatchRequest', watch('app-*'))).body['resultCode'], 200);
    await finished(client);
    for (const dataId of ['app-499', 'app-500', 'app-501']) await publish(client, dataId);
    await client.call('ConfigRemoveRequest', { dataId: 'app-501', group, tenant: '' });
    await client.call('ConfigRemoveRequest', { dataId: 'app-0', group, tenant: '' });
    const notices = () => client.pushes.filter(({ type }) => type === 'ConfigFuzzyWatchChangeNotifyRequest');
    await until('told', () => notices().some(({ body }) => body['groupKey'] === groupKey('app-0')));
    assert.deepEqual(
      notices().map(({ body }) => body['groupKey']),
      [groupKey('app-499'), groupKey('app-0')],
    );
    // It has taken the place of the one that is gone: who asks again is told.
    client.pushes.length = 0;
    const known = Array.from({ length: 500 }, (_, index) => groupKey(`app-${index}`));
    const { body } = await client.call('ConfigFuzzyWatchRequest', watch('app-*', { receivedGroupKeys: known }));
    assert.equal(body['errorCode'], 50_311);
    await finished(client);
    assert.deepEqual(syncs(client)[0]?.body['contexts'], [
      { groupKey: groupKey('app-500'), changedType: 'ADD_CONFIG' },
    ]);
  });

  const patterns: readonly [pattern: string, matches: readonly string[]][] = [
    ['*', ['a-b', 'a-x-b', 'b-a']],
    ['a*', ['a-b', 'a-x-b']],
    ['*b', ['a-b', 'a-x-b']],
    ['*-x-*', ['a-x-b']],
    ['a-b', ['a-b']],
    ['a*b', []],
    ['*a*b*', []],
  ];
  for (const [pattern, matches] of patterns) {
    it(`takes ${pattern} for ${matches.join(', ') || 'nothing'}`, async () => {
      const client = await connectedClient(await embeddedNacos());
      for (const dataId of ['a-b', 'a-x-b', 'b-a']) await publish(client, dataId);
      await client.call('ConfigFuzzyWatchRequest', watch(pattern));
      await finished(client);
      const contexts = syncs(client).flatMap(({ body }) => (body['contexts'] ?? []) as { groupKey: string }[]);
      assert.deepEqual(
        contexts.map((context) => context.groupKey),
        matches.map(groupKey),
      );
    });
  }

  it('does not exist on 2.3', async () => {
    const client = await connectedClient(await embeddedNacos({ generation: '2.3' }));
    assert.equal((await client.call('ConfigFuzzyWatchRequest', watch('*'))).body['errorCode'], 302);
  });
});
