/**
 * How a client stands with the admin API, and that this is nobody else's business: neither the login's nor that of what
 * clients may do.
 */
import assert from 'node:assert/strict';
import type { ErrorCode } from '../../../operator/errors.ts';
import { FakeClock } from '../../fake-clock.ts';
import { clientFor, nacosServer, stopAll, type TestClient } from '../client-for.ts';
import { isCode, key, plain } from '../config/config-samples.ts';
import { until } from '../until.ts';

const password = 'secret-1';
const credentials = { username: 'nacos', password };
const login = 'POST /v3/auth/user/login';
const read = 'GET /v3/admin/cs/config';
const noRight = 'Code: 403, Message: authorization failed!.';

/** Whether the admin API serves us and why not, and what became of the connection. */
function standing({ client: { state } }: TestClient): [boolean, ErrorCode | undefined, string] {
  assert.ok(state.kind === 'connected');
  const { admin, authError, authenticated } = state;
  return [admin.isServing, admin.error?.code, authError?.message ?? (authenticated ? 'authenticated' : 'not yet')];
}

describe('the admin API', () => {
  afterEach(stopAll);

  it('that asks for a login where clients need none is told, and costs nothing else', async () => {
    const nacos = await nacosServer({ auth: { password, of: 'admin' } });
    const test = clientFor([nacos]);
    await test.connected();
    assert.deepEqual(standing(test), [false, undefined, 'authenticated']);
    for (const content of ['one', 'two']) {
      await test.client.config.publish(key, content, plain);
      await assert.rejects(test.client.config.readStored(key), isCode('NACOS_UNAUTHENTICATED', /none are configured/));
      assert.equal((await test.client.config.read(key))?.content, content);
      assert.deepEqual(standing(test), [false, 'NACOS_UNAUTHENTICATED', 'authenticated']);
    }
    assert.equal(nacos.count(login), 0);
    assert.equal(test.states.filter(({ kind }) => kind === 'connected').length, 2, 'once connected, once refused');
  });

  it('is asked again what it refused once there are credentials', async () => {
    const nacos = await nacosServer({ auth: { password, of: 'admin' } });
    const test = clientFor([nacos]);
    await test.connected();
    await assert.rejects(test.client.admin.getConfig(key));
    test.client.setCredentials(credentials);
    await until('served', () => standing(test)[0]);
    assert.deepEqual(standing(test), [true, undefined, 'authenticated']);
  });

  it('that lacks a right of ours is no reason to log in again', async () => {
    const clock = new FakeClock();
    const nacos = await nacosServer({ auth: { password } });
    const test = clientFor([nacos], { clock, credentials });
    await test.connected();
    await clock.advance(5_000);
    nacos.refuses(read, 403, 1, noRight);
    await assert.rejects(test.client.admin.getConfig(key), isCode('NACOS_FORBIDDEN', /authorization failed/));
    assert.deepEqual(standing(test), [false, 'NACOS_FORBIDDEN', 'authenticated']);
    assert.equal(nacos.count(login), 1);
    assert.equal(await test.client.admin.getConfig(key), undefined);
    assert.deepEqual(standing(test), [true, undefined, 'authenticated']);
  });

  it('that refuses the token while no other can be had takes it from nobody', async () => {
    const clock = new FakeClock();
    const nacos = await nacosServer({ auth: { password } });
    const test = clientFor([nacos], { clock, credentials });
    await test.connected();
    await clock.advance(5_000);
    nacos.refuses(read, 403, 1, 'token invalid!');
    nacos.refuses('POST *', 403);
    await assert.rejects(test.client.admin.getConfig(key), isCode('NACOS_FORBIDDEN'));
    assert.equal(nacos.count(login), 2);
    assert.equal(await test.client.config.query(key), undefined);
    assert.deepEqual(standing(test), [false, 'NACOS_FORBIDDEN', 'authenticated']);
  });

  it('that serves one group and refuses another stands as it does, read after read', async () => {
    const nacos = await nacosServer({ auth: { password } });
    const test = clientFor([nacos], { credentials });
    await test.connected();
    const other = { ...key, group: 'closed' };
    for (let round = 0; round < 3; round += 1) {
      await test.client.admin.getConfig(key);
      nacos.refuses(read, 403, 1, noRight);
      await assert.rejects(test.client.admin.getConfig(other));
      assert.equal(standing(test)[1], 'NACOS_FORBIDDEN');
    }
    const told = test.states.filter(({ kind }) => kind === 'connected').length;
    assert.equal(told, 3, 'connected, served, refused');
  });

  it('is asked by the server that is connected, whatever version others have', async () => {
    const [former, present] = [await nacosServer({ generation: '3.1' }), await nacosServer({ generation: '2.3' })];
    former.fails('reset', 'ServerCheckRequest');
    // Whoever asks it waits for ever: the clock stands still.
    former.fails('silence', 'GET *', 'POST *');
    const test = clientFor([former, present], { clock: new FakeClock(), credentials });
    await test.connected();
    const { state } = test.client;
    assert.ok(state.kind === 'connected' && state.serverVersion?.startsWith('2.3'));
    assert.equal(state.capabilities.adminApi, 'v1');
    assert.deepEqual(former.only(login, 'GET /v3/admin/core/state', 'GET /v1/console/server/state'), []);
  });

  for (const [what, status] of [
    ['sheds load', 503],
    ['has no HTTP API yet, as behind a proxy that knows it no sooner,', 404],
  ] as const)
    it(`of a server that ${what} when we connect is asked for again`, async () => {
      const clock = new FakeClock();
      const nacos = await nacosServer();
      const serve = nacos.refuses('GET *', status);
      const { client, connected } = clientFor([nacos], { clock });
      await connected();
      assert.equal(client.state.kind === 'connected' && client.state.capabilities.adminApi, 'none');
      serve();
      const isKnown = (): boolean => client.state.kind === 'connected' && client.state.capabilities.adminApi === 'v3';
      await until('known', isKnown, () => clock.advance(100));
      assert.ok(client.state.kind === 'connected' && client.state.admin.error === undefined);
    });

  it('of 2.x lists names without contents, and by pages where a server of before 2.0.4 has no such list', async () => {
    const nacos = await nacosServer({ generation: '2.3' });
    const { client } = clientFor([nacos]);
    await client.config.publish(key, 'content', plain);
    await client.config.publish({ ...key, namespaceId: 'other' }, 'content', plain);
    const list = async () => (await client.admin.listConfigs({ namespaceId: '', group: '*', dataId: 'd*' })).configs;
    const expected = [{ group: key.group, dataId: key.dataId, md5: undefined, type: 'text' }];
    assert.deepEqual(await list(), expected);
    assert.equal(nacos.count('GET /v1/cs/configs'), 0);
    nacos.refuses('GET /v1/cs/history/configs', 404);
    for (let round = 0; round < 2; round += 1)
      assert.deepEqual(
        (await list()).map(({ dataId }) => dataId),
        [key.dataId],
      );
    assert.deepEqual([nacos.count('GET /v1/cs/history/configs'), nacos.count('GET /v1/cs/configs')], [2, 2]);
  });
});
