/**
 * Finding configs on real servers of both generations: what an embedded one cannot prove. Lists from a real database, the
 * limits of fuzzy watches and the silence beyond them, and a server that has just started. Time runs five times as fast
 * for the client, so that half a minute between two listings does not take that long.
 */
import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { systemClock } from '../../operator/clock.ts';
import type { Clock } from '../../operator/clock.ts';
import { silentLogger } from '../../operator/logger.ts';
import { NacosClient } from '../../operator/nacos/client.ts';
import type { ConfigDiscovery } from '../../operator/nacos/config/config-discoveries.ts';
import type { ConfigPattern } from '../../operator/nacos/config/config-pattern.ts';
import { createNacosMetrics } from '../../operator/connections/nacos-metrics.ts';
import { parseServerAddresses } from '../../operator/nacos/transport/server-address.ts';
import { startNacos } from '../testbed/nacos.ts';
import type { NacosServer } from '../testbed/nacos.ts';
import { eventually } from '../eventually.ts';

const plain = { type: 'text', cas: 'none' } as const;
const pace = 5;
const fastClock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * pace,
  after: (delayMs, callback) => systemClock.after(delayMs / pace, callback),
};
const many = (count: number, prefix: string) => Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

for (const version of ['3.1', '2.3'] as const) {
  const usualMode = version === '3.1' ? 'FuzzyWatch' : 'Listing';

  describe(`the discovery of configs on a real Nacos ${version}`, function () {
    this.timeout(240_000);

    let nacos: NacosServer;
    let client: NacosClient;
    let writer: NacosClient;

    before(async () => {
      nacos = await startNacos(version);
      client = start(fastClock);
      writer = start(systemClock);
    });

    after(async () => {
      await client?.stop();
      await writer?.stop();
      await nacos?.stop();
    });

    function start(clock: Clock): NacosClient {
      const started = new NacosClient({
        servers: parseServerAddresses(`127.0.0.1:${nacos.port}`),
        credentials: { username: 'nacos', password: nacos.password },
        // Hundreds of writes wait for their turn, on a machine that may be busy with something else.
        requestTimeoutMs: 200_000,
        clientName: 'Test-Client:v1',
        appName: 'test',
        log: silentLogger,
        clock,
        metrics: createNacosMetrics(new Registry(), ''),
      });
      started.start();
      return started;
    }

    async function publish(namespaceId: string, ...dataIds: readonly string[]): Promise<void> {
      // The embedded database of a busy server gives up one of two writes that wait for each other, and undoes it.
      const one = (dataId: string) =>
        eventually(40_000, () => writer.config.publish({ namespaceId, group: 'g', dataId }, 'x', plain));
      await Promise.all(dataIds.map(one));
    }

    async function remove(namespaceId: string, ...dataIds: readonly string[]): Promise<void> {
      await Promise.all(dataIds.map((dataId) => writer.config.remove({ namespaceId, group: 'g', dataId })));
    }

    function discover(pattern: ConfigPattern): { discovery: ConfigDiscovery; removed: string[] } {
      const removed: string[] = [];
      const discovery = client.config.discover(pattern, (change) => {
        removed.push(...change.removed.map(({ dataId }) => dataId));
      });
      return { discovery, removed };
    }

    function finds(discovery: ConfigDiscovery, dataIds: readonly string[], limitMs = 40_000): Promise<void> {
      return eventually(limitMs, async () => {
        assert.deepEqual(Array.from(discovery.names(), ({ dataId }) => dataId).sort(), [...dataIds].sort());
        assert.equal(discovery.state.lastError, undefined);
      });
    }

    it('lists what matches, over several pages, and no more', async () => {
      // One page and a bit.
      const dataIds = many(version === '3.1' ? 510 : 210, 'listed');
      await publish('list_1', ...dataIds, 'a_b', 'aXb', 'other');
      await publish('listX1', 'a_b');
      await eventually(40_000, async () => {
        const { configs, isComplete } = await writer.admin.listConfigs({
          namespaceId: 'list_1',
          group: '*',
          dataId: 'list*',
        });
        assert.deepEqual([configs.length, isComplete], [dataIds.length, true]);
      });
      const { configs } = await writer.admin.listConfigs({ namespaceId: 'list_1', group: 'g', dataId: 'a_b' });
      assert.deepEqual(
        configs.map(({ dataId, group, type }) => [group, dataId, type]),
        [['g', 'a_b', 'text']],
      );
      const none = await writer.admin.listConfigs({ namespaceId: 'list_1', group: 'g', dataId: 'nothing*' });
      assert.deepEqual(none, { configs: [], isComplete: true });
    });

    it('finds what is there, what appears and what is gone', async () => {
      await publish('', 'app-1', 'app-2', 'other');
      const { discovery, removed } = discover({ namespaceId: '', group: 'g', dataId: 'app-*' });
      await finds(discovery, ['app-1', 'app-2']);
      await eventually(10_000, async () => assert.equal(discovery.state.mode, usualMode));
      assert.equal(discovery.state.isComplete, true);
      await publish('', 'app-3', 'app-1');
      await remove('', 'app-2');
      await finds(discovery, ['app-1', 'app-3']);
      assert.deepEqual(removed, ['app-2']);
      discovery.stop();
    });

    it('finds what is beyond the limit of a fuzzy watch', async () => {
      const few = many(499, 'many');
      await publish('team', ...few);
      const { discovery, removed } = discover({ namespaceId: 'team', group: '*', dataId: 'many-*' });
      await finds(discovery, few);
      await eventually(10_000, async () => assert.equal(discovery.state.mode, usualMode));
      const more = many(30, 'many-more');
      await publish('team', ...more);
      await finds(discovery, [...few, ...more]);
      await eventually(10_000, async () => assert.equal(discovery.state.mode, 'Listing'));
      await remove('team', 'many-7', 'many-more-7');
      await finds(
        discovery,
        [...few, ...more].filter((dataId) => !dataId.endsWith('-7')),
      );
      assert.deepEqual(removed.sort(), ['many-7', 'many-more-7']);
      discovery.stop();
    });

    it('takes nothing for gone when the server starts anew', async () => {
      const dataIds = many(50, 'kept');
      await publish('team', ...dataIds);
      const { discovery, removed } = discover({ namespaceId: 'team', group: '*', dataId: 'kept*' });
      await finds(discovery, dataIds);
      await nacos.kill('SIGTERM');
      await eventually(20_000, async () => assert.equal(discovery.state.isComplete, false));
      await nacos.start();
      await eventually(60_000, async () => assert.equal(discovery.state.isComplete, true));
      await publish('team', 'kept-new');
      await finds(discovery, [...dataIds, 'kept-new']);
      assert.deepEqual([discovery.state.mode, removed], [usualMode, []]);
    });
  });
}
