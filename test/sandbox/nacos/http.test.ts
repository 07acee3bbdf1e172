import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { FakeClock } from '../../fake-clock.ts';
import type { EmbeddedNacos } from '../../../sandbox/nacos/embedded-nacos.ts';
import { until } from '../../nacos/until.ts';
import { embeddedNacos, stopAll } from './raw-nacos-client.ts';

afterEach(stopAll);

type Fields = Readonly<Record<string, string>>;

interface Sent {
  readonly query?: Fields;
  readonly form?: Fields;
  readonly headers?: Fields;
}

const md5 = (content: string) => createHash('md5').update(content).digest('hex');

async function send(nacos: EmbeddedNacos, method: string, path: string, { form, headers, query }: Sent = {}) {
  const url = `http://${nacos.host}:${nacos.port}/nacos${path}?${new URLSearchParams(query).toString()}`;
  const response = await fetch(url, { method, headers, body: form && new URLSearchParams(form) });
  const text = await response.text();
  const parsed = (): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;
  return { status: response.status, headers: response.headers, text, parsed };
}

const v3 = { dataId: 'app.yaml', groupName: 'DEFAULT_GROUP', namespaceId: 'public' };
const v1 = { dataId: 'app.yaml', group: 'DEFAULT_GROUP', tenant: '' };
const adminPath = '/v3/admin/cs/config';

describe('the admin API of 3.1', () => {
  it('shows a config as the last writer left it', async () => {
    const nacos = await embeddedNacos();
    const fields = { type: 'yaml', desc: 'about', appName: 'orders', configTags: 'a,b', srcUser: 'me' };
    await send(nacos, 'POST', adminPath, { form: { ...v3, content: 'a: 1', ...fields } });
    const { data } = (await send(nacos, 'GET', adminPath, { query: v3 })).parsed() as { data: Fields };
    const { id: _, createTime, modifyTime, ...shown } = data;
    assert.equal(createTime, modifyTime);
    assert.deepEqual(shown, {
      ...v3,
      md5: md5('a: 1'),
      type: 'yaml',
      appName: 'orders',
      content: 'a: 1',
      desc: 'about',
      encryptedDataKey: '',
      createUser: 'me',
      createIp: '127.0.0.1',
      configTags: 'a,b',
    });
  });

  it('keeps tags and application of a writer that gives none, and forgets the description', async () => {
    const nacos = await embeddedNacos();
    const fields = { desc: 'about', appName: 'orders', configTags: 'a,b' };
    await send(nacos, 'POST', adminPath, { form: { ...v3, content: 'a: 1', ...fields } });
    await send(nacos, 'POST', adminPath, { form: { ...v3, content: 'a: 2' } });
    const { data } = (await send(nacos, 'GET', adminPath, { query: v3 })).parsed() as { data: Fields };
    assert.deepEqual([data['appName'], data['configTags'], data['desc']], ['orders', 'a,b', null]);
  });

  it('takes parameters from a query and a form alike', async () => {
    const nacos = await embeddedNacos();
    await send(nacos, 'POST', adminPath, { query: { ...v3, content: 'x' } });
    assert.equal((await send(nacos, 'GET', adminPath, { query: v3 })).status, 200);
  });

  const refusals: [what: string, method: string, sent: Sent, status: number, code: number, named: RegExp][] = [
    ['a config that is absent', 'GET', { query: v3 }, 404, 20_004, /Config not exist/],
    ['a publish without content', 'POST', { form: v3 }, 400, 10_000, /content/],
    ['a publish without a dataId', 'POST', { form: { ...v3, dataId: ' ', content: 'x' } }, 400, 10_000, /'dataId'/],
    ['a slash in the group', 'GET', { query: { ...v3, groupName: 'a/b' } }, 400, 20_002, /'group' is illegal/],
    ['six tags', 'POST', { form: { ...v3, content: 'x', configTags: 'a,b,c,d,e,f' } }, 400, 20_002, /config_tags/],
    ['a beta version', 'POST', { form: { ...v3, content: 'x' }, headers: { betaIps: '10.0.0.1' } }, 501, 501, /beta/],
  ];
  for (const [what, method, sent, status, code, named] of refusals) {
    it(`refuses ${what} with ${status} and ${code}`, async () => {
      const answer = await send(await embeddedNacos(), method, adminPath, sent);
      const { code: told, data } = answer.parsed();
      assert.deepEqual([answer.status, told], [status, code]);
      assert.match(String(data), named);
    });
  }

  it('refuses a compare-and-swap with 500 and 20005', async () => {
    const nacos = await embeddedNacos();
    await send(nacos, 'POST', adminPath, { form: { ...v3, content: 'a: 1' } });
    const headers = { casMd5: '0'.repeat(32) };
    const { status, parsed } = await send(nacos, 'POST', adminPath, { form: { ...v3, content: 'a: 2' }, headers });
    assert.deepEqual([status, parsed()['code']], [500, 20_005]);
  });

  it('lists by wildcards and pages, and refuses other filters', async () => {
    const nacos = await embeddedNacos();
    for (let index = 0; index < 5; index += 1) {
      await send(nacos, 'POST', adminPath, { form: { ...v3, dataId: `app-${index}`, content: 'x' } });
    }
    const list = (query: Fields) =>
      send(nacos, 'GET', `${adminPath}/list`, { query: { ...v3, groupName: '', ...query } });
    const found = async (query: Fields) => {
      const { pageItems, ...page } = ((await list(query)).parsed() as { data: { pageItems: Fields[] } }).data;
      return { ...page, dataIds: pageItems.map(({ dataId }) => dataId) };
    };
    assert.deepEqual(await found({ dataId: 'app-*', pageNo: '2', pageSize: '2' }), {
      totalCount: 5,
      pageNumber: 2,
      pagesAvailable: 3,
      dataIds: ['app-2', 'app-3'],
    });
    assert.deepEqual((await found({ dataId: 'app-4', search: 'accurate' })).dataIds, ['app-4']);
    const refused = await list({ configTags: 'two' });
    assert.deepEqual(
      [refused.status, refused.parsed()['data']],
      [501, 'the embedded Nacos does not have this: lists of configs by configTags'],
    );
  });

  it('remembers who wrote a config and how', async () => {
    const nacos = await embeddedNacos();
    for (const srcUser of ['me', 'you']) {
      await send(nacos, 'POST', adminPath, { form: { ...v3, content: srcUser, srcUser } });
    }
    await send(nacos, 'DELETE', adminPath, { query: v3 });
    const list = await send(nacos, 'GET', '/v3/admin/cs/history/list', {
      query: { ...v3, pageNo: '1', pageSize: '2' },
    });
    const { pageItems, totalCount } = (list.parsed() as { data: { totalCount: number; pageItems: Fields[] } }).data;
    assert.deepEqual(
      [totalCount, pageItems.map(({ opType, srcUser }) => [opType, srcUser])],
      [
        3,
        [
          ['D', null],
          ['U', 'you'],
        ],
      ],
    );
  });

  it('reads the database, and applications what clients read', async () => {
    const clock = new FakeClock();
    const nacos = await embeddedNacos({ clock, dumpDelayMs: 80 });
    await send(nacos, 'POST', adminPath, { form: { ...v3, content: 'a: 1' } });
    assert.equal((await send(nacos, 'GET', adminPath, { query: v3 })).status, 200);
    const read = async () => (await send(nacos, 'GET', '/v1/cs/configs', { query: v1 })).status;
    assert.equal(await read(), 404);
    await clock.advance(80);
    assert.equal(await read(), 200);
  });

  it('makes, lists and deletes namespaces', async () => {
    const nacos = await embeddedNacos();
    const path = '/v3/admin/core/namespace';
    const form = { namespaceId: 'team', namespaceName: 'Team' };
    const codes = [];
    for (const sent of [{ form }, { form }, { form: { ...form, namespaceId: 'a b' } }]) {
      codes.push((await send(nacos, 'POST', path, sent)).parsed()['code']);
    }
    assert.deepEqual(codes, [0, 22_002, 20_002]);
    await send(nacos, 'POST', adminPath, { form: { ...v3, namespaceId: 'team', content: 'x' } });
    const list = async () => (await send(nacos, 'GET', `${path}/list`)).parsed()['data'] as Fields[];
    assert.deepEqual(
      (await list()).map(({ configCount, namespace, namespaceShowName }) => [
        namespace,
        namespaceShowName,
        configCount,
      ]),
      [
        ['public', 'public', 0],
        ['team', 'Team', 1],
      ],
    );
    await send(nacos, 'DELETE', path, { query: { namespaceId: 'team' } });
    assert.equal((await list()).length, 1);
  });

  it('answers 410 for what 3.1 serves no more at a path that it serves', async () => {
    const nacos = await embeddedNacos();
    const answer = await send(nacos, 'GET', '/v1/cs/configs', { query: { ...v1, show: 'all' } });
    assert.equal(answer.status, 410);
    assert.match(answer.text, /\/v3\/admin\/cs\/config/);
  });

  it('says of any other method or path that it is left out', async () => {
    const nacos = await embeddedNacos();
    for (const [method, path] of [
      ['GET', '/nothing'],
      ['PUT', adminPath],
      ['GET', '/v2/cs/config'],
    ] as const) {
      const { parsed, status } = await send(nacos, method, path);
      const message = `the embedded Nacos does not have this: ${method} ${path}`;
      assert.deepEqual([status, parsed()['message']], [404, message]);
    }
  });
});

describe('the HTTP API v1 for configs', () => {
  for (const generation of ['3.1', '2.3'] as const) {
    it(`publishes, serves with headers, and removes (${generation})`, async () => {
      const nacos = await embeddedNacos({ generation });
      const done = await send(nacos, 'POST', '/v1/cs/configs', { form: { ...v1, content: 'a: 1', type: 'yaml' } });
      assert.equal(done.text, 'true');
      const { headers, text } = await send(nacos, 'GET', '/v1/cs/configs', { query: v1 });
      assert.deepEqual([text, headers.get('content-md5'), headers.get('config-type')], ['a: 1', md5('a: 1'), 'yaml']);
      await send(nacos, 'DELETE', '/v1/cs/configs', { query: v1 });
      const gone = await send(nacos, 'GET', '/v1/cs/configs', { query: v1 });
      assert.equal(gone.status, 404);
      assert.match(gone.text, /config data not exist/);
    });
  }

  it('leaves the formal version alone when the beta version is removed', async () => {
    const nacos = await embeddedNacos({ generation: '2.3' });
    await send(nacos, 'POST', '/v1/cs/configs', { form: { ...v1, content: 'a: 1' } });
    const { status, text } = await send(nacos, 'DELETE', '/v1/cs/configs', { query: { ...v1, beta: 'true' } });
    assert.deepEqual(
      [status, text],
      [501, 'caused: the embedded Nacos does not have this: beta and tag versions of a config;'],
    );
    assert.equal((await send(nacos, 'GET', '/v1/cs/configs', { query: v1 })).text, 'a: 1');
  });

  it('shows configs, history and namespaces of 2.3', async () => {
    const nacos = await embeddedNacos({ generation: '2.3' });
    const form = { ...v1, content: 'a: 1', desc: 'about', config_tags: 'a', src_user: 'me' };
    await send(nacos, 'POST', '/v1/cs/configs', { form });
    const shown = (await send(nacos, 'GET', '/v1/cs/configs', { query: { ...v1, show: 'all' } })).parsed();
    assert.deepEqual(
      [shown['desc'], shown['configTags'], shown['createUser'], shown['tenant']],
      ['about', 'a', 'me', ''],
    );
    const search = { ...v1, search: 'accurate', pageNo: '1', pageSize: '10' };
    assert.equal((await send(nacos, 'GET', '/v1/cs/history', { query: search })).parsed()['totalCount'], 1);
    await send(nacos, 'POST', '/v1/console/namespaces', { form: { customNamespaceId: 'team', namespaceName: 'Team' } });
    const { data } = (await send(nacos, 'GET', '/v1/console/namespaces')).parsed() as { data: Fields[] };
    assert.deepEqual(
      data.map(({ namespace }) => namespace),
      ['', 'team'],
    );
  });

  const probe = (content: string | undefined, dataId = v1.dataId) =>
    `${dataId}\u0002${v1.group}\u0002${content === undefined ? '' : md5(content)}\u0001`;
  const poll = (nacos: EmbeddedNacos, probes: string, headers: Fields = {}) =>
    send(nacos, 'POST', '/v1/cs/configs/listener', {
      form: { 'Listening-Configs': probes },
      headers: { 'Long-Pulling-Timeout': '30000', ...headers },
    });

  it('answers a listener at once with what differs', async () => {
    const nacos = await embeddedNacos();
    await send(nacos, 'POST', '/v1/cs/configs', { form: { ...v1, content: 'a: 1' } });
    assert.equal((await poll(nacos, probe('old') + probe(undefined, 'absent'))).text, 'app.yaml%02DEFAULT_GROUP%01\n');
    const impatient = { 'Long-Pulling-Timeout-No-Hangup': 'true' };
    assert.equal((await poll(nacos, probe('a: 1'), impatient)).text, '');
  });

  it('answers a waiting listener when a config changes, or with nothing before its time is over', async () => {
    const clock = new FakeClock();
    const nacos = await embeddedNacos({ clock });
    const waiting = () => clock.waitingMs.filter((ms) => ms === 29_500).length;
    const changed = poll(nacos, probe(undefined));
    await until('waiting', () => waiting() === 1);
    await send(nacos, 'POST', '/v1/cs/configs', { form: { ...v1, content: 'a: 1' } });
    assert.equal((await changed).text, 'app.yaml%02DEFAULT_GROUP%01\n');
    const quiet = poll(nacos, probe('a: 1'));
    await until('waiting', () => waiting() === 1);
    await clock.advance(29_500);
    assert.equal((await quiet).text, '');
  });
});

describe('the state of the server over HTTP', () => {
  for (const [generation, path, version] of [
    ['3.1', '/v3/admin/core/state', /"version":"3\.1/],
    ['2.3', '/v1/console/server/state', /"version":"2\.3/],
  ] as const) {
    it(`names the version and is ready without a login (${generation})`, async () => {
      const nacos = await embeddedNacos({ generation, auth: { password: 'secret' } });
      assert.match((await send(nacos, 'GET', path)).text, version);
      const readiness = generation === '3.1' ? `${path}/readiness` : '/v1/console/health/readiness';
      assert.equal((await send(nacos, 'GET', readiness)).status, 200);
    });
  }
});
