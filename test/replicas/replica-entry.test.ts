import assert from 'node:assert/strict';
import fc from 'fast-check';
import { instanceOf, replicaHostOf, type ReplicaHost } from '../../operator/replicas/replica-entry.ts';

const address = { ip: '10.0.0.1', port: 8081 };
const name = fc.stringMatching(/^[\w.-]{1,63}$/);
const label = fc.stringMatching(/^[a-z0-9]{1,40}$/);
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
    connections: fc.uniqueArray(fc.stringMatching(/^[0-9a-f]{8}$/), { maxLength: 30 }),
  }),
  revision: fc.integer({ min: 0, max: 2e12 }),
  scope: fc.record({
    installation: fc.tuple(label, label).map((pair) => pair.join('/')),
    digest: fc.stringMatching(/^[0-9a-f]{12}$/),
    namespaces: fc.array(label, { maxLength: 5 }),
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
        const all = { relieves: [], connections: [] };
        assert.deepEqual({ ...after.entry, ...all }, { ...before.entry, ...all });
        const connections = after.entry.connections.filter((connection) => connection !== '*');
        assert.deepEqual(connections, before.entry.connections.slice(0, connections.length));
        const isWhole = connections.length === before.entry.connections.length;
        assert.equal(after.entry.connections.includes('*'), !isWhole);
        assert.equal(after.revision, before.revision);
        assert.deepEqual({ ...after.scope, namespaces: [] }, { ...before.scope, namespaces: [] });
        const { namespaces } = after.scope;
        assert.deepEqual(namespaces, before.scope.namespaces.slice(0, namespaces.length));
        assert.deepEqual(after.servers, before.servers.slice(0, after.servers.length));
        const size = Object.entries(instance.metadata).flat().join('').length;
        assert.ok(size <= 1024);
        if (size < 700) assert.equal(kept.length, before.entry.relieves.length);
      }),
    );
  });

  it('is enabled and healthy, so that others see it', () => {
    const entry = { identity: 'a', kubernetes: 'Synced', epoch: '', relieves: [], connections: [] } as const;
    const scope = { installation: 'ns/bridge', digest: 'd', namespaces: [] };
    assert.deepEqual(instanceOf({ entry, revision: 7, scope, servers: [] }, 'cluster-1', address), {
      ...address,
      weight: 1,
      healthy: true,
      enabled: true,
      clusterName: 'DEFAULT',
      metadata: {
        'k8s.cluster': 'cluster-1',
        identity: 'a',
        kubernetes: 'Synced',
        revision: '7',
        installation: 'ns/bridge',
        scope: 'd',
      },
    });
  });

  const good = {
    'k8s.cluster': 'cluster-1',
    identity: 'a',
    kubernetes: 'Synced',
    epoch: 'e',
    revision: '7',
    installation: 'ns/bridge',
    scope: 'd',
    relieves: 'b/1,c/2',
  };
  const cases: readonly [string, Record<string, string>][] = [
    ['of another cluster', { ...good, 'k8s.cluster': 'cluster-2' }],
    ['without a cluster', { ...good, 'k8s.cluster': '' }],
    ['without an identity', { ...good, identity: '' }],
    ['with an identity that no replica can have', { ...good, identity: 'a b' }],
    ['with a state that is unknown', { ...good, kubernetes: 'Asleep' }],
    ['without a state', { 'k8s.cluster': 'cluster-1', identity: 'a' }],
    ['with a strange epoch', { ...good, epoch: 'a,b' }],
    ['of a version that names no installation', { ...good, installation: '' }],
    ['without a revision', { ...good, revision: '' }],
    ['that relieves something without an epoch', { ...good, relieves: 'b/1,c' }],
  ];
  for (const [title, metadata] of cases) {
    it(`is none ${title}`, () => assert.equal(replicaHostOf({ metadata }, 'cluster-1'), undefined));
  }

  it('may say more than we know', () => {
    const entry = { identity: 'a', kubernetes: 'Synced', epoch: 'e', relieves: ['b/1', 'c/2'], connections: [] };
    const scope = { installation: 'ns/bridge', digest: 'd', namespaces: [] };
    const host = replicaHostOf({ metadata: { ...good, more: 'x' } }, 'cluster-1');
    assert.deepEqual(host, { entry, revision: 7, scope, servers: [] });
  });
});
