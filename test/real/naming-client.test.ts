/** The naming client against real servers of both generations. */
import assert from 'node:assert/strict';
import { describeNamingClient, sentAway } from '../nacos/naming/naming-servers.ts';
import { startNacos } from '../testbed/nacos.ts';
import type { NacosServer } from '../testbed/nacos.ts';

for (const version of ['3.1', '2.3'] as const) {
  describeNamingClient(`the naming client on a real Nacos ${version}`, async () => {
    const nacos = await startNacos(version);
    return {
      port: nacos.port,
      credentials: { username: 'nacos', password: nacos.password },
      pushDelayMs: 500,
      sendClientsAway: () =>
        sentAway(
          () => connectionIds(nacos),
          (ids) => sendAway(nacos, ids),
        ),
      kill: () => nacos.kill('SIGKILL'),
      start: () => nacos.start(),
      stop: () => nacos.stop(),
    };
  });
}

/** As the server does to balance its load. */
async function sendAway(nacos: NacosServer, ids: readonly string[]): Promise<void> {
  const isV3 = nacos.version === '3.1';
  const path = isV3 ? '/v3/admin/core/loader/reloadClient' : '/v2/core/loader/reloadClient';
  for (const id of ids) await callAdmin(nacos, isV3 ? 'POST' : 'GET', `${path}?connectionId=${id}`);
}

/** Of the clients that the server knows by a naming connection. */
async function connectionIds(nacos: NacosServer): Promise<string[]> {
  const path = nacos.version === '3.1' ? '/v3/admin/ns/client/list' : '/v2/ns/client/list';
  return ((await callAdmin(nacos, 'GET', path)) as { data: string[] }).data;
}

async function callAdmin(nacos: NacosServer, method: string, path: string): Promise<unknown> {
  const headers = { accessToken: await nacos.admin.login() };
  const response = await fetch(`http://127.0.0.1:${nacos.port}/nacos${path}`, { method, headers });
  assert.equal(response.status, 200, path);
  const text = await response.text();
  return text.startsWith('{') ? JSON.parse(text) : text;
}
