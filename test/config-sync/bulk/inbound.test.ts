/** What is made of a dataId that is found: from when on it counts as absent, and what is told when it cannot be read. */
import assert from 'node:assert/strict';
import type { NacosConfigSync } from '../../../operator/api/resources.ts';
import { InboundSync } from '../../../operator/config-sync/bulk/inbound.ts';
import { compileMapping } from '../../../operator/config-sync/bulk/mapping.ts';
import { unrestricted } from '../../../operator/connections/allowance.ts';
import type { ConnectionHandle } from '../../../operator/connections/connection-directory.ts';
import { BridgeError } from '../../../operator/errors.ts';
import { silentLogger } from '../../../operator/logger.ts';
import { NacosClient } from '../../../operator/nacos/client.ts';
import type { DiscoveryListener } from '../../../operator/nacos/config/config-discoveries.ts';
import type { ConfigObservation } from '../../../operator/nacos/config/config-snapshot.ts';
import type { ConfigListener } from '../../../operator/nacos/config/config-watch.ts';
import type { DiscoveryState } from '../../../operator/nacos/config/discovery-state.ts';
import { FakeClock } from '../../fake-clock.ts';
import { MirrorCluster, present } from '../mirror/mirror-cluster.ts';
import { syncOf } from './samples.ts';

const one = { group: 'g', dataId: 'one' };
const state: DiscoveryState = { mode: 'Listing', watchError: undefined, isComplete: true, lastError: undefined };
const { signal } = new AbortController();

describe('a NacosConfigSync that mirrors, and finds a dataId', () => {
  const clock = new FakeClock();
  let cluster: MirrorCluster;
  let sync: NacosConfigSync;

  before(async () => {
    cluster = await MirrorCluster.start(clock);
    const { apiVersion, kind, metadata } = await cluster.newConfig({ mirror: { configMap: { name: 'unused' } } });
    const spec = { source: 'Nacos', syncDeletion: true, mapping: { objectName: 'settings' } } as const;
    sync = { ...syncOf(spec), apiVersion, kind, metadata };
  });

  after(() => cluster.stop());

  /** As a process begins: what it hears of Nacos the test says. */
  function begin() {
    const heard: { found?: DiscoveryListener; served?: ConfigListener; lastError?: BridgeError } = {};
    let current: ConfigObservation | undefined;
    const config = {
      discover(_: unknown, found: DiscoveryListener) {
        heard.found = found;
        return { state, names: () => [], stop: () => {} };
      },
      watch(_: unknown, served: ConfigListener) {
        heard.served = (observation) => served((current = observation));
        return {
          get current() {
            return current;
          },
          get lastError() {
            return heard.lastError;
          },
          stop: () => {},
        };
      },
      read: async () => undefined,
    };
    const client = Object.create(NacosClient.prototype, { config: { value: config } }) as NacosClient;
    const title = 'The connection';
    const connection: ConnectionHandle = {
      title,
      client,
      servers: ['a:8848'],
      namespaceId: '',
      allowance: unrestricted,
    };
    const running = new InboundSync({
      sync,
      mapping: compileMapping(sync.spec, 'default'),
      connection,
      goneMs: [],
      clock,
      objects: cluster.access,
      requireSecrets: () => {},
      onWork: () => {},
      onWritten: () => {},
      onProblem: () => {},
      onLeft: () => {},
    });
    const pass = async () => {
      const result = await running.pass(sync, silentLogger, signal);
      await cluster.observe();
      return result;
    };
    /** Long enough for all that waits a moment. */
    const passes = async () => {
      await pass();
      await clock.advance(10_000);
      await pass();
      // After what the watch has brought of that.
      await pass();
    };
    return { heard, running, pass, passes };
  }

  const data = async () => (await cluster.configMap('settings'))?.data;

  it('that is not served yet keeps its key, and all from being in sync, for a moment', async () => {
    const former = begin();
    former.heard.found?.({ added: [one], removed: [], state });
    former.heard.served?.(present('1'));
    await former.passes();
    assert.deepEqual([former.running.isComplete, await data()], [true, { one: '1' }]);

    const { heard, pass, passes, running } = begin();
    heard.found?.({ added: [one], removed: [], state });
    assert.equal(running.isComplete, false, 'it was not read yet');
    heard.served?.({ kind: 'absent' });
    for (let elapsedMs = 0; elapsedMs < 1500; elapsedMs += 500) {
      assert.equal((await pass()).nextMs, 5000);
      assert.deepEqual([running.isComplete, running.tally.counts.pending, await data()], [false, 1, { one: '1' }]);
      await clock.advance(500);
    }
    await passes();
    await passes();
    assert.deepEqual([running.isComplete, running.tally.total, await data()], [true, 0, undefined]);
  });

  it('that was served and is absent now loses its key, although it is found still', async () => {
    const { heard, passes, running } = begin();
    heard.found?.({ added: [one], removed: [], state });
    heard.served?.(present('1'));
    await passes();
    assert.deepEqual(await data(), { one: '1' });
    heard.served?.({ kind: 'absent' });
    await passes();
    assert.deepEqual([running.tally.total, await data()], [0, undefined]);
  });

  it('that cannot be read says why, as soon as it is looked at again', async () => {
    const { heard, passes, running } = begin();
    heard.found?.({ added: [one], removed: [], state });
    heard.lastError = new BridgeError('NACOS_FORBIDDEN', 'it may not be read');
    await passes();
    assert.deepEqual([running.tally.counts.failing, running.tally.worst(1)[0]?.message], [1, 'it may not be read']);
  });
});
