import assert from 'node:assert/strict';
import type { Host, ServiceInfo } from '../../operator/nacos/naming/naming-types.ts';
import type { Publication, PublishedRecord } from '../../operator/service-sync/publications.ts';
import { addressText } from '../../operator/service-sync/publications.ts';
import { SelfRegistered } from '../../operator/service-sync/self-registered.ts';
import { exportOfResource } from '../../operator/service-sync/service-export.ts';
import { host } from './hosts.ts';
import { nacosService } from './objects.ts';

function setUp(selfRegistered: 'Report' | 'Yield' = 'Yield') {
  let tell: ((info: ServiceInfo) => void) | undefined;
  const naming = {
    subscribe: (_: unknown, listener: (info: ServiceInfo) => void) => {
      tell = listener;
      return { current: undefined, stop: () => (tell = undefined) };
    },
  };
  const service = { namespaceId: '', group: 'g', serviceName: 's' };
  const client = { naming } as unknown as PublishedRecord['address']['client'];
  const address = { connection: 'c', client, servers: [], service };
  const counts = { total: 0, ready: 0, draining: 0, published: 0 };
  const records = new Map([[addressText(address), { address, instances: [], counts, state: 'confirmed' as const }]]);
  const rules = exportOfResource(nacosService({ selfRegistered }));
  const publication: Publication = { export: rules, rank: '', records, problems: [], isKnown: true };
  const changed: string[] = [];
  const applications = new SelfRegistered();
  applications.onChange((key) => changed.push(key));
  applications.follow('shop/orders', [publication]);
  const push = (...hosts: Host[]) => tell?.({ hosts, lastRefTimeMs: 0, reachProtectionThreshold: false });
  const isLeft = () => applications.has('shop/orders', address, { ip: '10.0.0.1', port: 80 });
  return { applications, changed, push, isLeft, isFollowed: () => tell !== undefined };
}

describe('an address that an application registers itself', () => {
  it('is left to it for as long as it stands there', () => {
    const { changed, push, isLeft } = setUp();
    assert.equal(isLeft(), false, 'what is not known is published');
    push(host('10.0.0.1', null), host('10.0.0.1'));
    assert.equal(isLeft(), true);
    push(host('10.0.0.1', null));
    assert.deepEqual(changed, ['shop/orders'], 'our own host is nothing new');
    push();
    assert.equal(isLeft(), false);
    assert.deepEqual(changed, ['shop/orders', 'shop/orders']);
  });

  it('is published by us when the application is not healthy', () => {
    const { push, isLeft } = setUp();
    push({ ...host('10.0.0.1', null), healthy: false });
    assert.equal(isLeft(), false);
  });

  it('is not left to another bridge, which might leave it to us', () => {
    const { push, isLeft } = setUp();
    push(host('10.0.0.1', 'another cluster'));
    assert.equal(isLeft(), false);
  });

  it('is not even looked for unless that is asked for, or any more', () => {
    assert.equal(setUp('Report').isFollowed(), false);
    const { applications, isFollowed } = setUp();
    assert.equal(isFollowed(), true);
    applications.follow('shop/orders', []);
    assert.equal(isFollowed(), false);
  });
});
