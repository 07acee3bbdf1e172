import assert from 'node:assert/strict';
import { hostsOf, instance, NamingWorld } from './naming-world.ts';

const service = { groupName: 'shop', serviceName: 'orders' };
const grouped = { serviceName: 'shop@@orders' };
const address = { ip: '10.0.0.1', port: '80' };

for (const generation of ['3.1', '2.3'] as const) {
  describe(`the naming API of applications over HTTP (${generation})`, () => {
    let world: NamingWorld;

    beforeEach(() => {
      world = new NamingWorld(generation);
    });

    afterEach(() => world.naming.stop());

    async function hosts() {
      await world.push();
      return hostsOf(await world.http('GET /v1/ns/instance/list', grouped));
    }

    it('registers, lists and deregisters', async () => {
      const more = { weight: '2', metadata: '{"a":"b"}', clusterName: 'zone' };
      assert.equal(await world.http('POST /v1/ns/instance', { ...grouped, ...address, ...more }), 'ok');
      const shown = (await hosts()).map(({ clusterName, instanceId, metadata, weight }) => {
        return { clusterName, instanceId, metadata, weight };
      });
      const instanceId = '10.0.0.1#80#zone#shop@@orders';
      assert.deepEqual(shown, [{ clusterName: 'zone', instanceId, metadata: { a: 'b' }, weight: 2 }]);
      const names = await world.http('GET /v1/ns/service/list', { groupName: 'shop', pageNo: '1', pageSize: '9' });
      assert.deepEqual(names, { count: 1, doms: ['orders'] });
      await world.http('DELETE /v1/ns/instance', { ...grouped, ...address });
      assert.deepEqual(await hosts(), []);
    });

    it('keeps an instance as long as its heartbeats come', async () => {
      const beat = async () => world.http('PUT /v1/ns/instance/beat', { ...grouped, ...address });
      await world.http('POST /v1/ns/instance', { ...grouped, ...address });
      await world.clock.advance(14_000);
      assert.deepEqual(await beat(), { clientBeatInterval: 5_000, code: 10_200, lightBeatEnabled: true });
      await world.clock.advance(14_000);
      assert.equal((await hosts())[0]?.['healthy'], true);
      await world.clock.advance(7_000);
      assert.equal((await hosts())[0]?.['healthy'], false);
      await beat();
      assert.equal((await hosts())[0]?.['healthy'], true);
      await world.clock.advance(36_000);
      assert.deepEqual(await hosts(), []);
      assert.deepEqual(await beat(), { clientBeatInterval: 5_000, code: 20_404, lightBeatEnabled: true });
    });

    it('registers by a heartbeat that brings the instance along', async () => {
      const metadata = { 'preserved.heart.beat.interval': '3000' };
      const beat = JSON.stringify({ ip: '10.0.0.2', port: 80, cluster: 'zone', weight: 2, metadata });
      assert.deepEqual(await world.http('PUT /v1/ns/instance/beat', { ...grouped, beat }), {
        clientBeatInterval: 3_000,
        code: 10_200,
        lightBeatEnabled: true,
      });
      const shown = (await hosts()).map(({ clusterName, ip, weight }) => ({ clusterName, ip, weight }));
      assert.deepEqual(shown, [{ clusterName: 'zone', ip: '10.0.0.2', weight: 2 }]);
    });

    it('keeps a persistent instance without heartbeats', async () => {
      const persistent = { ...grouped, ...address, ephemeral: 'false' };
      await world.http('POST /v1/ns/instance', persistent);
      await world.clock.advance(120_000);
      assert.equal((await hosts()).length, 1);
      await world.http('DELETE /v1/ns/instance', persistent);
      assert.deepEqual(await hosts(), []);
    });

    const refusals: readonly (readonly [string, Record<string, string>, RegExp])[] = [
      ['no service', address, /'serviceName' is required/],
      ['no address', grouped, /'ip' is required/],
      ['a cluster with a blank', { ...grouped, ...address, clusterName: 'a b' }, /'cluster' is illegal/],
      ['metadata that are no JSON', { ...grouped, ...address, metadata: 'a=b' }, /does not have this: metadata/],
    ];
    for (const [what, parameters, named] of refusals) {
      it(`refuses a registration with ${what}`, async () => {
        assert.match((await world.refusal('POST /v1/ns/instance', parameters)).message, named);
        assert.equal(world.naming.counts.instances, 0);
      });
    }

    it('refuses the other kind of instance', async () => {
      await world.connect().batch([instance('10.0.0.1')]);
      const { message } = await world.refusal('POST /v1/ns/instance', { ...grouped, ...address, ephemeral: 'false' });
      assert.match(message, /Current service shop@@orders is ephemeral service, can't register persistent instance/);
    });
  });
}

describe('the naming API of administrators over HTTP', () => {
  const [healthy, other] = [instance('10.0.0.1'), instance('10.0.0.2', { healthy: false, enabled: false })];
  const wanted = { groupNameParam: 'shop', serviceNameParam: 'or' };

  async function worldOf(generation: '3.1' | '2.3'): Promise<NamingWorld> {
    const world = new NamingWorld(generation);
    for (const serviceName of ['orders', 'origin', 'basket'])
      await world.connect().batch([healthy, other], { serviceName });
    await world.push();
    return world;
  }

  it('lists services in pages, with numbers or with all their instances (3.1)', async () => {
    const world = await worldOf('3.1');
    const list = async (parameters: Record<string, string>) => {
      const answer = await world.http('GET /v3/admin/ns/service/list', { ...wanted, ...parameters });
      return (answer as { data: Record<string, unknown> }).data;
    };
    const numbers = { clusterCount: 1, ipCount: 2, healthyInstanceCount: 1 };
    assert.deepEqual(await list({ pageNo: '2', pageSize: '1' }), {
      totalCount: 2,
      pageNumber: 2,
      pagesAvailable: 2,
      pageItems: [{ name: 'origin', groupName: 'shop', ...numbers }],
    });
    const { pageItems } = await list({ withInstances: 'true' });
    const [first] = pageItems as { serviceName: string; clusterMap: Record<string, { hosts: unknown[] }> }[];
    assert.deepEqual([first?.serviceName, first?.clusterMap['DEFAULT']?.hosts.length], ['orders', 2]);
    world.naming.stop();
  });

  it('lists them by the catalogue (2.3)', async () => {
    const world = await worldOf('2.3');
    const list = (parameters: Record<string, string>) =>
      world.http('GET /v1/ns/catalog/services', { ...wanted, pageNo: '1', pageSize: '10', ...parameters });
    const [first] = (await list({ withInstances: 'true' })) as { clusterMap: Record<string, { hosts: unknown[] }> }[];
    const common = { metadata: {}, port: 80, weight: 1 };
    assert.deepEqual(first?.clusterMap['DEFAULT']?.hosts, [
      { ...common, ip: '10.0.0.1', valid: true, enabled: true },
      { ...common, ip: '10.0.0.2', valid: false, enabled: false },
    ]);
    assert.equal(((await list({})) as { count: number }).count, 2);
    world.naming.stop();
  });

  for (const [generation, path] of [
    ['3.1', '/v3/admin/ns/client/service/publisher/list'],
    ['2.3', '/v2/ns/client/service/publisher/list'],
  ] as const) {
    it(`tells who publishes the instances of an address (${generation})`, async () => {
      const world = new NamingWorld(generation);
      const [one, other] = [world.connect(), world.connect()];
      await one.batch([instance('10.0.0.1'), instance('10.0.0.2')]);
      await other.batch([instance('10.0.0.1')]);
      const publishers = async (more: Record<string, string>) => {
        const { data } = (await world.http(`GET ${path}`, { ...service, ...more })) as { data: { clientId: string }[] };
        return data.map(({ clientId }) => clientId);
      };
      assert.deepEqual(await publishers(address), [one.connection.id, other.connection.id]);
      assert.deepEqual(await publishers({ ...address, ip: '10.0.0.2' }), [one.connection.id]);
      world.naming.stop();
    });
  }

  it('offers what is enabled, of one cluster (3.1)', async () => {
    const world = await worldOf('3.1');
    const offered = async (clusterName: string) => {
      const answer = await world.http('GET /v3/client/ns/instance/list', { ...service, clusterName });
      return (answer as { data: { ip: string }[] }).data.map(({ ip }) => ip);
    };
    assert.deepEqual([await offered('DEFAULT'), await offered('none')], [['10.0.0.1'], []]);
    world.naming.stop();
  });
});
