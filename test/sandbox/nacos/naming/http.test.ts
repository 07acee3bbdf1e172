import assert from 'node:assert/strict';
import { hostsOf, instance, NamingWorld } from './naming-world.ts';
import type { Answer, Client } from './naming-world.ts';

const service = { groupName: 'shop', serviceName: 'orders' };
const grouped = { serviceName: 'shop@@orders' };
const address = { ip: '10.0.0.1', port: '80' };

function dataOf({ body }: Answer): unknown {
  return (body as { data: unknown }).data;
}

describe('the naming API v3 of the embedded Nacos', () => {
  const admin = '/v3/admin/ns';
  let world: NamingWorld;
  let client: Client;

  beforeEach(() => {
    world = new NamingWorld('3.1');
    client = world.connect();
  });

  afterEach(() => world.naming.stop());

  async function host(): Promise<Record<string, unknown>> {
    await world.push();
    return hostsOf((await client.call('ServiceQueryRequest', {}))['serviceInfo'])[0] ?? {};
  }

  it('creates, describes, changes and deletes services', async () => {
    const create = { ...service, ephemeral: 'true', protectThreshold: '0.5', metadata: '{"k":"v"}' };
    assert.deepEqual(await world.http('POST', `${admin}/service`, create), {
      status: 200,
      body: { code: 0, message: 'success', data: 'ok' },
    });
    await world.http('PUT', `${admin}/service`, { ...service, metadata: 'a=b,c=d' });
    assert.deepEqual(dataOf(await world.http('GET', `${admin}/service`, service)), {
      namespaceId: 'public',
      serviceName: 'orders',
      groupName: 'shop',
      clusterMap: {},
      metadata: { a: 'b', c: 'd' },
      protectThreshold: 0,
      selector: { type: 'none', contextType: 'NONE' },
      ephemeral: true,
    });
    await client.batch([instance('10.0.0.1')]);
    assert.deepEqual(await world.http('DELETE', `${admin}/service`, service), {
      status: 400,
      body: {
        code: 21_009,
        message: 'service delete failure',
        data: `Service shop@@orders is not empty, can't be delete. Please unregister instance first`,
      },
    });
    await client.deregister();
    assert.equal((await world.http('DELETE', `${admin}/service`, service)).status, 200);
    assert.equal(world.naming.counts.services, 0);
  });

  const refusals: readonly (readonly [string, string, Record<string, string>, number, number, string])[] = [
    ['GET', '/service', service, 400, 21_008, 'service not found, namespace: public, serviceName: shop@@orders'],
    ['POST', '/service', {}, 400, 10_000, `Required parameter 'serviceName' type String is not present`],
    [
      'GET',
      '/service/list',
      { pageNo: '0' },
      400,
      20_002,
      `Required parameter 'pageNo' should be positive integer, current is 0`,
    ],
    ['GET', '/instance/list', service, 404, 30_000, 'service shop@@orders is not found!'],
    [
      'GET',
      '/instance',
      { ...service, ...address },
      404,
      20_004,
      'no ips found for cluster DEFAULT in service shop@@orders',
    ],
    [
      'PUT',
      '/instance',
      { ...service, ...address, weight: '10001' },
      400,
      21_001,
      'instance format invalid: The weights range from 0.0 to 10000.0',
    ],
    ['GET', '/client', { clientId: 'none' }, 404, 20_004, 'clientId [ none ] not exist'],
  ];
  for (const [method, path, parameters, status, code, data] of refusals) {
    it(`refuses ${method} ${path} with ${code}: ${data}`, async () => {
      const answer = await world.http(method, admin + path, parameters);
      const body = answer.body as { code: number; data: string };
      assert.deepEqual([answer.status, body.code, body.data], [status, code, data]);
    });
  }

  it('says of an illegal parameter as text what is wrong', async () => {
    const answer = await world.http('POST', `${admin}/instance`, { ...service, ...address, clusterName: 'a b' });
    const body = `Param 'cluster' is illegal, illegal characters should not appear in the param.\r\n`;
    assert.deepEqual(answer, { status: 400, body });
  });

  it('calls all instances healthy when too few are, in a service that has settings', async () => {
    await world.http('POST', `${admin}/service`, { ...service, ephemeral: 'true', protectThreshold: '0.5' });
    await client.batch([instance('10.0.0.1'), instance('10.0.0.2', { healthy: false })]);
    const { serviceInfo } = await client.call('ServiceQueryRequest', {});
    assert.equal((serviceInfo as { reachProtectionThreshold: boolean }).reachProtectionThreshold, true);
    assert.deepEqual(
      hostsOf(serviceInfo).map(({ healthy }) => healthy),
      [true, true],
    );
  });

  it('lets an administrator override what is registered, until a minute after the instance is gone', async () => {
    await client.register(instance('10.0.0.1', { metadata: { own: '1', over: '0' } }));
    await world.http('PUT', `${admin}/instance`, { ...service, ...address, weight: '3', metadata: '{"over":"1"}' });
    const { metadata, weight } = await host();
    assert.deepEqual([weight, metadata], [3, { own: '1', over: '1' }]);
    await client.register(instance('10.0.0.1', { weight: 7 }));
    assert.equal((await host())['weight'], 3);
    await client.deregister();
    await world.clock.advance(30_000);
    await client.register(instance('10.0.0.1'));
    assert.equal((await host())['weight'], 3);
    await client.deregister();
    await world.clock.advance(66_000);
    await client.register(instance('10.0.0.1'));
    assert.equal((await host())['weight'], 1);
  });

  it('hides from clients what an administrator disabled, and shows it to administrators', async () => {
    await client.register(instance('10.0.0.1'));
    await world.http('PUT', `${admin}/instance/partial`, { ...service, ...address, enabled: 'false' });
    assert.deepEqual(await host(), {});
    const listed = dataOf(await world.http('GET', `${admin}/instance/list`, service)) as { enabled: boolean }[];
    assert.deepEqual(
      listed.map(({ enabled }) => enabled),
      [false],
    );
  });

  it('refuses to change the health of a persistent instance, as real servers do, and registers it again', async () => {
    const cluster = { clusterName: 'DEFAULT', checkPort: '80', useInstancePort4Check: 'true' };
    const persistent = { ...service, ...address, ephemeral: 'false' };
    await world.http('POST', `${admin}/instance`, persistent);
    const health = { ...service, ...address, healthy: 'false' };
    const busy = await world.http('PUT', `${admin}/health/instance`, health);
    assert.equal(dataOf(busy), 'health check is still working, service: shop@@orders, cluster: DEFAULT');
    await world.http('PUT', `${admin}/cluster`, { ...service, ...cluster, healthChecker: '{"type":"NONE"}' });
    assert.equal((await world.http('PUT', `${admin}/health/instance`, health)).status, 400);
    await world.http('POST', `${admin}/instance`, { ...persistent, healthy: 'false' });
    const listed = dataOf(await world.http('GET', `${admin}/instance/list`, service)) as { healthy: boolean }[];
    await world.push();
    assert.deepEqual([listed[0]?.healthy, world.naming.counts.instances], [false, 1]);
  });

  it('keeps an instance over HTTP as long as its heartbeats come', async () => {
    const path = '/v3/client/ns/instance';
    await world.http('POST', path, { ...service, ...address });
    await world.clock.advance(14_000);
    await world.http('POST', path, { ...service, ...address, heartBeat: 'true' });
    await world.clock.advance(14_000);
    assert.equal((await host())['healthy'], true);
    await world.clock.advance(7_000);
    assert.equal((await host())['healthy'], false);
    await world.clock.advance(16_000);
    assert.deepEqual(await host(), {});
    const late = await world.http('POST', path, { ...service, ...address, heartBeat: 'true' });
    assert.deepEqual(late, { status: 200, body: { code: 21_003, message: 'instance not found', data: null } });
  });

  it('tells who publishes and who subscribes', async () => {
    const { id } = client.connection;
    await client.batch([instance('10.0.0.1')]);
    await client.subscribe();
    const get = async (path: string, parameters = {}) => dataOf(await world.http('GET', admin + path, parameters));
    const subscriber = { appName: 'test', agent: 'Test:v1', address: '127.0.0.1' };
    const names = { namespaceId: 'public', groupName: 'shop', serviceName: 'orders' };
    assert.deepEqual(await get('/client/list'), [id]);
    assert.deepEqual(await get('/client/service/publisher/list', service), [
      { clientId: id, ip: '10.0.0.1', port: 80, clusterName: 'DEFAULT' },
    ]);
    assert.deepEqual(await get('/client/service/subscriber/list', service), [{ clientId: id, ...subscriber }]);
    assert.deepEqual(await get('/client/subscribe/list', { clientId: id }), [
      { ...names, publisherInfo: null, subscriberInfo: { clientId: null, ...subscriber } },
    ]);
    assert.deepEqual(await get('/service/subscribers', service), {
      totalCount: 1,
      pageNumber: 1,
      pagesAvailable: 1,
      pageItems: [{ ...names, ip: '127.0.0.1', port: 0, agent: 'Test:v1', appName: 'test', address: '127.0.0.1:0' }],
    });
  });

  it('lists services in pages, with numbers or with their instances', async () => {
    for (const serviceName of ['orders', 'origin', 'basket']) {
      await client.batch([instance('10.0.0.1'), instance('10.0.0.2', { healthy: false })], { serviceName });
    }
    const list = async (parameters: Record<string, string>) => {
      const wanted = { groupNameParam: 'shop', serviceNameParam: 'or', ...parameters };
      return dataOf(await world.http('GET', `${admin}/service/list`, wanted)) as Record<string, unknown>;
    };
    assert.deepEqual(await list({ pageNo: '2', pageSize: '1' }), {
      totalCount: 2,
      pageNumber: 2,
      pagesAvailable: 2,
      pageItems: [
        {
          name: 'origin',
          groupName: 'shop',
          clusterCount: 1,
          ipCount: 2,
          healthyInstanceCount: 1,
          triggerFlag: 'false',
        },
      ],
    });
    const { pageItems } = await list({ withInstances: 'true' });
    const [first] = pageItems as { clusterMap: Record<string, { hosts: unknown[] }> }[];
    assert.equal(first?.clusterMap['DEFAULT']?.hosts.length, 2);
  });

  it('names what to use instead of what 3.1 has switched off', async () => {
    const answer = await world.http('GET', '/v1/ns/catalog/services');
    const { message } = answer.body as { message: string };
    assert.equal(answer.status, 410);
    assert.match(message, /"code":40000.*GET \$\{contextPath:nacos\}\/v3\/console\/ns\/service\/list/);
  });
});

describe('the naming APIs v1 and v2 of the embedded Nacos', () => {
  let world: NamingWorld;

  beforeEach(() => {
    world = new NamingWorld('2.3');
  });

  afterEach(() => world.naming.stop());

  it('serves a client of 1.x: registration, heartbeats, list', async () => {
    const beat = { ...address, port: 80, cluster: 'DEFAULT', weight: 2, metadata: { a: 'b' } };
    assert.deepEqual(await world.http('POST', '/v1/ns/instance', { ...grouped, ...address }), {
      status: 200,
      body: 'ok',
    });
    const unknown = await world.http('PUT', '/v1/ns/instance/beat', { ...grouped, ip: '10.0.0.9', port: '80' });
    assert.deepEqual(unknown.body, { clientBeatInterval: 5_000, code: 20_404, lightBeatEnabled: true });
    const full = { ...grouped, beat: JSON.stringify({ ...beat, ip: '10.0.0.2' }) };
    assert.equal(((await world.http('PUT', '/v1/ns/instance/beat', full)).body as { code: number }).code, 10_200);
    const { body } = await world.http('GET', '/v1/ns/instance/list', grouped);
    assert.deepEqual(
      hostsOf(body).map(({ instanceId, metadata, weight }) => [instanceId, weight, metadata]),
      [
        ['10.0.0.1#80#DEFAULT#shop@@orders', 1, {}],
        ['10.0.0.2#80#DEFAULT#shop@@orders', 2, { a: 'b' }],
      ],
    );
    assert.equal((body as { name: string }).name, 'shop@@orders');
  });

  it('changes parts of an instance by PATCH', async () => {
    await world.http('POST', '/v1/ns/instance', { ...grouped, ...address });
    await world.http('PATCH', '/v1/ns/instance', { ...grouped, ...address, weight: '8' });
    await world.push();
    const { body } = await world.http('GET', '/v1/ns/instance', { ...grouped, ...address });
    assert.equal((body as { weight: number }).weight, 8);
  });

  it('lists for the console every instance, healthy or not', async () => {
    await world.http('POST', '/v2/ns/instance', { ...service, ...address, enabled: 'false' });
    const wanted = { groupNameParam: 'shop', serviceNameParam: '', pageNo: '1', pageSize: '10', withInstances: 'true' };
    const { body } = await world.http('GET', '/v1/ns/catalog/services', wanted);
    const [row] = body as { clusterMap: Record<string, { hosts: unknown[] }> }[];
    assert.deepEqual(row?.clusterMap['DEFAULT']?.hosts, [
      { valid: true, metadata: {}, port: 80, ip: '10.0.0.1', weight: 1, enabled: false },
    ]);
  });

  it('says refusals as text', async () => {
    const missing = await world.http('GET', '/v1/ns/service', grouped);
    const body = 'caused: service not found, namespace: public, serviceName: shop@@orders;';
    assert.deepEqual(missing, { status: 400, body });
    const unnamed = await world.http('POST', '/v1/ns/instance', address);
    assert.deepEqual(await world.http('GET', '/v2/ns/instance', service), {
      status: 400,
      body: `Parameter 'ip' is missing`,
    });
    assert.deepEqual(unnamed, { status: 400, body: `caused: Param 'serviceName' is required.;` });
  });

  it('makes services of v1 persistent', async () => {
    await world.http('POST', '/v1/ns/service', grouped);
    const refused = await world.http('POST', '/v1/ns/instance', { ...grouped, ...address });
    const rule = `Current service shop@@orders is persistent service, can't register ephemeral instance. `;
    assert.deepEqual(refused, { status: 400, body: `caused: errCode: 400, errMsg: ${rule};` });
  });
});
