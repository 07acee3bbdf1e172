import assert from 'node:assert/strict';
import { BridgeError } from '../../operator/errors.ts';
import type { Lease } from '../../operator/kube/lease.ts';
import { silentLogger } from '../../operator/logger.ts';
import { isDead, LeaseCensus, warnOfNewerFormats } from '../../operator/replicas/lease-census.ts';
import { leaseNameOf, ReplicaLease } from '../../operator/replicas/replica-lease.ts';
import { FakeClock, settle } from '../fake-clock.ts';
import { recorder } from '../nacos/client-for.ts';

const legal = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;

describe("the name of a replica's Lease", () => {
  const identities = [
    'nacos-bridge-7d5c-x2x9z',
    'host.example_0b3f',
    'Host',
    'host',
    'a..b',
    '-',
    '_',
    'x'.repeat(253),
  ];

  it('is the identity where that can be a name', () => {
    assert.equal(leaseNameOf('ours', 'pod-7d5c-x2x9z'), 'ours-pod-7d5c-x2x9z');
  });

  it('is legal, and another one for each identity', () => {
    const names = identities.map((identity) => leaseNameOf('ours', identity));
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.ok(legal.test(name) && name.length <= 253 && name.startsWith('ours-'), name);
  });
});

/** What the API server makes of a renewal. */
type Fate = 'ok' | 'fails' | 'hangs';

describe("a replica's Lease", () => {
  let clock: FakeClock;
  let fate: Fate;
  let applied: Lease[];
  let deleted: string[];
  let told: string[];
  let answers: (() => void)[];
  let lease: ReplicaLease;

  beforeEach(() => {
    [clock, fate, applied, deleted, told, answers] = [new FakeClock(), 'ok', [], [], [], []];
    lease = newLease();
  });
  afterEach(async () => {
    const stopped = lease.stop();
    for (const answer of answers) answer();
    await stopped;
  });

  function newLease(podUid?: string): ReplicaLease {
    const created = new ReplicaLease({
      leases: {
        apply: async (object) => {
          if (fate === 'fails') throw new BridgeError('KUBE_UNAVAILABLE', 'away');
          if (fate === 'hangs') await new Promise<void>((resolve) => answers.push(resolve));
          applied.push(object);
          return object;
        },
        delete: async (name, namespace) => {
          deleted.push(`${namespace}/${name}`);
          return true;
        },
        list: () => Promise.reject(new Error('not asked for')),
      },
      namespace: 'n',
      name: 'ours-pod',
      identity: 'pod',
      podUid,
      labels: { l: '1' },
      annotations: () => ({ a: '2' }),
      fieldManager: 'ours',
      clock,
      random: () => 0.5,
      log: silentLogger,
    });
    const seconds = (ms: number) => Math.round(ms / 100) / 10;
    created.onEvent((event) => {
      const at = seconds(clock.monotonic());
      told.push(event.kind === 'renewed' ? `${at} renewed ${seconds(event.begunMs)}` : `${at} lost`);
    });
    return created;
  }

  it('is renewed at once and every two seconds', async () => {
    lease.start();
    await clock.advance(4000);
    assert.deepEqual(told, ['0 renewed 0', '2 renewed 2', '4 renewed 4']);
    assert.equal(lease.isLost, false);
  });

  it('says who holds it, for how long, and what the caller wants said', async () => {
    lease.start();
    await clock.advance(2000);
    assert.deepEqual(applied[1], {
      metadata: { name: 'ours-pod', namespace: 'n', labels: { l: '1' }, annotations: { a: '2' }, ownerReferences: [] },
      spec: {
        holderIdentity: 'pod',
        leaseDurationSeconds: 15,
        acquireTime: '2026-01-01T00:00:00.000000Z',
        renewTime: '2026-01-01T00:00:02.000000Z',
      },
    });
  });

  it('goes with its pod, without a right to hold that up', async () => {
    lease = newLease('uid-1');
    lease.start();
    await settle();
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'pod', uid: 'uid-1' };
    assert.deepEqual(applied[0]?.metadata.ownerReferences, [owner]);
  });

  it('is lost 15 s after the last renewal that succeeded began, and renewed again', async () => {
    lease.start();
    await clock.advance(3000);
    fate = 'fails';
    await clock.advance(13_900);
    assert.deepEqual(told.slice(2), []);
    await clock.advance(200);
    assert.deepEqual(told.slice(2), ['17 lost']);
    assert.deepEqual([lease.isLost, lease.isUnreachable], [true, true]);
    fate = 'ok';
    await clock.advance(2000);
    assert.deepEqual(told.slice(3), ['18 renewed 18']);
    assert.deepEqual([lease.isLost, lease.isUnreachable], [false, false]);
  });

  it('is lost when it never could be renewed', async () => {
    fate = 'fails';
    lease.start();
    await clock.advance(15_000);
    assert.deepEqual(told, ['15 lost']);
  });

  it('is lost while a renewal gets no answer, and the late answer does not count', async () => {
    fate = 'hangs';
    lease.start();
    await clock.advance(20_000);
    assert.deepEqual(told, ['15 lost']);
    for (const answer of answers.splice(0)) answer();
    await settle();
    assert.deepEqual(told, ['15 lost']);
    assert.equal(lease.isLost, true);
  });

  it('counts from the beginning of a renewal, not from its answer', async () => {
    lease.start();
    await settle();
    fate = 'hangs';
    await clock.advance(14_000);
    for (const answer of answers.splice(0)) answer();
    fate = 'fails';
    await clock.advance(2900);
    assert.deepEqual(told, ['0 renewed 0', '14 renewed 2']);
    await clock.advance(200);
    assert.deepEqual(told.slice(2), ['17 lost']);
  });

  it('is lost before it is renewed when the process was frozen for longer', async () => {
    // Nothing of the process runs for a while, and then everything that is overdue does.
    const after = clock.after.bind(clock);
    const overdue: (() => void)[] = [];
    let isFrozen = false;
    clock.after = (delayMs, callback) => after(delayMs, () => (isFrozen ? overdue.push(callback) : callback()));
    lease.start();
    await settle();
    fate = 'hangs';
    await clock.advance(2000);
    isFrozen = true;
    await clock.advance(30_000);
    isFrozen = false;
    fate = 'ok';
    // The answer may come before the timers.
    for (const answer of answers.splice(0)) answer();
    await settle();
    for (const callback of overdue.splice(0)) callback();
    await clock.advance(1999);
    assert.deepEqual(told, ['0 renewed 0', '32 lost']);
    assert.equal(lease.isUnreachable, false);
    await clock.advance(1);
    assert.deepEqual(told.slice(2), ['34 renewed 34']);
  });

  it('is renewed out of turn when that is asked for, also while a renewal is under way', async () => {
    fate = 'hangs';
    lease.start();
    await clock.advance(500);
    const asked = lease.renew();
    fate = 'ok';
    for (const answer of answers.splice(0)) answer();
    await asked;
    assert.deepEqual(told, ['0.5 renewed 0', '0.5 renewed 0.5']);
    await clock.advance(1000);
    await lease.renew();
    assert.deepEqual(told.slice(2), ['1.5 renewed 1.5']);
    await clock.advance(2000);
    assert.deepEqual(told.slice(3), ['3.5 renewed 3.5']);
  });

  it('is deleted at the end, unless the API server is away anyway', async () => {
    lease.start();
    await settle();
    await lease.stop();
    assert.deepEqual(deleted, ['n/ours-pod']);
    lease = newLease();
    fate = 'fails';
    lease.start();
    await clock.advance(15_000);
    await lease.stop();
    assert.equal(deleted.length, 1);
  });
});

describe('the census of Leases', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');
  const format = 'bridge.nacos.io/publication-format';

  function lease(name: string, renewTime: string, more: Partial<Lease['metadata']> = {}): Lease {
    const metadata = { name, uid: `uid-${name}`, resourceVersion: '7', annotations: { [format]: '1' }, ...more };
    return { metadata, spec: { renewTime } };
  }
  const old = '2026-01-01T10:59:59.000000Z';
  const fresh = '2026-01-01T11:00:01.000000Z';
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' }];

  it('takes a Lease for dead after an hour, if no pod takes it along', () => {
    assert.equal(isDead(lease('a', old), now), true);
    assert.equal(isDead(lease('a', fresh), now), false);
    assert.equal(isDead(lease('a', old, { ownerReferences }), now), false);
    assert.equal(isDead({ metadata: { name: 'a' } }, now), false);
  });

  it('removes dead ones that are of replicas, and only as they were seen', async () => {
    const deleted: unknown[] = [];
    const items = [lease('dead', old), lease('fresh', fresh), lease('other', old, { annotations: {} })];
    const selectors: unknown[] = [];
    const clock = new FakeClock(now);
    const census = new LeaseCensus({
      leases: {
        list: async (options) => {
          selectors.push(options);
          return { items, resourceVersion: '1' };
        },
        delete: async (...args) => {
          deleted.push(args);
          return true;
        },
      },
      namespace: 'n',
      clock,
      log: silentLogger,
    });
    census.start();
    await settle();
    assert.deepEqual(deleted, [['dead', 'n', { uid: 'uid-dead', resourceVersion: '7' }]]);
    await clock.advance(600_000);
    assert.equal(selectors.length, 2);
    assert.deepEqual(selectors[0], { namespace: 'n', labelSelector: 'app.kubernetes.io/managed-by=nacos-bridge' });
    await census.stop();
  });

  it('warns of a replica that publishes in a newer format', async () => {
    const lines: string[] = [];
    const items = ['1', '2', 'x'].map((number) => lease(`r${number}`, fresh, { annotations: { [format]: number } }));
    const leases = { list: async () => ({ items, resourceVersion: '1' }), delete: async () => true };
    await warnOfNewerFormats({ leases, namespace: 'n', clock: new FakeClock(now), log: recorder(lines) }, 1);
    assert.equal(lines.length, 1);
    assert.match(lines[0] ?? '', /newer version.*"r2".*"format":2/);
  });
});
