import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { decideLease, type LeaseDecision } from '../../operator/runtime/leader-elector.ts';
import type { LeaseRecord } from '../../operator/runtime/lease.ts';
import { FakeClock } from '../fake-clock.ts';
import { LeaseStore, Replica } from './replica.ts';

function held(holderIdentity: string | undefined, leaseDurationSeconds = 15): LeaseRecord {
  // The times are nonsense on purpose: they must not be looked at.
  return { holderIdentity, leaseDurationSeconds, acquireTime: '1999', renewTime: '2099', leaseTransitions: 0 };
}

const decisions: [title: string, record: LeaseRecord | undefined, unchangedMs: number, decision: LeaseDecision][] = [
  ['no lease', undefined, 0, 'create'],
  ['ours', held('we'), 0, 'renew'],
  ['ours and long expired', held('we'), 1e9, 'renew'],
  ['released', held(''), 0, 'take'],
  ['without a holder', held(undefined), 0, 'take'],
  ["another's, just seen", held('other'), 0, 'wait'],
  ["another's, about to expire", held('other'), 14_999, 'wait'],
  ["another's, expired", held('other'), 15_000, 'take'],
  ["another's with a longer duration than ours", held('other', 60), 59_999, 'wait'],
];

describe('lease decision', () => {
  for (const [title, record, unchangedMs, decision] of decisions) {
    it(`${title}: ${decision}`, () => {
      assert.equal(decideLease({ identity: 'we', record, observedAtMs: 500, nowMs: 500 + unchangedMs }), decision);
    });
  }
});

function setUp(...skewsMs: number[]) {
  const clock = new FakeClock();
  const store = new LeaseStore();
  const replicas = skewsMs.map((skewMs, index) => new Replica(`replica-${index}`, clock, store, { skewMs }));
  const leaders = () => replicas.filter((replica) => replica.actsAsLeader).map(({ identity }) => identity);
  return { clock, store, replicas, leaders };
}

/** `a` leads, `b` stands by. */
async function leaderAndStandby(skewMs = 0) {
  const { clock, store, replicas, leaders } = setUp(0, skewMs);
  const [a, b] = replicas as [Replica, Replica];
  a.elector.start();
  await clock.advance(1);
  b.elector.start();
  await clock.advance(5000);
  assert.deepEqual(leaders(), ['replica-0']);
  return { clock, store, a, b, leaders };
}

describe('leader elector', () => {
  it('lets the first candidate lead and keeps the others waiting as long as it renews', async () => {
    const { clock, store, a, b } = await leaderAndStandby();
    await clock.advance(600_000);
    assert.deepEqual([a.elector.isLeader(), b.elector.isLeader()], [true, false]);
    assert.equal(b.elector.holder, 'replica-0');
    assert.equal(store.record!.leaseTransitions, 0);
    assert.match(store.record!.renewTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    assert.match(await a.registry.metrics(), /leader_election_master_status\{name="test-lease"\} 1/);
    assert.match(await b.registry.metrics(), /leader_election_master_status\{name="test-lease"\} 0/);
  });

  it('releases the lease at a stop, and another takes it with its next look', async () => {
    const { clock, store, a, b } = await leaderAndStandby();
    await a.elector.stop();
    assert.deepEqual([store.record!.holderIdentity, store.record!.leaseDurationSeconds], ['', 1]);
    assert.deepEqual(a.history, ['started', 'stopped']);
    await clock.advance(2000);
    assert.equal(b.elector.isLeader(), true);
    assert.equal(store.record!.leaseTransitions, 1);
    assert.equal(store.record!.leaseDurationSeconds, 15);
  });

  it('keeps the lease at a stop in a hurry, so that nobody leads beside work that has not ended', async () => {
    const { clock, store, a, b } = await leaderAndStandby();
    await a.elector.stop(AbortSignal.abort());
    assert.equal(store.record!.holderIdentity, 'replica-0');
    await clock.advance(12_000);
    assert.equal(b.elector.isLeader(), false);
    await clock.advance(6000);
    assert.equal(b.elector.isLeader(), true);
  });

  it('does not release what another holds, nor what it never had', async () => {
    const { store, b } = await leaderAndStandby();
    const writes = store.writes.length;
    await b.elector.stop();
    assert.equal(store.writes.length, writes);
    assert.deepEqual(b.history, []);
  });

  for (const skewMs of [-3_600_000, 3_600_000]) {
    it(`is not misled by a wall clock that is ${skewMs / 60_000} minutes off`, async () => {
      const { clock, a, b } = await leaderAndStandby(skewMs);
      await clock.advance(60_000);
      assert.deepEqual([a.elector.isLeader(), b.elector.isLeader()], [true, false]);
      a.network = 'refuses';
      await clock.advance(30_000);
      assert.deepEqual([a.elector.isLeader(), b.elector.isLeader()], [false, true]);
    });
  }

  for (const network of ['refuses', 'silent'] as const) {
    it(`gives up before the lease can expire when the API ${network}`, async () => {
      const { clock, a, b } = await leaderAndStandby();
      a.network = network;
      await clock.advance(7000);
      assert.equal(a.elector.isLeader(), true, 'a short loss is no loss');
      await clock.advance(3000);
      assert.equal(a.elector.isLeader(), false);
      assert.equal(b.elector.isLeader(), false);
      assert.deepEqual(a.history, ['started', 'lost']);
      await clock.advance(10_000);
      assert.equal(b.elector.isLeader(), true);
      a.network = 'up';
      await clock.advance(60_000);
      assert.equal(a.elector.isLeader(), false, 'who has lost does not stand again');
    });
  }

  it('counts its deadline from the beginning of the renewal, not from its answer', async () => {
    const { clock, replicas } = setUp(0);
    const [replica] = replicas as [Replica];
    replica.latencyMs = 1000;
    replica.elector.start();
    await clock.advance(2000);
    assert.equal(replica.elector.isLeader(), true);
    replica.network = 'silent';
    await clock.advance(7999);
    assert.equal(replica.elector.isLeader(), true);
    await clock.advance(1);
    assert.deepEqual(replica.history, ['started', 'lost']);
  });

  it('goes on leading after an outage that is shorter than its deadline', async () => {
    const { clock, a } = await leaderAndStandby();
    for (let outage = 0; outage < 5; outage++) {
      a.network = outage % 2 === 0 ? 'refuses' : 'silent';
      await clock.advance(4000);
      a.network = 'up';
      await clock.advance(10_000);
    }
    assert.deepEqual(a.history, ['started']);
  });

  it('knows at the moment it thaws that it has been replaced', async () => {
    const { clock, a, b } = await leaderAndStandby();
    a.freeze();
    await clock.advance(20_000);
    assert.equal(b.elector.isLeader(), true);
    assert.equal(a.elector.isLeader(), false, 'asked before any of its timers has fired');
    a.thaw();
    await clock.advance(1);
    assert.deepEqual(a.history, ['started', 'lost']);
    await clock.advance(60_000);
    assert.deepEqual(b.history, ['started']);
  });

  it('steps down at once when it finds another holder in the record', async () => {
    const { clock, store, a } = await leaderAndStandby();
    store.record = { ...store.record!, holderIdentity: 'intruder', resourceVersion: 'other' };
    await clock.advance(2000);
    assert.deepEqual(a.history, ['started', 'lost']);
  });

  it('takes a conflict over metadata for what it is', async () => {
    const { clock, store, a, b } = await leaderAndStandby();
    for (let second = 0; second < 60; second++) {
      store.touch();
      await clock.advance(1000);
    }
    assert.deepEqual([a.history, b.history], [['started'], []]);
  });

  it('does not take an edit of the metadata for a sign of life', async () => {
    const { clock, store, a, b } = await leaderAndStandby();
    a.network = 'refuses';
    for (let second = 0; second < 19; second++) {
      store.touch();
      await clock.advance(1000);
    }
    assert.equal(b.elector.isLeader(), true);
  });

  it('lets one of two win when both find no lease', async () => {
    const { clock, replicas, leaders } = setUp(0, 0);
    for (const replica of replicas) {
      replica.latencyMs = 100;
      replica.elector.start();
    }
    await clock.advance(1000);
    assert.equal(leaders().length, 1);
  });

  it('creates the lease again when somebody deleted it', async () => {
    const { clock, store, a } = await leaderAndStandby();
    store.record = undefined;
    await clock.advance(2000);
    assert.equal(store.record!.holderIdentity, 'replica-0');
    assert.deepEqual(a.history, ['started']);
  });

  it('refuses times that would let two lead', () => {
    const { clock, store } = setUp();
    assert.throws(
      () => new Replica('x', clock, store, { leaseDurationMs: 10_000, renewDeadlineMs: 10_000 }),
      /renew deadline/,
    );
  });
});

type Fault =
  | { kind: 'network'; replica: number; network: Replica['network'] }
  | { kind: 'latency'; replica: number; latencyMs: number }
  | { kind: 'freeze' | 'thaw' | 'stop'; replica: number }
  | { kind: 'touch' };

const replicaArbitrary = fc.nat(2);
const faultArbitrary: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({
    kind: fc.constant('network' as const),
    replica: replicaArbitrary,
    network: fc.constantFrom<Replica['network'][]>('up', 'refuses', 'silent'),
  }),
  fc.record({
    kind: fc.constant('latency' as const),
    replica: replicaArbitrary,
    latencyMs: fc.integer({ min: 0, max: 8000 }),
  }),
  fc.record({ kind: fc.constantFrom('freeze' as const, 'thaw' as const), replica: replicaArbitrary }),
  fc.record({ kind: fc.constant('stop' as const), replica: replicaArbitrary }),
  fc.constant({ kind: 'touch' as const }),
);

describe('leader election under faults', () => {
  it('never has two leaders, and has one again once the faults are over', async () => {
    const step = fc.record({ fault: faultArbitrary, thenMs: fc.integer({ min: 0, max: 20_000 }) });
    const property = fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
      const { clock, store, replicas, leaders } = setUp(0, -60_000, 60_000);
      const advance = async (ms: number) => {
        for (let left = ms; left > 0; left -= 250) {
          await clock.advance(Math.min(250, left));
          assert.ok(leaders().length <= 1, `two leaders: ${leaders().join(', ')}`);
        }
      };
      for (const replica of replicas) replica.elector.start();
      for (const { fault, thenMs } of steps) {
        if (fault.kind === 'touch') store.touch();
        else {
          const replica = replicas[fault.replica]!;
          if (fault.kind === 'network') replica.network = fault.network;
          if (fault.kind === 'latency') replica.latencyMs = fault.latencyMs;
          if (fault.kind === 'freeze') replica.freeze();
          if (fault.kind === 'thaw') replica.thaw();
          if (fault.kind === 'stop') void replica.elector.stop();
        }
        assert.ok(leaders().length <= 1, `two leaders after ${fault.kind}: ${leaders().join(', ')}`);
        await advance(thenMs);
      }

      const stopped = new Set(steps.flatMap(({ fault }) => (fault.kind === 'stop' ? [fault.replica] : [])));
      for (const replica of replicas) {
        replica.network = 'up';
        replica.latencyMs = 0;
        replica.thaw();
      }
      await advance(30_000);
      const able = replicas.filter(({ history }, index) => !stopped.has(index) && !history.includes('lost'));
      assert.equal(leaders().length, able.length > 0 ? 1 : 0);
    });
    await fc.assert(property, { numRuns: 60 });
  });
});
