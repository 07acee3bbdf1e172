import assert from 'node:assert/strict';
import type { Host, ServiceInfo } from '../../operator/nacos/naming/naming-types.ts';
import { GhostWatch, GHOST_AFTER_MS, unwantedHosts } from '../../operator/service-sync/ghosts.ts';
import type { PublishedRecord } from '../../operator/service-sync/publications.ts';
import { FakeClock } from '../fake-clock.ts';

function host(ip: string, cluster = 'c1'): Host {
  const metadata = { 'k8s.cluster': cluster };
  return {
    ip,
    port: 80,
    weight: 1,
    healthy: true,
    enabled: true,
    clusterName: 'DEFAULT',
    metadata,
    instanceId: '',
    ephemeral: true,
  };
}

function setUp() {
  const clock = new FakeClock();
  let tell: (info: ServiceInfo) => void = () => {};
  let subscriptions = 0;
  const naming = {
    subscribe: (_: unknown, listener: (info: ServiceInfo) => void) => {
      tell = listener;
      subscriptions += 1;
      return { current: undefined, stop: () => (subscriptions -= 1) };
    },
  };
  const service = { namespaceId: '', group: 'g', serviceName: 's' };
  const client = { naming } as unknown as PublishedRecord['address']['client'];
  const record = (ips: string[]): PublishedRecord => ({
    address: { connection: 'c', client, service },
    instances: ips.map((ip) => host(ip)),
    counts: { total: 0, ready: 0, draining: 0, published: 0 },
    state: 'confirmed',
  });
  const changed: string[] = [];
  const ghosts = new GhostWatch(() => 'c1', clock);
  ghosts.onChange((exportId) => changed.push(exportId));
  const push = (hosts: Host[]) => tell({ hosts, lastRefTimeMs: 0, reachProtectionThreshold: false });
  const follow = (ips: string[]) => ghosts.follow('e', new Map([['s', record(ips)]]));
  return { clock, ghosts, push, follow, changed, record, subscriptions: () => subscriptions };
}

describe('ghosts', () => {
  it('are hosts of our cluster that nothing asks for, once they have stayed for a while', async () => {
    const { clock, ghosts, push, follow, changed } = setUp();
    follow(['10.0.0.1']);
    push([host('10.0.0.1'), host('10.0.0.2'), host('10.0.0.3', 'other cluster')]);
    assert.deepEqual(changed, ['e']);
    assert.equal(ghosts.count('e'), 0);
    assert.equal(ghosts.suspects('e'), 1);
    await clock.advance(GHOST_AFTER_MS);
    assert.equal(ghosts.count('e'), 1);
    assert.equal(ghosts.total(), 1);
  });

  it('are not hosts that we have just withdrawn and that the next push takes away', async () => {
    const { clock, ghosts, push, follow } = setUp();
    follow(['10.0.0.1', '10.0.0.2']);
    push([host('10.0.0.1'), host('10.0.0.2')]);
    follow(['10.0.0.1']);
    assert.equal(ghosts.suspects('e'), 1);
    push([host('10.0.0.1')]);
    await clock.advance(GHOST_AFTER_MS);
    assert.equal(ghosts.count('e'), 0);
  });

  it('subscribe to each record once, and leave with it', () => {
    const { ghosts, follow, subscriptions } = setUp();
    follow(['10.0.0.1']);
    follow(['10.0.0.2']);
    assert.equal(subscriptions(), 1);
    ghosts.stop();
    assert.equal(subscriptions(), 0);
  });

  it('count a host that stands there twice once', () => {
    const { record } = setUp();
    const twice = [host('10.0.0.1'), { ...host('10.0.0.1'), weight: 2 }];
    assert.deepEqual([...unwantedHosts(twice, record(['10.0.0.1']), 'c1')], ['10.0.0.1 80 DEFAULT twice']);
  });
});
