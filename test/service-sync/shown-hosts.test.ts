import assert from 'node:assert/strict';
import type { Host, ServiceInfo } from '../../operator/nacos/naming/naming-types.ts';
import type { PublishedRecord } from '../../operator/service-sync/publications.ts';
import { ShownHosts, TOLD_AFTER_MS } from '../../operator/service-sync/shown-hosts.ts';
import { FakeClock } from '../fake-clock.ts';
import { host } from './hosts.ts';

function setUp() {
  const clock = new FakeClock();
  let tell: (info: ServiceInfo) => void = () => {};
  let subscriptions = 0;
  const naming = {
    isSettled: true,
    subscribe: (_: unknown, listener: (info: ServiceInfo) => void) => {
      tell = listener;
      subscriptions += 1;
      return { current: undefined, stop: () => (subscriptions -= 1) };
    },
  };
  const service = { namespaceId: '', group: 'g', serviceName: 's' };
  const client = { naming } as unknown as PublishedRecord['address']['client'];
  const record = (ips: string[], state: PublishedRecord['state'] = 'confirmed'): PublishedRecord => ({
    address: { connection: 'c', client, servers: [], service },
    instances: ips.map((ip) => host(ip)),
    counts: { total: 0, ready: 0, draining: 0, published: 0 },
    state,
  });
  const changed: string[] = [];
  const shown = new ShownHosts({ clusterId: () => 'c1', clock, publisherOf: () => undefined });
  shown.onChange((exportId) => changed.push(exportId));
  const push = (hosts: Host[]) => tell({ hosts, lastRefTimeMs: 0, reachProtectionThreshold: false });
  const followRecord = (one: PublishedRecord) =>
    shown.follow('e', new Map([['s', { record: one, service: 'shop/orders' }]]));
  const follow = (ips: string[]) => followRecord(record(ips));
  const found = () => shown.findings('e').map(({ finding }) => `${finding.kind} ${finding.member}`);
  return {
    clock,
    naming,
    shown,
    push,
    follow,
    followRecord,
    found,
    changed,
    record,
    subscriptions: () => subscriptions,
  };
}

describe('what Nacos shows of our services', () => {
  it('counts once it has stayed for a while', async () => {
    const { clock, shown, push, follow, found, changed } = setUp();
    follow(['10.0.0.1']);
    push([host('10.0.0.1'), host('10.0.0.2'), host('10.0.0.3', 'other cluster')]);
    assert.deepEqual(changed, ['e']);
    assert.deepEqual(found(), []);
    assert.equal(shown.suspects('e'), 1);
    await clock.advance(TOLD_AFTER_MS);
    assert.deepEqual(found(), ['ghost 10.0.0.2:80']);
    assert.equal(shown.total('ghost'), 1);
    assert.equal(shown.total('twin'), 0);
  });

  it('is nothing where we have just withdrawn a host that the next push takes away', async () => {
    const { clock, shown, push, follow, found } = setUp();
    follow(['10.0.0.1', '10.0.0.2']);
    push([host('10.0.0.1'), host('10.0.0.2')]);
    follow(['10.0.0.1']);
    assert.equal(shown.suspects('e'), 1);
    push([host('10.0.0.1')]);
    await clock.advance(TOLD_AFTER_MS);
    assert.deepEqual(found(), []);
  });

  it('is hidden by somebody only when it was confirmed for a while and nothing is to be sent again', async () => {
    const { clock, naming, push, follow, followRecord, found, record } = setUp();
    follow(['10.0.0.2']);
    const one = record(['10.0.0.1'], 'pending');
    followRecord(one);
    push([]);
    await clock.advance(TOLD_AFTER_MS);
    one.state = 'confirmed';
    followRecord(one);
    assert.deepEqual(found(), [], 'it may come with the next push');
    await clock.advance(TOLD_AFTER_MS);
    assert.deepEqual(found(), ['override 10.0.0.1:80']);
    naming.isSettled = false;
    assert.deepEqual(found(), []);
  });

  it('is not asked for before Nacos has answered to the first list', () => {
    const { followRecord, record, subscriptions } = setUp();
    followRecord(record(['10.0.0.1'], 'pending'));
    assert.equal(subscriptions(), 0);
    followRecord(record(['10.0.0.1']));
    followRecord(record(['10.0.0.2'], 'pending'));
    assert.equal(subscriptions(), 1);
  });

  it('is subscribed to once for each record, for as long as that is published', () => {
    const { shown, follow, subscriptions } = setUp();
    follow(['10.0.0.1']);
    follow(['10.0.0.2']);
    assert.equal(subscriptions(), 1);
    shown.stop();
    assert.equal(subscriptions(), 0);
  });
});
