import assert from 'node:assert/strict';
import { LEAVE_AFTER_MS, mayLeave, Peers } from '../../operator/replicas/peers.ts';
import type { ReplicaHost } from '../../operator/replicas/replica-entry.ts';
import { scopeOf, type Scope } from '../../operator/replicas/scope.ts';

const options = { watchNamespaces: ['shop', 'bank'], nacosNamespace: '' };
const own = scopeOf('system/bridge', options);

interface Said {
  readonly identity?: string;
  readonly revision?: number;
  readonly scope?: Scope;
  readonly relieves?: readonly string[];
  readonly connections?: readonly string[];
}

function host({
  identity = 'b',
  revision = 1,
  scope = own,
  relieves = [],
  connections = ['c'],
}: Said = {}): ReplicaHost {
  const entry = { identity, kubernetes: 'Synced', epoch: '', relieves, connections } as const;
  return { entry, revision, scope, servers: [] };
}

describe('the entries that count', () => {
  let peers: Peers;

  beforeEach(() => void (peers = new Peers('a', own)));

  const seen = (nowMs: number, ...hosts: ReplicaHost[]): string[] =>
    peers
      .see(hosts, nowMs)
      .map(({ entry, revision }) => `${entry.identity} ${revision} ${entry.relieves.join()}`.trim());

  const others: readonly [title: string, said: Said][] = [
    ['of our own', { identity: 'a' }],
    ['of another installation', { scope: scopeOf('other/bridge', options) }],
    ['of an installation with another Lease in one namespace', { scope: scopeOf('system/other', options) }],
    [
      'of one that serves other namespaces',
      { scope: scopeOf('system/bridge', { ...options, watchNamespaces: ['shop'] }) },
    ],
    [
      'of one that publishes elsewhere by default',
      { scope: scopeOf('system/bridge', { ...options, nacosNamespace: 'x' }) },
    ],
  ];
  for (const [title, said] of others) it(`are none ${title}`, () => assert.deepEqual(seen(0, host(said)), []));

  it('are those of equals, in whatever order their namespaces are given', () => {
    const scope = scopeOf('system/bridge', { ...options, watchNamespaces: ['bank', 'shop', 'bank'] });
    assert.deepEqual(seen(0, host({ scope })), ['b 1']);
  });

  it('are the newest of each', () => {
    assert.deepEqual(seen(0, host({ revision: 2 }), host({ revision: 1 })), ['b 2']);
    assert.deepEqual(seen(1, host({ revision: 1 }), host({ revision: 3 })), ['b 3']);
  });

  it('are the newest also where a server lags that has an older one, but not where that is all that is left', () => {
    assert.deepEqual(seen(0, host({ revision: 2 })), ['b 2']);
    assert.deepEqual(seen(9_999, host({ revision: 1 })), ['b 2']);
    assert.deepEqual(seen(10_000, host({ revision: 1 })), []);
    assert.deepEqual(seen(10_001), []);
    assert.deepEqual(seen(10_002, host({ revision: 3 })), ['b 3']);
  });

  it('name nobody when they were not written again for half a minute', () => {
    const relieves = ['x/1'];
    assert.deepEqual(seen(0, host({ relieves })), ['b 1 x/1']);
    assert.deepEqual(seen(29_999, host({ relieves })), ['b 1 x/1']);
    assert.deepEqual(seen(30_000, host({ relieves })), ['b 1']);
    assert.deepEqual(seen(30_001, host({ relieves, revision: 2 })), ['b 2 x/1']);
  });

  it('tell the newest revision of our own, which a process before us may have written', () => {
    assert.equal(peers.ownRevision, 0);
    peers.see([host({ identity: 'a', revision: 7 })], 0);
    assert.equal(peers.ownRevision, 7);
  });

  it('tell of other installations that serve one of our namespaces', () => {
    const all = scopeOf('other/bridge', { ...options, watchNamespaces: [] });
    const some = scopeOf('third/bridge', { ...options, watchNamespaces: ['bank'] });
    const apart = scopeOf('fourth/bridge', { ...options, watchNamespaces: ['pay'] });
    const hosts = [all, some, apart, all, own].map((scope) => host({ scope }));
    assert.deepEqual(peers.rivals(hosts), ['other/bridge', 'third/bridge']);
  });
});

describe('a replica that publishes nothing', () => {
  it('stays for those that do, and for a while', () => {
    assert.equal(mayLeave([], LEAVE_AFTER_MS), true);
    assert.equal(mayLeave([], LEAVE_AFTER_MS - 1), false);
    assert.equal(mayLeave([host({ connections: [] })], LEAVE_AFTER_MS), true);
    assert.equal(mayLeave([host({ connections: [] }), host()], LEAVE_AFTER_MS), false);
  });
});
