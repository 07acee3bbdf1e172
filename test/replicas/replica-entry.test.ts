import assert from 'node:assert/strict';
import fc from 'fast-check';
import { instanceOf, replicaHostOf, type ReplicaHost } from '../../operator/replicas/replica-entry.ts';

const address = { ip: '10.0.0.1', port: 8081 };
const name = fc.stringMatching(/^[\w.-]{1,63}$/);
const epoch = fc.stringMatching(/^[0-9a-f]{8}$/);
const host: fc.Arbitrary<ReplicaHost> = fc.record({
  entry: fc.record({
    identity: name,
    kubernetes: fc.constantFrom('Synced' as const, 'Lost' as const),
    epoch: fc.oneof(fc.constant(''), epoch),
    relieves: fc.array(
      fc.tuple(name, epoch).map((pair) => pair.join('/')),
      { maxLength: 30 },
    ),
  }),
  servers: fc.array(
    fc.integer({ min: 1, max: 65_535 }).map((port) => `10.0.0.1:${port}`),
    { maxLength: 30 },
  ),
});

describe('the entry of a replica', () => {
  it('is what it was when it comes back, but for names that do not fit', () => {
    fc.assert(
      fc.property(host, (before) => {
        const instance = instanceOf(before, 'cluster-1', address);
        const after = replicaHostOf(instance, 'cluster-1');
        assert.ok(after);
        const kept = after.entry.relieves;
        assert.deepEqual(kept, before.entry.relieves.slice(0, kept.length));
        assert.deepEqual({ ...after.entry, relieves: [] }, { ...before.entry, relieves: [] });
        assert.deepEqual(after.servers, before.servers.slice(0, after.servers.length));
        const size = Object.entries(instance.metadata).flat().join('').length;
        assert.ok(size <= 1024);
        if (size < 700) assert.equal(kept.length, before.entry.relieves.length);
      }),
    );
  });

  it('is enabled and healthy, so that others see it', () => {
    const entry = { identity: 'a', kubernetes: 'Synced', epoch: '', relieves: [] } as const;
    assert.deepEqual(instanceOf({ entry, servers: [] }, 'cluster-1', address), {
      ...address,
      weight: 1,
      healthy: true,
      enabled: true,
      clusterName: 'DEFAULT',
      metadata: { 'k8s.cluster': 'cluster-1', identity: 'a', kubernetes: 'Synced' },
    });
  });

  const good = { 'k8s.cluster': 'cluster-1', identity: 'a', kubernetes: 'Synced', epoch: 'e', relieves: 'b/1,c/2' };
  const cases: readonly [string, Record<string, string>][] = [
    ['of another cluster', { ...good, 'k8s.cluster': 'cluster-2' }],
    ['without a cluster', { ...good, 'k8s.cluster': '' }],
    ['without an identity', { ...good, identity: '' }],
    ['with an identity that no replica can have', { ...good, identity: 'a b' }],
    ['with a state that is unknown', { ...good, kubernetes: 'Asleep' }],
    ['without a state', { 'k8s.cluster': 'cluster-1', identity: 'a' }],
    ['with a strange epoch', { ...good, epoch: 'a,b' }],
    ['that relieves something without an epoch', { ...good, relieves: 'b/1,c' }],
  ];
  for (const [title, metadata] of cases) {
    it(`is none ${title}`, () => assert.equal(replicaHostOf({ metadata }, 'cluster-1'), undefined));
  }

  it('may say more than we know', () => {
    const entry = { identity: 'a', kubernetes: 'Synced', epoch: 'e', relieves: ['b/1', 'c/2'] };
    assert.deepEqual(replicaHostOf({ metadata: { ...good, more: 'x' } }, 'cluster-1'), { entry, servers: [] });
  });
});
