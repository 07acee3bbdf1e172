/** Services with pods, their EndpointSlices made by Kubernetes' own controller, and what Nacos and its SDK show of them. */
import assert from 'node:assert/strict';
import { NacosSdk } from '../testbed/nacos-sdk.ts';
import { eventually } from '../eventually.ts';
import { kubectl } from './release.ts';
import { ServiceFleet } from './service-fleet.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';
import type { RealWorld } from './world.ts';

/** From a change of the EndpointSlice until Nacos holds it. */
const equalLimitMs = 2000;
const statusLimitMs = 10_000;

describe(`services with Nacos ${nacosVersion}`, function () {
  this.timeout(90_000);
  let world: RealWorld;
  let fleet: ServiceFleet;
  let sdk: NacosSdk;

  before(async function () {
    this.timeout(startLimitMs);
    world = await sharedWorld();
    sdk = await NacosSdk.start(world.nacos);
    fleet = await ServiceFleet.create(world, 'pods');
    await sdk.register(fleet.namespace, 'web', '198.51.100.1', 80);
    await sdk.deregister(fleet.namespace, 'web', '198.51.100.1', 80);
    await fleet.add('web', 0);
    await sdk.subscribe(fleet.namespace, 'web');
  });

  after(async () => {
    await sdk?.stop();
    await fleet?.delete();
  });

  for (const replicas of [3, 5, 1, 0, 2]) {
    it(`are equal on both sides within two seconds of the slice at ${replicas} replicas`, async () => {
      await fleet.scale('web', replicas);
      await fleet.endpointsAre('web', { healthy: replicas });
      const afterMs = await fleet.equalAfterMs('web', equalLimitMs);
      assert.ok(afterMs < equalLimitMs, `${Math.round(afterMs)} ms after the slice`);
      await eventually(equalLimitMs, async () => {
        const told = sdk.hostsPushes.at(-1)?.hosts.map(({ ip, port }) => `${ip}:${port}`);
        assert.deepEqual(told?.sort(), await fleet.offered('web'), 'what a subscriber was told last');
      });
    });
  }

  it('show an endpoint that is not ready as not healthy, and a terminating one to nobody', async () => {
    await fleet.scale('web', 4);
    await fleet.endpointsAre('web', { healthy: 4 });
    const [unready, terminating] = await fleet.pods('web');
    assert.ok(unready && terminating);
    await fleet.makeUnready(unready.metadata.name);
    await fleet.holdAndDelete(terminating.metadata.name);
    // A pod that is terminating has its successor at once.
    await fleet.endpointsAre('web', { healthy: 3, unhealthy: 1, disabled: 1 });
    assert.ok((await fleet.equalAfterMs('web', equalLimitMs)) < equalLimitMs);
    const push = await sdk.hosts(
      ({ hosts }) => hosts.length === 4 && hosts.filter(({ healthy }) => healthy).length === 3,
    );
    const { podIP } = terminating['status'] as { podIP: string };
    assert.ok(!push.hosts.some(({ ip }) => ip === podIP));
    await fleet.release(terminating.metadata.name);
    await fleet.endpointsAre('web', { healthy: 3, unhealthy: 1 });
    await fleet.equalAfterMs('web', equalLimitMs);
  });

  it('are two services for two ports', async () => {
    await fleet.add('orders', 2, [
      { name: 'http', port: 8080 },
      { name: 'grpc', port: 9090 },
    ]);
    await fleet.endpointsAre('orders', { healthy: 2 });
    assert.ok((await fleet.equalAfterMs('orders', equalLimitMs)) < equalLimitMs);
    const registered = await fleet.registered();
    assert.deepEqual(
      registered.get('orders')?.map(({ port }) => port),
      [8080, 8080],
    );
    assert.deepEqual(
      registered.get('orders-grpc')?.map(({ port }) => port),
      [9090, 9090],
    );
  });

  it('are columns of kubectl get nacos', async () => {
    await eventually(statusLimitMs, async () => {
      const lines = (await kubectl(world.kubernetes, ['get', 'nacos', '-n', fleet.namespace])).split('\n');
      const head = lines.find((line) => line.startsWith('NAME')) ?? '';
      const row = lines.find((line) => line.startsWith('nacosservice')) ?? '';
      assert.match(head, /^NAME +READY +REASON +GROUP +SERVICES +INSTANCES +READY INSTANCES +PUBLISHED +AGE/);
      assert.match(row, /^nacosservice\S*\/fleet +True +Published +pods +2 +8 +7 +/);
    });
  });

  it('go when the NacosService is deleted, but for what an application registered', async () => {
    await sdk.register(fleet.namespace, 'web', '198.51.100.9', 9999);
    await eventually(equalLimitMs, async () => assert.equal((await fleet.registered()).get('web')?.length, 5));
    await fleet.retract();
    await eventually(statusLimitMs, async () => {
      const left = [...(await fleet.registered())].map(([name, hosts]) => [name, hosts.map(({ ip }) => ip)]);
      assert.deepEqual(left, [['web', ['198.51.100.9']]]);
    });
    await sdk.hosts(({ hosts }) => hosts.length === 1 && hosts[0]?.ip === '198.51.100.9');
  });
});
