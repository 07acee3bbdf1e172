import assert from 'node:assert/strict';
import type { Json } from '../../../../sandbox/nacos/rpc.ts';
import { hostsOf, instance, NamingWorld } from './naming-world.ts';
import type { Client } from './naming-world.ts';

const [a1, a2, a3] = [instance('10.0.0.1'), instance('10.0.0.2'), instance('10.0.0.3')];

describe('the naming requests of the embedded Nacos', () => {
  let world: NamingWorld;
  let client: Client;
  let other: Client;

  beforeEach(() => {
    world = new NamingWorld();
    client = world.connect();
    other = world.connect();
  });

  afterEach(() => world.naming.stop());

  async function shown(body: Json = {}): Promise<string[]> {
    await world.push();
    return client.query(body);
  }

  it('holds one publication for each connection and service, which the next replaces', async () => {
    await client.register(a1);
    await client.batch([a2, a3]);
    assert.deepEqual(await shown(), ['10.0.0.2', '10.0.0.3']);
    await client.register(a1);
    assert.deepEqual(await shown(), ['10.0.0.1']);
    await client.batch([]);
    assert.deepEqual(await shown(), []);
    assert.equal(world.naming.counts.instances, 0);
  });

  it('drops the publication at a deregistration, whatever instance it names', async () => {
    await client.batch([a1, a2]);
    await client.deregister({ instance: instance('10.9.9.9') });
    assert.deepEqual(await shown(), []);
    assert.equal((await client.deregister())['resultCode'], 200);
  });

  const unequal: readonly Json[] = [
    { metadata: { zone: 'b' } },
    { weight: 2 },
    { healthy: false },
    { clusterName: 'other' },
    { instanceId: 'own' },
  ];
  for (const difference of unequal) {
    it(`shows instances of two connections twice when they differ in ${Object.keys(difference)[0]}`, async () => {
      await client.batch([a1]);
      await other.batch([a1]);
      assert.deepEqual(await shown(), ['10.0.0.1']);
      await other.batch([{ ...a1, ...difference }]);
      assert.deepEqual(await shown(), ['10.0.0.1', '10.0.0.1']);
    });
  }

  it('takes metadata in any order for the same', async () => {
    await client.batch([instance('10.0.0.1', { metadata: { a: '1', b: '2' } })]);
    await other.batch([instance('10.0.0.1', { metadata: { b: '2', a: '1' } })]);
    assert.deepEqual(await shown(), ['10.0.0.1']);
  });

  it('leaves out what is not enabled, once no publisher enables it', async () => {
    await client.batch([a1]);
    await other.batch([{ ...a1, enabled: false }]);
    assert.deepEqual(await shown(), ['10.0.0.1']);
    await client.batch([{ ...a1, enabled: false }]);
    assert.deepEqual(await shown(), []);
  });

  it('ends publications and subscriptions with their connection', async () => {
    await client.batch([a1]);
    await other.batch([a2]);
    await other.subscribe();
    other.close();
    assert.deepEqual(await shown(), ['10.0.0.1']);
    assert.deepEqual(world.naming.counts, { services: 1, instances: 1, subscriptions: 0, clients: 1 });
    assert.deepEqual(other.pushes, []);
  });

  it('describes a service and its instances as the real server does', async () => {
    await client.register(instance('10.0.0.1', { metadata: { 'preserved.heart.beat.interval': '1000' } }));
    await client.query();
    const { serviceInfo } = await client.call('ServiceQueryRequest', {});
    assert.deepEqual(serviceInfo, {
      name: 'orders',
      groupName: 'shop',
      clusters: '',
      cacheMillis: 10_000,
      hosts: [
        {
          instanceId: '10.0.0.1#80#DEFAULT#shop@@orders',
          ip: '10.0.0.1',
          port: 80,
          weight: 1,
          healthy: true,
          enabled: true,
          ephemeral: true,
          clusterName: 'DEFAULT',
          serviceName: 'shop@@orders',
          metadata: { 'preserved.heart.beat.interval': '1000' },
          instanceHeartBeatInterval: 1_000,
          instanceHeartBeatTimeOut: 15_000,
          ipDeleteTimeout: 30_000,
        },
      ],
      lastRefTime: world.clock.now(),
      checksum: '',
      allIPs: false,
      reachProtectionThreshold: false,
      valid: true,
    });
  });

  it('selects clusters and healthy instances', async () => {
    await client.batch([a1, { ...a2, clusterName: 'b' }, { ...a3, clusterName: 'b', healthy: false }]);
    assert.deepEqual(await shown({ cluster: 'b' }), ['10.0.0.2', '10.0.0.3']);
    assert.deepEqual(await shown({ cluster: 'b,none', healthyOnly: true }), ['10.0.0.2']);
  });

  it('answers a stale read with what was there before', async () => {
    await client.batch([a1]);
    await shown();
    await client.batch([a2]);
    await world.push();
    const { serviceInfo } = await client.call('ServiceQueryRequest', {}, true);
    assert.deepEqual([hostsOf(serviceInfo)[0]?.['ip'], await client.query()], ['10.0.0.1', ['10.0.0.2']]);
  });

  it('shows what was last pushed until the next push', async () => {
    await client.batch([a1]);
    assert.deepEqual(await client.query(), ['10.0.0.1']);
    await client.batch([a2]);
    assert.deepEqual(await client.query(), ['10.0.0.1']);
    await world.push();
    assert.deepEqual(await client.query(), ['10.0.0.2']);
  });

  const refusals: readonly (readonly [string, Json, string])[] = [
    ['cluster name', { clusterName: 'no cluster' }, `'cluster' is illegal, illegal characters`],
    [
      'long cluster name',
      { clusterName: 'x'.repeat(65) },
      `'cluster' is illegal, the param length should not exceed 64`,
    ],
    [
      'metadata',
      { metadata: { k: 'x'.repeat(1_024) } },
      `'Metadata' is illegal, the param length should not exceed 1024`,
    ],
    ['port', { port: 65_536 }, `'port' is illegal, the value should be between 0 and 65535`],
    ['ip', { ip: 'not an address' }, `'ip' is illegal, illegal characters`],
  ];
  for (const [what, bad, words] of refusals) {
    it(`refuses a whole batch for the ${what} of one member`, async () => {
      await client.batch([a1]);
      const answer = await client.batch([a2, { ...a3, ...bad }]);
      assert.deepEqual([answer['resultCode'], answer['errorCode'], answer['success']], [500, 400, false]);
      assert.ok(String(answer['message']).startsWith(`Param check invalid:Param ${words}`), String(answer['message']));
      assert.deepEqual(await shown(), ['10.0.0.1']);
    });
  }

  it('refuses the other kind of instance in the words of the server', async () => {
    await client.batch([a1]);
    const persistent = { type: 'registerInstance', instance: { ...a2, ephemeral: false } };
    const refused = await client.call('PersistentInstanceRequest', persistent);
    await client.call('PersistentInstanceRequest', { ...persistent, serviceName: 'stays' });
    const batch = await client.batch([a1], { serviceName: 'stays' });
    assert.deepEqual(
      [refused, batch].map(({ errorCode, message, resultCode }) => [resultCode, errorCode, message]),
      [
        [400, 400, `errCode: 400, errMsg: ${kindRule('orders', 'ephemeral', 'register persistent')} `],
        [400, 400, `errCode: 400, errMsg: ${kindRule('stays', 'persistent', 'batch register ephemeral')} `],
      ],
    );
  });

  it('keeps persistent instances by their address, with the health they were last registered with', async () => {
    const register = (more: Json) =>
      client.call('PersistentInstanceRequest', { type: 'registerInstance', instance: { ...a1, ...more } });
    await register({});
    await register({ healthy: false, clusterName: 'b' });
    client.close();
    await world.push();
    const { serviceInfo } = await other.call('ServiceQueryRequest', {});
    assert.deepEqual(
      hostsOf(serviceInfo).map(({ clusterName, ephemeral, healthy }) => [clusterName, ephemeral, healthy]),
      [['b', false, false]],
    );
    await other.call('PersistentInstanceRequest', { type: 'deregisterInstance', instance: a1 });
    assert.deepEqual(await shown(), []);
  });

  it('has no naming client for a connection of another module', async () => {
    const answers = [await world.connect('config').register(a1), await world.connect('config').subscribe()];
    assert.deepEqual(
      answers.map(({ errorCode, resultCode }) => [resultCode, errorCode]),
      [
        [-401, -401],
        [-401, -401],
      ],
    );
  });

  it('removes a service a minute after its last publisher, and then it may be of the other kind', async () => {
    await client.batch([a1]);
    await client.deregister();
    await world.clock.advance(55_000);
    assert.equal(world.naming.counts.services, 1);
    await world.clock.advance(10_000);
    assert.equal(world.naming.counts.services, 0);
    const persistent = await client.call('PersistentInstanceRequest', { type: 'registerInstance', instance: a1 });
    assert.equal(persistent['success'], true);
  });

  it('says of a watch of service names that it is left out', async () => {
    const { errorCode, message } = await client.call('NamingFuzzyWatchRequest', { watchType: 'WATCH' });
    assert.deepEqual([errorCode, message], [302, 'the embedded Nacos does not have this: NamingFuzzyWatchRequest']);
  });

  it('lists the services of one group in pages', async () => {
    for (const serviceName of ['x', 'y', 'z']) await client.batch([a1], { serviceName });
    await client.batch([a1], { groupName: 'other' });
    const { count, serviceNames } = await client.call('ServiceListRequest', { pageNo: 2, pageSize: 2 });
    assert.deepEqual([count, serviceNames], [3, ['z']]);
  });
});

function kindRule(name: string, kind: string, action: string): string {
  return `Current service shop@@${name} is ${kind} service, can't ${action} instance.`;
}
