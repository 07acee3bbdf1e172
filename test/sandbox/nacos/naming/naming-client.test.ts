/**
 * Our naming client against the embedded server: what test/real/naming-client.test.ts asserts of real servers, so that
 * what is proven on the one holds on the other.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { systemClock } from '../../../../operator/clock.ts';
import { isBridgeError } from '../../../../operator/errors.ts';
import { silentLogger } from '../../../../operator/logger.ts';
import { NacosClient } from '../../../../operator/nacos/client.ts';
import { createNacosMetrics } from '../../../../operator/connections/nacos-metrics.ts';
import type { Instance, ServiceKey } from '../../../../operator/nacos/naming/naming-types.ts';
import type { NamingClient } from '../../../../operator/nacos/naming/naming-client.ts';
import { parseServerAddresses } from '../../../../operator/nacos/transport/server-address.ts';
import { startEmbeddedNacos } from '../../../../sandbox/nacos/embedded-nacos.ts';
import type { EmbeddedNacos } from '../../../../sandbox/nacos/embedded-nacos.ts';
import { generations } from '../../../../sandbox/nacos/generation.ts';

const pushDelayMs = 20;
const limitMs = 30_000;

for (const generation of generations) {
  describe(`the naming client on an embedded Nacos ${generation}`, () => {
    let nacos: EmbeddedNacos;
    let observer: NamingClient;
    let services = 0;
    const clients: NacosClient[] = [];

    before(async () => {
      nacos = await startEmbeddedNacos({ generation, pushDelayMs });
      observer = start().naming;
    });

    after(async () => {
      await Promise.all(clients.map((running) => running.stop()));
      await nacos.stop();
    });

    function start(): NacosClient {
      const started = new NacosClient({
        servers: parseServerAddresses(`127.0.0.1:${nacos.port}`),
        credentials: undefined,
        requestTimeoutMs: limitMs,
        clientName: 'Test-Client:v1',
        appName: 'test',
        log: silentLogger,
        clock: systemClock,
        metrics: createNacosMetrics(new Registry(), ''),
      });
      clients.push(started);
      started.start();
      return started;
    }

    function freshService(namespaceId = ''): ServiceKey {
      services += 1;
      return { namespaceId, group: 'DEFAULT_GROUP', serviceName: `naming-${services}` };
    }

    async function count(service: ServiceKey): Promise<number> {
      return (await observer.query(service)).hosts.length;
    }

    it('replaces and withdraws the list of a service, and pushes every change', async () => {
      const service = freshService();
      const heard: number[] = [];
      observer.subscribe(service, ({ hosts }) => heard.push(hosts.length));
      const { naming } = start();
      await eventually(() => assert.deepEqual(heard, [0]));
      for (const size of [2, 3, 1, 0]) {
        await naming.publish(service, instances(size));
        await eventually(() => assert.equal(heard.at(-1), size));
      }
      assert.deepEqual(heard, [0, 2, 3, 1, 0]);
    });

    it('sends what comes back the same', async () => {
      const service = freshService('naming-test');
      const [one] = instances(1);
      const sent = { ...one!, port: 0, weight: 0.25, healthy: false, clusterName: 'zone-a_1' };
      await start().naming.publish(service, [sent]);
      const [host] = (await observer.query(service)).hosts;
      const { ephemeral, instanceId, ...same } = host!;
      assert.deepEqual([same, ephemeral], [sent, true]);
      assert.ok(instanceId.startsWith(sent.ip));
    });

    it('shows equal lists of two clients once, and loses nothing when one of them dies', async () => {
      const service = freshService();
      const [a, b] = [start(), start()];
      const heard: number[] = [];
      await a.naming.publish(service, instances(3));
      observer.subscribe(service, ({ hosts }) => heard.push(hosts.length));
      await b.naming.publish(service, instances(3));
      await a.stop();
      await pause(5 * pushDelayMs);
      assert.deepEqual([heard, await count(service)], [[3], 3]);
      await b.stop();
      await eventually(() => assert.deepEqual(heard, [3, 0]));
    });

    it('shows unequal instances of two clients twice, until one of them dies', async () => {
      const service = freshService();
      const [a, b] = [start(), start()];
      await a.naming.publish(service, instances(1));
      const other = instances(1).map((one) => ({ ...one, metadata: { zone: 'b' } }));
      await b.naming.publish(service, other);
      await eventually(async () => assert.equal(await count(service), 2));
      await a.stop();
      await eventually(async () => {
        const { hosts } = await observer.query(service);
        assert.deepEqual(
          hosts.map(({ metadata }) => metadata),
          [{ zone: 'b' }],
        );
      });
    });

    it('says why a list is refused for one bad member, and the server keeps what it has', async () => {
      const service = freshService();
      const { naming } = start();
      await naming.publish(service, instances(2));
      for (const bad of [{ clusterName: 'no cluster' }, { metadata: { long: 'x'.repeat(1_025) } }]) {
        const [first, ...others] = instances(4);
        await assert.rejects(naming.publish(service, [{ ...first!, ...bad }, ...others]), (error) => {
          return isBridgeError(error, 'NACOS_INVALID') && /naming-\d+: Nacos answered 400 /.test(error.message);
        });
      }
      assert.equal(await count(service), 2);
      await naming.publish(service, instances(4));
      await eventually(async () => assert.equal(await count(service), 4));
    });

    it('keeps persistent instances without any client, and refuses others beside them', async () => {
      const service = freshService();
      const [one, two] = instances(2);
      const owner = start();
      await owner.naming.registerPersistent(service, one!);
      await owner.naming.registerPersistent(service, two!);
      await owner.stop();
      await eventually(async () => assert.equal(await count(service), 2));
      const { naming } = start();
      await assert.rejects(naming.publish(service, instances(1)), (error) => isBridgeError(error, 'NACOS_INVALID'));
      await naming.withdraw(service);
      for (const instance of [one!, two!]) await naming.deregisterPersistent(service, instance);
      await eventually(async () => assert.equal(await count(service), 0));
    });

    it('lists services', async () => {
      const { naming } = start();
      for (const serviceName of ['x', 'y']) {
        await naming.publish({ namespaceId: '', group: 'listed', serviceName }, instances(1));
      }
      const found = await observer.list({ namespaceId: '', group: 'listed', pageNo: 1, pageSize: 10 });
      assert.deepEqual([found.count, [...found.serviceNames].sort()], [2, ['x', 'y']]);
    });

    it('never lets go of a service when the server sends its connections away', async () => {
      const service = freshService();
      const { naming } = start();
      await naming.publish(service, instances(3));
      const heard: number[] = [];
      naming.subscribe(service, ({ hosts }) => heard.push(hosts.length));
      await eventually(() => assert.deepEqual(heard, [3]));
      await nacos.resetConnections();
      await pause(5 * pushDelayMs);
      await eventually(async () => assert.equal(await count(service), 3));
      await eventually(() => naming.publish(service, instances(4)));
      await eventually(() => assert.deepEqual(heard, [3, 4]));
    });

    it('has everything again after a restart', async () => {
      const { naming } = start();
      const all = Array.from({ length: 3 }, () => freshService());
      await Promise.all(all.map((service) => naming.publish(service, instances(20))));
      await nacos.restart();
      await eventually(async () => assert.deepEqual(await Promise.all(all.map(count)), [20, 20, 20]));
    });
  });
}

function instances(length: number): Instance[] {
  return Array.from({ length }, (_, index) => ({
    ip: `198.18.${index >> 8}.${index & 255}`,
    port: 8080,
    weight: 1,
    healthy: true,
    enabled: true,
    clusterName: 'DEFAULT',
    metadata: { 'k8s.zone': 'a', app: 'x' },
  }));
}

async function eventually(check: () => void | Promise<void>): Promise<void> {
  const endMs = performance.now() + limitMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await pause(10);
    }
  }
}
