/**
 * The naming client against a server, embedded or real: that equal lists of two clients are one, that one of them may go
 * without a trace, and that services outlive moves, resets and a restart of the server. What is proven on the one kind of
 * server holds on the other.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { isBridgeError } from '../../../operator/errors.ts';
import { NacosClient } from '../../../operator/nacos/client.ts';
import type { NamingClient } from '../../../operator/nacos/naming/naming-client.ts';
import type { Instance, ServiceKey } from '../../../operator/nacos/naming/naming-types.ts';
import type { Credentials } from '../../../operator/nacos/transport/login.ts';
import { eventually } from '../../eventually.ts';

export interface NamingServer {
  readonly port: number;
  readonly credentials: Credentials | undefined;
  /** Changes are gathered for so long before they are pushed, and served. */
  readonly pushDelayMs: number;
  /** Has every client leave for another connection, and resolves when all have. */
  sendClientsAway(): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** What is promised within a second or two, on a machine that is busy. */
const soonMs = 30_000;

export function describeNamingClient(title: string, startServer: () => Promise<NamingServer>): void {
  describe(title, () => {
    let server: NamingServer;
    let observer: NamingClient;
    let services = 0;
    const clients: NacosClient[] = [];

    before(async () => {
      server = await startServer();
      observer = start().naming;
    });

    after(async () => {
      await Promise.all(clients.map((running) => running.stop()));
      await server?.stop();
    });

    function start(): NacosClient {
      const { credentials, port } = server;
      const started = new NacosClient({ servers: [`127.0.0.1:${port}`], credentials, requestTimeoutMs: 20_000 });
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

    /** The numbers of hosts that were ever seen while `work` ran and for `afterMs` more. */
    async function countsDuring(service: ServiceKey, afterMs: number, work: () => Promise<void>): Promise<number[]> {
      const seen = new Set<number>();
      const over = new AbortController();
      const watching = (async () => {
        for (; !over.signal.aborted; await pause(50)) seen.add(await count(service));
      })();
      await work();
      await pause(afterMs);
      over.abort();
      await watching;
      return [...seen].sort((a, b) => a - b);
    }

    it('replaces and withdraws the list of a service, and pushes every change', async () => {
      const service = freshService();
      const heard: number[] = [];
      observer.subscribe(service, ({ hosts }) => heard.push(hosts.length));
      const { naming } = start();
      await eventually(soonMs, async () => assert.deepEqual(heard, [0]));
      for (const size of [2, 3, 1, 0]) {
        await naming.publish(service, instances(size));
        await eventually(soonMs, async () => assert.equal(heard.at(-1), size));
      }
      assert.deepEqual(heard, [0, 2, 3, 1, 0]);
    });

    it('sends what comes back the same', async () => {
      const service = freshService('naming-test');
      const [sent] = instances(1).map((one) => ({
        ...one,
        port: 0,
        weight: 0.25,
        healthy: false,
        clusterName: 'zone-a_1',
      }));
      await start().naming.publish(service, [sent!]);
      await eventually(soonMs, async () => {
        const [host] = (await observer.query(service)).hosts;
        const { instanceId, ephemeral, ...same } = host!;
        assert.deepEqual(same, sent);
        assert.deepEqual([instanceId.startsWith(sent!.ip), ephemeral], [true, true]);
      });
    });

    it('shows equal lists of two clients once, and loses nothing when one of them dies', async () => {
      const service = freshService();
      const [a, b] = [start(), start()];
      await a.naming.publish(service, instances(3));
      await eventually(soonMs, async () => assert.equal(await count(service), 3));
      const counts = await countsDuring(service, 3 * server.pushDelayMs, async () => {
        await b.naming.publish(service, instances(3));
        await pause(2 * server.pushDelayMs);
        await a.stop();
      });
      assert.deepEqual(counts, [3]);
      await b.stop();
      await eventually(soonMs, async () => assert.equal(await count(service), 0));
    });

    it('shows unequal instances of two clients twice, until one of them dies', async () => {
      const service = freshService();
      const [a, b] = [start(), start()];
      await a.naming.publish(service, instances(1));
      await b.naming.publish(
        service,
        instances(1).map((one) => ({ ...one, metadata: { zone: 'b' } })),
      );
      await eventually(soonMs, async () => assert.equal(await count(service), 2));
      await a.stop();
      await eventually(soonMs, async () => {
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
      await pause(server.pushDelayMs);
      assert.equal(await count(service), 2);
      await naming.publish(service, instances(4));
      await eventually(soonMs, async () => assert.equal(await count(service), 4));
    });

    it('keeps persistent instances without any client, and refuses them where instances are bound to connections', async () => {
      const service = freshService();
      // Of this machine, should the server ever dial them.
      const [one, two] = instances(2).map((instance, index) => ({ ...instance, ip: `127.0.0.${index + 1}` }));
      const owner = start();
      await owner.naming.registerPersistent(service, one!);
      await owner.naming.registerPersistent(service, two!);
      await owner.stop();
      await pause(2 * server.pushDelayMs);
      await eventually(soonMs, async () => assert.equal(await count(service), 2));
      const { naming } = start();
      await assert.rejects(naming.publish(service, instances(1)), (error) => isBridgeError(error, 'NACOS_INVALID'));
      await naming.withdraw(service);
      for (const instance of [one!, two!]) await naming.deregisterPersistent(service, instance);
      await eventually(soonMs, async () => assert.equal(await count(service), 0));
    });

    it('lists services', async () => {
      const group = `group-${services}`;
      const { naming } = start();
      for (const serviceName of ['x', 'y']) await naming.publish({ namespaceId: '', group, serviceName }, instances(1));
      const found = await observer.list({ namespaceId: '', group, pageNo: 1, pageSize: 10 });
      assert.deepEqual([found.count, [...found.serviceNames].sort()], [2, ['x', 'y']]);
    });

    it('never lets go of a service when the server sends its connection away', async () => {
      const service = freshService();
      const { naming } = start();
      await naming.publish(service, instances(3));
      const heard: number[] = [];
      naming.subscribe(service, ({ hosts }) => heard.push(hosts.length));
      await eventually(soonMs, async () => assert.equal(await count(service), 3));
      const counts = await countsDuring(service, 2 * server.pushDelayMs, () => server.sendClientsAway());
      assert.deepEqual([counts, heard], [[3], [3]]);
      await naming.publish(service, instances(4));
      await eventually(soonMs, async () => assert.deepEqual(heard, [3, 4]));
    });

    it('spreads 2,500 instances over two connections, moves what outgrows one, and is back after a restart', async () => {
      const { naming } = start();
      const all = Array.from({ length: 5 }, () => freshService());
      const grown = all[0]!;
      await Promise.all(all.map((service) => naming.publish(service, instances(500))));
      assert.deepEqual([naming.connections.count, naming.published], [2, { services: 5, instances: 2_500 }]);
      await eventually(soonMs, async () => assert.equal(await count(grown), 500));
      const counts = await countsDuring(grown, 2 * server.pushDelayMs, () => naming.publish(grown, instances(501)));
      assert.deepEqual(counts, [500, 501]);
      await server.kill();
      await eventually(soonMs, async () => assert.equal(naming.connections.count, 0));
      await server.start();
      await eventually(30_000, async () => assert.equal(naming.published.instances, 2_501));
      await eventually(soonMs, async () => {
        const found = await Promise.all(all.map(count));
        assert.deepEqual(found, [501, 500, 500, 500, 500]);
      });
      assert.equal(naming.connections.count, 2);
    });
  });
}

function instances(count: number): Instance[] {
  return Array.from({ length: count }, (_, index) => ({
    // Of the range for documentation and tests; no server dials what is bound to a connection.
    ip: `198.18.${index >> 8}.${index & 255}`,
    port: 8080,
    weight: 1,
    healthy: true,
    enabled: true,
    clusterName: 'DEFAULT',
    metadata: { 'k8s.zone': 'a', app: 'x' },
  }));
}

/** Resolves when every client that the server knew before `send` has another connection, and no other. */
export async function sentAway(
  connectionIds: () => Promise<readonly string[]>,
  send: (before: readonly string[]) => Promise<void>,
): Promise<void> {
  const before = await connectionIds();
  await send(before);
  await eventually(soonMs, async () => {
    const after = await connectionIds();
    assert.ok(after.length === before.length && after.every((id) => !before.includes(id)), String(after));
  });
}
