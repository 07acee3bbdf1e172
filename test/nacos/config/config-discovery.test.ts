import assert from 'node:assert/strict';
import type { NacosClient } from '../../../operator/nacos/client.ts';
import type { NacosClientOptions } from '../../../operator/nacos/client-options.ts';
import type { ConfigDiscovery } from '../../../operator/nacos/config/config-discoveries.ts';
import type { ConfigPattern } from '../../../operator/nacos/config/config-pattern.ts';
import type { DiscoveryChange } from '../../../operator/nacos/config/discovery-state.ts';
import { FakeClock } from '../../fake-clock.ts';
import { clientFor, nacosServer, type ObservedNacos, stopAll, type TestClient } from '../client-for.ts';
import { plain } from './config-samples.ts';
import { until } from '../until.ts';

const apps = { namespaceId: '', group: 'g', dataId: 'app-*' };
const key = (dataId: string, group = 'g', namespaceId = '') => ({ namespaceId, group, dataId });
const many = (count: number, prefix = 'app-') => Array.from({ length: count }, (_, index) => `${prefix}${index}`);

function clientOf(nacos: ObservedNacos, options: Partial<NacosClientOptions> = {}): TestClient {
  return clientFor([nacos], { requestTimeoutMs: 20_000, ...options });
}

async function publish(client: NacosClient, ...dataIds: readonly string[]): Promise<void> {
  await Promise.all(dataIds.map((dataId) => client.config.publish(key(dataId), 'x', plain)));
}

async function remove(client: NacosClient, ...dataIds: readonly string[]): Promise<void> {
  await Promise.all(dataIds.map((dataId) => client.config.remove(key(dataId))));
}

/** A client whose time runs fifty times as fast, and one pattern that it discovers. */
class Finder {
  readonly clock = new FakeClock();
  readonly test: TestClient;
  readonly changes: DiscoveryChange[] = [];
  readonly discovery: ConfigDiscovery;

  constructor(nacos: ObservedNacos, pattern: ConfigPattern, options: Partial<NacosClientOptions> = {}) {
    this.test = clientOf(nacos, { clock: this.clock, requestTimeoutMs: 120_000, ...options });
    this.discovery = this.test.client.config.discover(pattern, (change) => this.changes.push(change));
  }

  get events(): string[] {
    return this.changes.flatMap(({ added, removed }) => [
      ...added.map(({ dataId }) => `+${dataId}`).sort(),
      ...removed.map(({ dataId }) => `-${dataId}`).sort(),
    ]);
  }

  get found(): string[] {
    return Array.from(this.discovery.names(), ({ dataId }) => dataId).sort();
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    await until(what, condition, () => this.clock.advance(200));
  }

  async finds(...dataIds: readonly string[]): Promise<void> {
    const wanted = [...dataIds].sort().join();
    await this.until(`finds ${wanted}`, () => this.discovery.state.isComplete && this.found.join() === wanted);
  }
}

async function requests(test: TestClient, operation: string): Promise<number> {
  const metric = await test.registry.getSingleMetric('nacos_requests_total')?.get();
  const values = metric?.values.filter(({ labels }) => labels['operation'] === operation) ?? [];
  return values.reduce((sum, { value }) => sum + value, 0);
}

for (const generation of ['3.1', '2.3'] as const) {
  const mode = generation === '3.1' ? 'FuzzyWatch' : 'Listing';

  describe(`The discovery of configs on an embedded Nacos ${generation}`, () => {
    afterEach(stopAll);

    it('finds what matches, what appears and what is gone', async () => {
      const nacos = await nacosServer({ generation });
      const { client } = clientOf(nacos);
      await publish(client, 'app-1', 'app-2', 'other');
      await client.config.publish(key('app-3', 'g', 'team'), 'x', plain);
      const finder = new Finder(nacos, apps);
      await finder.finds('app-1', 'app-2');
      assert.equal(finder.discovery.state.mode, mode);
      await publish(client, 'app-4', 'another');
      await finder.finds('app-1', 'app-2', 'app-4');
      await publish(client, 'app-4');
      await remove(client, 'app-1', 'other');
      await finder.finds('app-2', 'app-4');
      assert.deepEqual(finder.events, ['+app-1', '+app-2', '+app-4', '-app-1']);
    });

    it('finds more than one batch or page, in a namespace', async () => {
      const nacos = await nacosServer({ generation });
      const { client } = clientOf(nacos);
      const dataIds = many(130);
      await Promise.all(dataIds.map((dataId) => client.config.publish(key(dataId, 'g', 'team'), 'x', plain)));
      const finder = new Finder(nacos, { namespaceId: 'team', group: '*', dataId: '*' });
      await finder.finds(...dataIds);
    });

    it('keeps what it knows through an outage, and then hears what has changed', async () => {
      const nacos = await nacosServer({ generation });
      const { client } = clientOf(nacos);
      await publish(client, 'app-1', 'app-2');
      const finder = new Finder(nacos, apps);
      await finder.finds('app-1', 'app-2');
      await nacos.stopServing();
      await finder.until('lost', () => finder.test.client.state.kind !== 'connected');
      assert.deepEqual([finder.discovery.state.isComplete, finder.found.length], [false, 2]);
      await finder.clock.advance(20_000);
      await nacos.startServing();
      const { client: fresh } = clientOf(nacos);
      await publish(fresh, 'app-3');
      await remove(fresh, 'app-1');
      await finder.finds('app-2', 'app-3');
      assert.deepEqual(finder.events, ['+app-1', '+app-2', '+app-3', '-app-1']);
    });

    it('asks once for several listeners, and tells each everything once', async () => {
      const nacos = await nacosServer({ generation });
      await publish(clientOf(nacos).client, 'app-1');
      const finder = new Finder(nacos, apps);
      await finder.finds('app-1');
      const late: string[] = [];
      const hear = ({ added }: DiscoveryChange): void => added.forEach(({ dataId }) => late.push(dataId));
      const { config } = finder.test.client;
      const others = [config.discover(apps, hear), config.discover({ ...apps, namespaceId: 'public' }, hear)];
      assert.deepEqual(late, [], 'not from within the call');
      await until('both', () => late.length === 2);
      others[0]?.stop();
      others[0]?.stop();
      await publish(clientOf(nacos).client, 'app-2');
      await finder.finds('app-1', 'app-2');
      assert.deepEqual(late, ['app-1', 'app-1', 'app-2']);
      const rounds = generation === '3.1' ? 'config_fuzzy_watch' : 'admin_list_configs';
      assert.ok((await requests(finder.test, rounds)) <= 3);
    });

    it('hears nothing after its end, and all when it is begun again at once', async () => {
      const nacos = await nacosServer({ generation });
      const { client } = clientOf(nacos);
      await publish(client, 'app-1');
      const finder = new Finder(nacos, apps);
      await finder.finds('app-1');
      finder.discovery.stop();
      const again: DiscoveryChange[] = [];
      const discovery = finder.test.client.config.discover(apps, (change) => again.push(change));
      await publish(client, 'app-2');
      await finder.until('found again', () => [...discovery.names()].length === 2);
      await remove(client, 'app-1');
      await finder.until('gone', () => [...discovery.names()].length === 1);
      assert.deepEqual(finder.events, ['+app-1']);
    });

    it('says why it finds nothing without a login, and goes on with one', async () => {
      const nacos = await nacosServer({ generation, auth: { password: 'secret-1' } });
      const credentials = { username: 'nacos', password: 'secret-1' };
      await publish(clientOf(nacos, { credentials }).client, 'app-1');
      const finder = new Finder(nacos, apps, { credentials: { ...credentials, password: 'wrong' } });
      await finder.until('told', () => finder.discovery.state.lastError?.code === 'NACOS_UNAUTHENTICATED');
      assert.deepEqual([finder.discovery.state.isComplete, finder.found], [false, []]);
      finder.test.client.setCredentials(credentials);
      await finder.finds('app-1');
      assert.deepEqual([finder.discovery.state.mode, finder.discovery.state.lastError], [mode, undefined]);
    });
  });
}

describe('The discovery of configs', () => {
  afterEach(stopAll);

  it('lists more configs than a watch may have, and removes none of them for that', async () => {
    const nacos = await nacosServer();
    const { client } = clientOf(nacos);
    const dataIds = many(499);
    await publish(client, ...dataIds);
    const finder = new Finder(nacos, apps);
    await finder.finds(...dataIds);
    assert.equal(finder.discovery.state.mode, 'FuzzyWatch');
    const more = many(30, 'app-more-');
    await publish(client, ...more);
    await finder.finds(...dataIds, ...more);
    assert.equal(finder.discovery.state.mode, 'Listing');
    assert.match(finder.discovery.state.watchError?.message ?? '', /fuzzy watch of g\/app-\*: .*over limit/);
    assert.ok(finder.events.every((event) => event.startsWith('+')));
  });

  it('lists the 21st pattern of a server, and watches it over the next connection when another one has ended', async () => {
    const nacos = await nacosServer();
    const { client, connected } = clientOf(nacos);
    await connected();
    await publish(client, 'app-1');
    const others = many(20, 'p').map((dataId) => client.config.discover(key(`${dataId}-*`), () => {}));
    await until('watched', () => others.every(({ state }) => state.mode === 'FuzzyWatch'));
    const finder = new Finder(nacos, apps);
    await finder.finds('app-1');
    assert.equal(finder.discovery.state.mode, 'Listing');
    others[0]?.stop();
    await nacos.resetConnections();
    await finder.until('watched', () => finder.discovery.state.mode === 'FuzzyWatch');
    assert.deepEqual(finder.events, ['+app-1']);
  });

  it('takes no error and no cut connection for the end of anything', async () => {
    const nacos = await nacosServer({ generation: '2.3' });
    await publish(clientOf(nacos).client, 'app-1');
    const finder = new Finder(nacos, apps);
    await finder.finds('app-1');
    const faults = [
      { fault: { kind: 'status', status: 500 }, times: 2 },
      { fault: { kind: 'reset' }, times: 2 },
      { fault: { kind: 'half-answer' }, times: 2 },
    ] as const;
    for (const { fault, times } of faults) {
      const { strikes } = nacos.faults;
      nacos.faults.add({ on: 'GET /v1/cs/history/configs', fault, times });
      await finder.until(`struck by ${fault.kind}`, () => nacos.faults.strikes === strikes + times);
    }
    await finder.until('well again', () => finder.discovery.state.lastError === undefined);
    assert.deepEqual(finder.events, ['+app-1']);
  });
});
