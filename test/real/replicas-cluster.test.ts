/**
 * Two replicas on a Nacos cluster of two nodes, of which one is stopped and comes back. The clients of the node that stays
 * are the judges: they lose nothing that is live. What is withdrawn while the node is down may stay in their sight, since
 * its records are the server's own: the operator counts it as ghosts.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../eventually.ts';
import { outOfSightMs, refill, withdraw } from './replicas/blindness.ts';
import { figure } from './replicas/figure.ts';
import { sideName } from './replicas/nacos-side.ts';
import type { ReplicaWorld } from './replicas/replica-world.ts';
import { rounds } from './replicas/rounds.ts';
import { sharedReplicaWorld, startLimitMs } from './replicas/shared-replica-world.ts';
import { describeFindings, longestMs, removals } from './replicas/sights.ts';
import type { Finding } from './replicas/sights.ts';

const services = 5;
/** The server forgets clients of a node that is gone after three minutes. */
const ghostLimitMs = 240_000;
const countedLimitMs = 30_000;
const returnLimitMs = 300_000;
/** For replicas that find themselves at the same node. */
const spreadMs = 10_000;
const spreadLimitMs = 60_000;
const settleLimitMs = 120_000;
/** The nodes tell each other every second; under load it takes longer. */
const syncMs = 3000;
const resets = 3;
/** A connection that is lost sooner is not made again at once: a server that drops everybody is not to be hammered. */
const lastedMs = 11_000;

if (sideName === 'cluster') {
  describe('two replicas on two nodes of Nacos', function () {
    this.timeout(ghostLimitMs + returnLimitMs + 120_000);
    let world: ReplicaWorld;

    before(async function () {
      this.timeout(startLimitMs);
      world = await sharedReplicaWorld();
      await world.settled();
    });

    it('publish over different nodes', async () => {
      await publishOverBoth();
    });

    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      it(`lose no instance when a node is stopped by ${signal} and started again`, async () => {
        // Anew, since replicas whose node was away do not go back to it for a while.
        await rounds.upgrade(world, 0);
        await world.settled();
        await publishOverBoth();
        const stopped = await mostUsedNode();
        const staying = 1 - stopped;
        const server = world.nacos.nodes[stopped];
        assert.ok(server);
        const fromMs = performance.now();
        await server.kill(signal);
        // Both publish at the node that stays; records of the other one may stand beside theirs.
        await eventually(60_000, async () => {
          const links = await Promise.all(world.replicas.map((replica) => world.links(replica)));
          for (const { nacos } of links) assert.ok((nacos[staying]?.grpc.connections ?? 0) > 0);
        });
        const withdrawal = await withdraw(world, services);
        const ghosts = await mostGhosts(() => outOfSightMs(world, withdrawal, ghostLimitMs, [staying]));
        figure(`${signal}.withdrawn-out-of-sight`, ghosts.result / 1000, 's');
        figure(`${signal}.ghosts-in-status`, ghosts.most, 'instances');
        assertNothingLost(fromMs, staying);
        if (ghosts.result > countedLimitMs) assert.equal(ghosts.most, services, 'ghosts in status');
        await server.start();
        await world.settled(returnLimitMs);
        assertNothingLost(fromMs, staying);
        figure(`${signal}.removals-at-the-node-that-came-back`, lost(fromMs, stopped).length, 'instances');
        await refill(world, withdrawal);
        await world.settled(returnLimitMs);
        await eventually(countedLimitMs, async () => assert.equal(await ghostsInStatus(), 0));
      });
    }

    it('are missing no longer after a reset while a node is starting than while both are up', async () => {
      await world.scale(1);
      try {
        const stopped = await mostUsedNode();
        const staying = 1 - stopped;
        let left = resets;
        const whileUpMs = await longestAfterResets(staying, () => (left -= 1) >= 0);
        const server = world.nacos.nodes[stopped];
        assert.ok(server);
        await server.kill('SIGTERM');
        await eventually(settleLimitMs, async () => world.assertToldEqual(staying));
        const started = server.start();
        let isStarting = true;
        void started.finally(() => (isStarting = false)).catch(() => {});
        const whileStartingMs = await longestAfterResets(staying, () => isStarting);
        await started;
        figure('missing-after-a-reset.both-up', whileUpMs / 1000, 's');
        figure('missing-after-a-reset.one-starting', whileStartingMs / 1000, 's');
        assert.ok(whileStartingMs < whileUpMs + syncMs, `${whileStartingMs} ms, and with both up ${whileUpMs} ms`);
      } finally {
        await world.scale(2);
      }
    });

    /** For how long an instance was missing at most, at one node, while the one replica was reset again and again. */
    async function longestAfterResets(node: number, goesOn: () => boolean): Promise<number> {
      const fromMs = performance.now();
      while (goesOn()) {
        for (const replica of world.replicas) (await world.links(replica)).resetNacos();
        await pause(syncMs);
        await eventually(settleLimitMs, async () => world.assertToldEqual(node));
        await pause(lastedMs);
      }
      // Each service is asked for in its turn: those that were missing are seen again only then.
      return eventually(settleLimitMs, async () => {
        const longest = longestMs(lost(fromMs, node));
        assert.ok(Number.isFinite(longest), 'all must be back');
        return longest;
      });
    }

    /** Waits until each node is used, and would go on being used. */
    async function publishOverBoth(): Promise<void> {
      await pause(spreadMs);
      await eventually(spreadLimitMs, async () => {
        const links = await Promise.all(world.replicas.map((replica) => world.links(replica)));
        const used = links.map(({ nacos }) => nacos.map(({ grpc }) => grpc.connections > 0));
        for (const node of world.nacos.nodes.keys()) {
          assert.ok(
            used.some((nodes) => nodes[node]),
            `node ${node} must be used; used are ${JSON.stringify(used)}`,
          );
        }
      });
      await world.settled();
    }

    /** Where most of the connections are. The proxies hide from replicas that they are at the same node. */
    async function mostUsedNode(): Promise<number> {
      const links = await Promise.all(world.replicas.map((replica) => world.links(replica)));
      const counts = world.nacos.nodes.map((_, node) =>
        links.reduce((sum, { nacos }) => sum + (nacos[node]?.grpc.connections ?? 0), 0),
      );
      return counts.indexOf(Math.max(...counts));
    }

    function lost(fromMs: number, node: number): Finding[] {
      const sights = world.observers.sights(fromMs).filter((sight) => sight.node === node);
      return removals(sights, world.services.wanted());
    }

    function assertNothingLost(fromMs: number, node: number): void {
      const found = lost(fromMs, node);
      assert.equal(found.length, 0, describeFindings(found, fromMs));
    }

    /** The highest count of ghosts that the status had meanwhile. */
    async function mostGhosts<T>(meanwhile: () => Promise<T>): Promise<{ result: T; most: number }> {
      let most = 0;
      const timer = setInterval(() => {
        void ghostsInStatus().then((now) => {
          most = Math.max(most, now);
        });
      }, 1000);
      try {
        return { result: await meanwhile(), most };
      } finally {
        clearInterval(timer);
      }
    }

    async function ghostsInStatus(): Promise<number> {
      const { group: namespace } = world.services;
      const found = await world.rest.get({
        apiVersion: 'bridge.nacos.io/v1alpha1',
        kind: 'NacosService',
        namespace,
        name: 'all',
      });
      return (found?.['status'] as { readonly ghosts?: number } | undefined)?.ghosts ?? 0;
    }
  });
}
