import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { groupKeyOf } from '../../../sandbox/nacos/config/config.ts';
import { ConfigListeners } from '../../../sandbox/nacos/config/config-listeners.ts';
import { FakeClock } from '../../fake-clock.ts';
import { until } from '../../nacos/until.ts';
import { connectedClient, embeddedNacos, stopAll } from './raw-nacos-client.ts';

afterEach(stopAll);

const key = { dataId: 'app.yaml', group: 'DEFAULT_GROUP', tenant: '' };
const noContentMd5 = '0'.repeat(32);
const md5 = (content: string) => createHash('md5').update(content).digest('hex');

describe('config requests', () => {
  it('serve what was published, with its md5 and type', async () => {
    const client = await connectedClient(await embeddedNacos());
    await client.call('ConfigPublishRequest', { ...key, content: 'a: 1', additionMap: { type: 'yaml' } });
    const { body } = await client.call('ConfigQueryRequest', key);
    const { content, contentType, encryptedDataKey, md5: served } = body;
    assert.deepEqual(
      { content, contentType, encryptedDataKey, served },
      { content: 'a: 1', contentType: 'yaml', encryptedDataKey: '', served: md5('a: 1') },
    );
  });

  it('answer 300 for a config that is absent or removed', async () => {
    const client = await connectedClient(await embeddedNacos());
    const absent = await client.call('ConfigQueryRequest', key);
    await client.call('ConfigPublishRequest', { ...key, content: 'x' });
    await client.call('ConfigRemoveRequest', key);
    const removed = await client.call('ConfigQueryRequest', key);
    for (const { body } of [absent, removed]) {
      assert.deepEqual([body['resultCode'], body['errorCode'], body['message']], [500, 300, 'config data not exist']);
    }
    assert.equal((await client.call('ConfigRemoveRequest', key)).body['resultCode'], 200);
  });

  it('carry the key of an encrypted content', async () => {
    const client = await connectedClient(await embeddedNacos());
    const cipher = { ...key, dataId: 'cipher-aes-a' };
    await client.call('ConfigPublishRequest', { ...cipher, content: 'ff', additionMap: { encryptedDataKey: 'a2V5' } });
    assert.equal((await client.call('ConfigQueryRequest', cipher)).body['encryptedDataKey'], 'a2V5');
  });

  for (const [generation, message] of [
    ['3.1', 'Cas publish fail, server md5 may have changed.'],
    ['2.3', 'Cas publish fail,server md5 may have changed.'],
  ] as const) {
    it(`publish by compare-and-swap, which creates what is absent (${generation})`, async () => {
      const client = await connectedClient(await embeddedNacos({ generation }));
      const publish = async (content: string, casMd5: string) =>
        (await client.call('ConfigPublishRequest', { ...key, content, casMd5 })).body;
      assert.equal((await publish('a: 1', noContentMd5))['resultCode'], 200);
      const refusal = await publish('a: 2', noContentMd5);
      assert.deepEqual([refusal['resultCode'], refusal['errorCode'], refusal['message']], [500, 500, message]);
      assert.equal((await publish('a: 2', md5('a: 1')))['resultCode'], 200);
      assert.equal((await client.call('ConfigQueryRequest', key)).body['content'], 'a: 2');
    });
  }

  const invalid: [what: string, fields: object, errorCode: number, message: string][] = [
    ['a blank content', { content: ' ' }, 400, 'content is blank :  '],
    ['no content', { content: null }, 400, 'content is blank : null'],
    ['an empty dataId', { dataId: '' }, 400, 'invalid dataId : '],
    ['an empty group', { group: '' }, 400, 'invalid group : '],
    [
      'a slash in the dataId',
      { dataId: 'a/b' },
      400,
      "Param check invalid:Param 'dataId' is illegal, illegal characters should not appear in the param.",
    ],
    [
      'a dataId of 257 characters',
      { dataId: 'd'.repeat(257) },
      400,
      "Param check invalid:Param 'dataId' is illegal, the param length should not exceed 256.",
    ],
    [
      'a group of 129 characters',
      { group: 'g'.repeat(129) },
      400,
      "Param check invalid:Param 'group' is illegal, the param length should not exceed 128.",
    ],
    [
      'a namespace of 65 characters',
      { tenant: 't'.repeat(65) },
      400,
      "Param check invalid:Param 'namespaceId/tenant' is illegal, the param length should not exceed 64.",
    ],
    ['six tags', { additionMap: { config_tags: 'a,b,c,d,e,f' } }, 400, 'too much config_tags, over 5'],
    ['a long description', { additionMap: { desc: 'd'.repeat(129) } }, 400, 'too long desc, over 128'],
  ];
  for (const [what, fields, errorCode, message] of invalid) {
    it(`refuse ${what}`, async () => {
      const client = await connectedClient(await embeddedNacos());
      const { body, type } = await client.call('ConfigPublishRequest', { ...key, content: 'x', ...fields });
      assert.equal(type, 'ConfigPublishResponse');
      assert.deepEqual([body['resultCode'], body['errorCode'], body['message']], [500, errorCode, message]);
    });
  }

  for (const [generation, isSame] of [
    ['3.1', true],
    ['2.3', false],
  ] as const) {
    it(`take 'public' for ${isSame ? 'the public namespace' : 'a namespace of its own'} on ${generation}`, async () => {
      const client = await connectedClient(await embeddedNacos({ generation }));
      await client.call('ConfigPublishRequest', { ...key, content: 'x' });
      const { body } = await client.call('ConfigQueryRequest', { ...key, tenant: 'public' });
      assert.equal(body['resultCode'], isSame ? 200 : 500);
    });
  }

  it('leave what clients read as it was until the write is dumped', async () => {
    const clock = new FakeClock();
    const client = await connectedClient(await embeddedNacos({ clock, dumpDelayMs: 80 }));
    const content = async () => (await client.call('ConfigQueryRequest', key)).body['content'];
    await client.call('ConfigPublishRequest', { ...key, content: 'a: 1' });
    assert.equal(await content(), undefined);
    await clock.advance(80);
    assert.equal(await content(), 'a: 1');
    await client.call('ConfigRemoveRequest', key);
    assert.equal(await content(), 'a: 1');
    await clock.advance(80);
    assert.equal(await content(), undefined);
  });

  const versions: [what: string, type: string, fields: object][] = [
    ['a beta version', 'ConfigPublishRequest', { content: 'x', additionMap: { betaIps: '10.0.0.1' } }],
    ['a tag version', 'ConfigPublishRequest', { content: 'x', additionMap: { tag: 'a' } }],
    ['a query of a tag version', 'ConfigQueryRequest', { tag: 'a' }],
    ['the removal of a tag version', 'ConfigRemoveRequest', { tag: 'a' }],
  ];
  for (const [what, type, fields] of versions) {
    it(`refuse ${what}, which is left out, and leave the formal one as it is`, async () => {
      const client = await connectedClient(await embeddedNacos());
      await client.call('ConfigPublishRequest', { ...key, content: 'formal' });
      const { body } = await client.call(type, { ...key, ...fields });
      assert.deepEqual(
        [body['resultCode'], body['errorCode'], body['message']],
        [500, 501, 'the embedded Nacos does not have this: beta and tag versions of a config'],
      );
      assert.equal((await client.call('ConfigQueryRequest', key)).body['content'], 'formal');
    });
  }
});

describe('listening to configs', () => {
  const listen = { listen: true, configListenContexts: [{ ...key, md5: '' }] };

  it('answers with what differs, as it was named', async () => {
    const client = await connectedClient(await embeddedNacos());
    await client.call('ConfigPublishRequest', { ...key, content: 'a: 1' });
    const contexts = [
      { ...key, md5: md5('a: 1') },
      { ...key, dataId: 'absent', md5: '' },
      { ...key, dataId: 'gone', md5: 'x' },
      { dataId: key.dataId, group: key.group, md5: 'old' },
    ];
    const { body } = await client.call('ConfigBatchListenRequest', { listen: true, configListenContexts: contexts });
    assert.deepEqual(body['changedConfigs'], [
      { group: key.group, dataId: 'gone', tenant: '' },
      { group: key.group, dataId: key.dataId },
    ]);
  });

  it('hints at each change of the md5, at a removal, and at nothing else', async () => {
    const client = await connectedClient(await embeddedNacos());
    const hints = () => client.count('ConfigChangeNotifyRequest');
    const hinted = async (count: number) => until(`${count} hints`, () => hints() === count);
    await client.call('ConfigBatchListenRequest', listen);
    await client.call('ConfigPublishRequest', { ...key, content: 'a: 1' });
    await hinted(1);
    await client.call('ConfigPublishRequest', { ...key, content: 'a: 1' });
    await client.call('ConfigPublishRequest', { ...key, content: 'a: 2' });
    await hinted(2);
    await client.call('ConfigRemoveRequest', key);
    await hinted(3);
    await client.call('ConfigBatchListenRequest', { ...listen, listen: false });
    await client.call('ConfigPublishRequest', { ...key, content: 'a: 3' });
    await client.call('HealthCheckRequest');
    assert.equal(hints(), 3);
    const { dataId, group } = key;
    const { requestId: _, ...hint } = client.pushes.at(-1)?.body ?? {};
    assert.deepEqual(hint, { headers: {}, dataId, group, module: 'config' });
  });

  it('names the namespace of a hint unless the listener left it out', async () => {
    const client = await connectedClient(await embeddedNacos());
    const inTeam = { ...key, tenant: 'team' };
    await client.call('ConfigBatchListenRequest', { listen: true, configListenContexts: [{ ...inTeam, md5: '' }] });
    await client.call('ConfigPublishRequest', { ...inTeam, content: 'x' });
    await until('hint', () => client.count('ConfigChangeNotifyRequest') === 1);
    assert.equal(client.pushes.at(-1)?.body['tenant'], 'team');
  });

  it('hints again 3 s + 2 s and 3 s + 4 s later when a hint is not acknowledged', async () => {
    const clock = new FakeClock();
    const client = await connectedClient(await embeddedNacos({ clock }));
    client.acknowledges = false;
    await client.call('ConfigBatchListenRequest', listen);
    await client.call('ConfigPublishRequest', { ...key, content: 'a: 1' });
    await until('first', () => client.count('ConfigChangeNotifyRequest') === 1);
    await clock.advance(5_000);
    await until('second', () => client.count('ConfigChangeNotifyRequest') === 2);
    await client.call('HealthCheckRequest');
    await clock.advance(6_999);
    assert.equal(client.count('ConfigChangeNotifyRequest'), 2);
    await clock.advance(1);
    await until('third', () => client.count('ConfigChangeNotifyRequest') === 3);
  });

  it('ends with the connection', () => {
    const told: string[] = [];
    const request = async (type: string) => {
      told.push(type);
      return {};
    };
    const connection = { id: '1', clientIp: '127.0.0.1', module: 'config', request, end: () => {} };
    const name = { namespaceId: 'public', group: 'g', dataId: 'd' };
    const listeners = new ConfigListeners(new FakeClock());
    listeners.add(connection, groupKeyOf(name), undefined);
    listeners.changed(name, groupKeyOf(name));
    listeners.connectionClosed(connection);
    listeners.changed(name, groupKeyOf(name));
    assert.deepEqual(told, ['ConfigChangeNotifyRequest']);
  });
});
