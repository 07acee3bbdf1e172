import assert from 'node:assert/strict';
import type { EmbeddedNacos } from '../../../sandbox/nacos/embedded-nacos.ts';
import { FakeClock } from '../../fake-clock.ts';
import { connectedClient, embeddedNacos, stopAll } from './raw-nacos-client.ts';

afterEach(stopAll);

const auth = { password: 'secret', tokenSeconds: 60 };
const key = { dataId: 'a', group: 'DEFAULT_GROUP', tenant: '' };
const configUrl = '/nacos/v3/admin/cs/config?dataId=a&groupName=DEFAULT_GROUP';

function post({ host, port }: EmbeddedNacos, path: string, form: Record<string, string>): Promise<Response> {
  return fetch(`http://${host}:${port}/nacos${path}`, { method: 'POST', body: new URLSearchParams(form) });
}

async function login(nacos: EmbeddedNacos, path = '/v1/auth/users/login'): Promise<string> {
  const answer = await post(nacos, path, { username: 'nacos', password: 'secret' });
  const { accessToken, tokenTtl } = (await answer.json()) as { accessToken: string; tokenTtl: number };
  assert.equal(tokenTtl, 60);
  return accessToken;
}

describe('a login', () => {
  for (const [generation, path] of [
    ['3.1', '/v3/auth/user/login'],
    ['3.1', '/v1/auth/users/login'],
    ['2.3', '/v1/auth/users/login'],
  ] as const) {
    it(`by ${path} gives a token that gRPC takes (${generation})`, async () => {
      const nacos = await embeddedNacos({ generation, auth });
      const accessToken = await login(nacos, path);
      const client = await connectedClient(nacos);
      assert.equal((await client.call('ConfigQueryRequest', key, { accessToken })).body['errorCode'], 300);
    });
  }

  for (const [generation, status] of [
    ['3.1', 500],
    ['2.3', 403],
  ] as const) {
    it(`is refused with ${status} for a wrong password (${generation})`, async () => {
      const nacos = await embeddedNacos({ generation, auth });
      const answer = await post(nacos, '/v1/auth/users/login', { username: 'nacos', password: 'wrong' });
      assert.equal(answer.status, status);
    });
  }

  it('is needed by nobody when the server has no authentication', async () => {
    const client = await connectedClient(await embeddedNacos());
    assert.equal((await client.call('ConfigQueryRequest', key)).body['errorCode'], 300);
  });
});

describe('a request', () => {
  const refusals: [generation: '3.1' | '2.3', headers: Record<string, string>, message: string][] = [
    ['3.1', {}, 'Code: 401, Message: User not found! Please check user exist or password is right!.'],
    ['3.1', { accessToken: 'abc' }, 'Code: 401, Message: token invalid!.'],
    ['2.3', {}, 'user not found!'],
    ['2.3', { accessToken: 'abc' }, 'token invalid!'],
  ];
  for (const [generation, headers, message] of refusals) {
    it(`with ${JSON.stringify(headers)} is refused with 403: ${message}`, async () => {
      const nacos = await embeddedNacos({ generation, auth });
      const client = await connectedClient(nacos);
      const { body, type } = await client.call('ConfigQueryRequest', key, headers);
      assert.equal(type, 'ConfigQueryResponse');
      assert.deepEqual([body['resultCode'], body['errorCode'], body['message']], [500, 403, message]);
      const configs = `http://${nacos.host}:${nacos.port}/nacos/v1/cs/configs?dataId=a&group=DEFAULT_GROUP`;
      const answer = await fetch(configs, { headers });
      assert.equal(answer.status, 403);
      assert.ok((await answer.text()).includes(message));
    });
  }

  it('may carry name and password, or a bearer token', async () => {
    const nacos = await embeddedNacos({ auth });
    const client = await connectedClient(nacos);
    const authorization = `Bearer ${await login(nacos)}`;
    const ways: Record<string, string>[] = [
      { username: 'nacos', password: 'secret' },
      { Authorization: authorization },
    ];
    for (const headers of ways) {
      assert.equal((await client.call('ConfigQueryRequest', key, headers)).body['errorCode'], 300);
    }
  });

  it('is refused when its token is past its time, over gRPC and HTTP', async () => {
    const clock = new FakeClock();
    const nacos = await embeddedNacos({ auth, clock });
    const accessToken = await login(nacos);
    const client = await connectedClient(nacos);
    const http = async () => {
      const answer = await fetch(`http://${nacos.host}:${nacos.port}${configUrl}`, { headers: { accessToken } });
      return answer.status;
    };
    assert.equal(await http(), 404);
    await clock.advance(5_000);
    await client.call('HealthCheckRequest');
    await clock.advance(55_000);
    const fresh = await connectedClient(nacos);
    const { body } = await fresh.call('ConfigQueryRequest', key, { accessToken });
    assert.equal(body['errorCode'], 403);
    assert.equal(await http(), 403);
  });

  it('needs a new token when all were expired, and none after a restart', async () => {
    const nacos = await embeddedNacos({ auth });
    const accessToken = await login(nacos);
    await nacos.restart();
    const query = async (token: string) =>
      (await (await connectedClient(nacos)).call('ConfigQueryRequest', key, { accessToken: token })).body['errorCode'];
    assert.equal(await query(accessToken), 300);
    nacos.expireTokens();
    assert.equal(await query(accessToken), 403);
    assert.equal(await query(await login(nacos)), 300);
  });
});
