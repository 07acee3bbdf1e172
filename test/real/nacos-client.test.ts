/**
 * The Nacos client against real servers of both generations: what a fake cannot prove. Handshake, compare-and-swap, pushes,
 * reads that lag behind writes, byte-exact contents, tokens that expire, and a restart of the server under the client.
 */
import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { systemClock } from '../../operator/clock.ts';
import { isBridgeError } from '../../operator/errors.ts';
import type { ErrorCode } from '../../operator/errors.ts';
import { silentLogger } from '../../operator/logger.ts';
import { NacosClient } from '../../operator/nacos/client.ts';
import type { ConfigKey } from '../../operator/nacos/config/config-key.ts';
import type { VersionObservation } from '../../operator/nacos/config/config-snapshot.ts';
import { absentMd5, md5Of } from '../../operator/nacos/config/config-snapshot.ts';
import { createNacosMetrics } from '../../operator/connections/nacos-metrics.ts';
import { parseServerAddresses } from '../../operator/nacos/transport/server-address.ts';
import { NacosProxy } from '../testbed/nacos-proxy.ts';
import { startNacos } from '../testbed/nacos.ts';
import type { NacosServer } from '../testbed/nacos.ts';
import { eventually } from '../eventually.ts';

const tokenSeconds = 20;
const plain = { type: 'text', cas: 'none' } as const;

for (const version of ['3.1', '2.3'] as const) {
  describe(`the Nacos client on a real Nacos ${version}`, function () {
    this.timeout(120_000);

    let nacos: NacosServer;
    let client: NacosClient;
    let dataIds = 0;
    const clients: NacosClient[] = [];

    before(async () => {
      nacos = await startNacos(version, { tokenSeconds });
      client = start();
    });

    after(async () => {
      for (const running of clients) await running.stop();
      await nacos?.stop();
    });

    function start(
      password: string | undefined = nacos.password,
      port = nacos.port,
      registry = new Registry(),
      username = 'nacos',
    ): NacosClient {
      const started = new NacosClient({
        servers: parseServerAddresses(`127.0.0.1:${port}`),
        credentials: { username, password },
        // A machine that builds something else meanwhile takes seconds for nine megabytes.
        requestTimeoutMs: 40_000,
        clientName: 'Test-Client:v1',
        appName: 'test',
        log: silentLogger,
        clock: systemClock,
        metrics: createNacosMetrics(registry, ''),
      });
      clients.push(started);
      started.start();
      return started;
    }

    async function administer(path: string, form: Record<string, string>, headers = {}): Promise<void> {
      const accessToken = await nacos.admin.login();
      const body = new URLSearchParams(form);
      const url = `http://127.0.0.1:${nacos.port}/nacos${path}`;
      const answer = await fetch(url, { method: 'POST', body, headers: { ...headers, accessToken } });
      assert.equal(answer.status, 200, await answer.text());
    }

    function freshKey(namespaceId = ''): ConfigKey {
      dataIds += 1;
      return { namespaceId, group: 'DEFAULT_GROUP', dataId: `client-${dataIds}.txt` };
    }

    function watch(key: ConfigKey): string[] {
      const seen: string[] = [];
      client.config.watch(key, (observation) => seen.push(show(observation)));
      return seen;
    }

    /** The md5 of a version whose content was not read. */
    function show(observation: VersionObservation): string {
      if (observation.kind === 'absent') return '(absent)';
      return observation.snapshot.content ?? observation.snapshot.md5;
    }

    function seen(expected: readonly string[], actual: readonly string[], limitMs = 10_000): Promise<void> {
      return eventually(limitMs, async () => assert.deepEqual(actual, expected));
    }

    it('learns the version and what the server can do', async () => {
      await client.config.query(freshKey());
      const { state } = client;
      assert.ok(state.kind === 'connected' && state.authenticated);
      assert.ok(state.serverVersion?.startsWith(version));
      const isV3 = version === '3.1';
      const adminApi = isV3 ? 'v3' : 'v1';
      assert.deepEqual(state.capabilities, { persistentByGrpc: true, fuzzyWatch: isV3, adminApi });
    });

    it('creates, updates and removes with compare-and-swap, and reads what it wrote', async () => {
      const key = freshKey();
      const options = {
        ...plain,
        type: 'yaml',
        tags: ['t1', 't2'],
        description: 'what',
        appName: 'app',
        srcUser: 'me',
      };
      const first = await client.config.publish(key, 'one', { ...options, cas: 'create-only' });
      assert.equal((await client.config.read(key))?.content, 'one');
      const lost = (error: unknown): boolean => isBridgeError(error, 'NACOS_CAS_FAILED');
      await assert.rejects(client.config.publish(key, 'two', { ...options, cas: 'create-only' }), lost);
      assert.equal((await client.admin.getConfig(key))?.description, 'what');
      await client.config.publish(key, 'two', { ...plain, cas: first });
      assert.equal((await client.config.read(key))?.content, 'two');
      await assert.rejects(client.config.publish(key, 'three', { ...plain, cas: first }), lost);
      const detail = await client.admin.getConfig(key);
      assert.deepEqual([detail?.content, detail?.tags, detail?.appName], ['two', ['t1', 't2'], 'app']);
      await client.config.publish(key, 'two', { ...plain, tags: [] });
      assert.deepEqual((await client.admin.getConfig(key))?.tags, []);
      await client.config.remove(key);
      assert.equal(await client.config.read(key), undefined);
      assert.equal(await client.admin.getConfig(key), undefined);
      await client.config.remove(key);
    });

    it('never reads behind its own writes, 40 times in a row', async () => {
      const key = freshKey();
      for (let round = 0; round < 40; round += 1) {
        await client.config.publish(key, `round ${round % 3}`, plain);
        assert.equal((await client.config.read(key))?.content, `round ${round % 3}`);
      }
    });

    it('watches: what is there, each change once, its own writes without an echo', async () => {
      const key = freshKey('client-test');
      const observed = watch(key);
      await seen(['(absent)'], observed);
      const other = start();
      await other.config.publish(key, 'theirs', plain);
      await seen(['(absent)', 'theirs'], observed);
      const { md5 } = await client.config.publish(key, 'ours', plain);
      await other.config.read(key);
      await eventually(10_000, async () => assert.equal((await other.config.query(key))?.md5, md5));
      await other.config.publish(key, 'theirs again', { ...plain, cas: { md5 } });
      await seen(['(absent)', 'theirs', 'ours', 'theirs again'], observed);
      await other.config.remove(key);
      await seen(['(absent)', 'theirs', 'ours', 'theirs again', '(absent)'], observed);
    });

    it('confirms what it should hold and what it should not, and is read where it holds something else', async () => {
      const [held, changed, absent, created] = [freshKey(), freshKey(), freshKey(), freshKey()];
      for (const key of [held, changed, created]) await client.config.publish(key, 'x', plain);
      await eventually(10_000, async () => {
        for (const key of [held, changed, created]) assert.equal((await client.config.query(key))?.content, 'x');
      });
      const registry = new Registry();
      // Of another client, whose reads are all those of its watches.
      const watching = start(nacos.password, nacos.port, registry);
      const seen: Record<string, string[]> = {};
      for (const [name, key, expectedMd5] of [
        ['held', held, md5Of('x')],
        ['changed', changed, md5Of('y')],
        ['absent', absent, absentMd5],
        ['created', created, absentMd5],
      ] as const) {
        const heard = (seen[name] = [] as string[]);
        watching.config.watchVersions(key, (observation) => heard.push(show(observation)), { expectedMd5 });
      }
      const first = { held: [md5Of('x')], changed: ['x'], absent: ['(absent)'], created: ['x'] };
      await eventually(10_000, async () => assert.deepEqual(seen, first));
      assert.match(await registry.metrics(), /nacos_requests_total{operation="config_query",result="ok"} 2\n/);
      await client.config.publish(absent, 'new', plain);
      await client.config.publish(held, 'new', plain);
      const then = { ...first, held: [md5Of('x'), 'new'], absent: ['(absent)', 'new'] };
      await eventually(10_000, async () => assert.deepEqual(seen, then));
    });

    for (const [what, content] of [
      ['characters beyond the BMP, CRLF, trailing blanks, no final newline', 'a: 😀 𝕏\r\nb: "\\"  '],
      ['900 KB', 'ü😀x'.repeat(130_000)],
      ['9 MiB', 'y'.repeat(9 * 1024 * 1024)],
    ] as const) {
      it(`keeps ${what} byte for byte`, async () => {
        const key = freshKey();
        await client.config.publish(key, content, plain);
        assert.ok((await client.config.read(key))?.content === content);
        await eventually(30_000, async () => assert.ok((await client.config.query(key))?.content === content));
      });
    }

    it('says what Nacos refuses', async () => {
      const refused = (error: unknown): boolean => isBridgeError(error, 'NACOS_INVALID');
      await assert.rejects(client.config.publish({ ...freshKey(), dataId: 'a/b' }, 'x', plain), refused);
    });

    it('never takes the beta version that the server shows to its address for the formal one', async () => {
      const key = freshKey();
      await client.config.publish(key, 'formal', plain);
      const seen = watch(key);
      const [path, names] =
        version === '3.1'
          ? ['/v3/admin/cs/config', { groupName: key.group, namespaceId: 'public' }]
          : ['/v1/cs/configs', { group: key.group, tenant: '' }];
      await administer(path, { ...names, dataId: key.dataId, content: 'beta' }, { betaIps: '127.0.0.1' });
      await eventually(20_000, async () => assert.equal((await client.config.query(key))?.content, 'beta'));
      const md5 = (await client.config.read(key))?.md5 ?? '';
      assert.equal(md5, md5Of('formal'));
      await client.config.publish(key, 'ours', { ...plain, cas: { md5 } });
      await nacos.admin.publish('', key.group, key.dataId, 'theirs');
      await eventually(40_000, async () => assert.equal(seen.at(-1), 'theirs'));
      assert.deepEqual(seen, ['formal', 'ours', 'theirs']);
    });

    it('does not log in again for a right that its user lacks', async () => {
      const password = 'without-any-right-1';
      await administer(version === '3.1' ? '/v3/auth/user' : '/v1/auth/users', { username: 'nobody', password });
      const registry = new Registry();
      const nobody = start(password, nacos.port, registry, 'nobody');
      const isForbidden = (error: unknown): boolean => isBridgeError(error, 'NACOS_FORBIDDEN');
      // Servers know new users after seconds; until then the login is refused, and tried again.
      await eventually(40_000, () => assert.rejects(nobody.config.query(freshKey()), isForbidden));
      const logins = /nacos_requests_total{operation="login",result="ok"} 1\n/;
      for (let request = 0; request < 3; request += 1) {
        await assert.rejects(nobody.config.query(freshKey()), isForbidden);
        await assert.rejects(nobody.admin.getConfig(freshKey()), isForbidden);
        await new Promise((resolve) => setTimeout(resolve, 2_000));
      }
      assert.match(await registry.metrics(), logins);
      const { state } = nobody;
      assert.ok(state.kind === 'connected' && state.authenticated && state.admin.error?.code === 'NACOS_FORBIDDEN');
    });

    it('says that the password is wrong, stays connected, and works once it is mended', async () => {
      const stranger = start('wrong');
      await assert.rejects(stranger.config.query(freshKey()), (error) => isBridgeError(error, 'NACOS_UNAUTHENTICATED'));
      const { state } = stranger;
      assert.ok(state.kind === 'connected' && state.authError?.code === 'NACOS_UNAUTHENTICATED');
      stranger.setCredentials({ username: 'nacos', password: nacos.password });
      assert.equal(await stranger.config.query(freshKey()), undefined);
      assert.ok(stranger.state.kind === 'connected' && stranger.state.authenticated);
    });

    it('says in words that only the gRPC port is closed', async () => {
      const proxy = await NacosProxy.start(nacos);
      try {
        await proxy.grpc.refuse();
        const cut = start(nacos.password, proxy.port);
        const expected: ErrorCode = 'NACOS_GRPC_UNREACHABLE';
        await eventually(5_000, async () => {
          assert.equal(cut.state.kind === 'disconnected' && cut.state.error.code, expected);
        });
        await proxy.grpc.release();
        await eventually(10_000, async () => assert.equal(cut.state.kind, 'connected'));
        await cut.stop();
      } finally {
        await proxy.close();
      }
    });

    it('outlives its tokens without a refused request', async () => {
      const key = freshKey();
      const endMs = performance.now() + (tokenSeconds + 5) * 1_000;
      for (let round = 0; performance.now() < endMs; round += 1) {
        await client.config.publish(key, `round ${round}`, plain);
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    });

    it('is as it was after the server was killed and came back, expired token and all', async () => {
      const key = freshKey();
      const observed = watch(key);
      await client.config.publish(key, 'before', plain);
      await nacos.kill('SIGKILL');
      const lost = (error: unknown): boolean => isBridgeError(error, 'CONNECTION_NOT_READY', 'NACOS_UNREACHABLE');
      await eventually(5_000, async () => assert.notEqual(client.state.kind, 'connected'));
      await assert.rejects(client.config.publish(key, 'lost', plain), lost);
      await nacos.start();
      const returnedMs = performance.now();
      const other = start();
      await other.config.publish(key, 'after', plain);
      await eventually(15_000, async () => assert.equal(observed.at(-1), 'after'));
      assert.ok(performance.now() - returnedMs < 15_000);
      assert.deepEqual(observed.slice(-2), ['before', 'after']);
      // Its HTTP port may open later than its gRPC port.
      await eventually(15_000, async () => {
        assert.ok(client.state.kind === 'connected' && client.state.serverVersion?.startsWith(version));
      });
    });
  });
}
