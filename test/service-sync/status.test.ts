import assert from 'node:assert/strict';
import { BridgeError } from '../../operator/errors.ts';
import { serviceStatus } from '../../operator/service-sync/status.ts';
import { judge, type ServiceFindings } from '../../operator/service-sync/verdicts.ts';
import { nacosService } from './objects.ts';
import { findings, publication } from './publication.ts';

const resource = nacosService();

function statusOf(found: ServiceFindings, of = resource, nowMs = 100_000) {
  const verdicts = judge(found, nowMs);
  assert.ok(verdicts);
  return serviceStatus(of, found, verdicts, nowMs);
}

const ofEach = (kind: 'ghost' | 'twin') =>
  Array.from({ length: 12 }, (_, index) => ({
    service: 'shop/orders',
    finding: { kind, member: `10.0.0.${index + 10}:80` },
  }));

describe('the status of a NacosService', () => {
  it('adds up the members of all services, and counts as published what Nacos has confirmed', () => {
    const failed = { failed: new BridgeError('NACOS_UNAUTHENTICATED', 'no') };
    const found = findings([
      publication(),
      publication({}, { state: failed }),
      publication({}, { state: 'pending', pendingSinceMs: 0 }),
    ]);
    const { instances, services } = statusOf(found);
    assert.deepEqual(instances, { total: 9, ready: 6, draining: 3, published: 2, pending: 2 });
    assert.equal(services, 3);
  });

  it('names the worst ten of each kind, and counts all', () => {
    const problems = Array.from({ length: 12 }, (_, index) => ({ member: String(index), field: 'f', message: 'm' }));
    const override = { kind: 'override', member: '10.0.0.1:80', field: 'weight', sent: '1', shown: '9' } as const;
    const overrides = Array.from({ length: 12 }, () => ({ service: 'shop/orders', finding: override }));
    const shown = [...ofEach('ghost'), ...ofEach('twin'), ...overrides];
    const status = statusOf(findings([publication({ problems })], { shown }));
    const { ghostHosts = [], overrides: told = [], problems: named = [], twinHosts = [] } = status;
    assert.deepEqual([status.ghosts, status.twins], [12, 12]);
    assert.deepEqual(
      [ghostHosts, twinHosts, told, named].map((list) => list.length),
      [10, 10, 10, 10],
    );
    assert.deepEqual(ghostHosts[0], { service: 'orders', member: '10.0.0.10:80' });
    assert.deepEqual(told[0], { service: 'orders', member: '10.0.0.1:80', field: 'weight', sent: '1', shown: '9' });
  });

  it('is equal for an equal world, whatever the time', () => {
    const found = findings([publication()]);
    const first = statusOf(found);
    assert.deepEqual(statusOf(found, { ...resource, status: first }, 999_000), first);
  });
});
