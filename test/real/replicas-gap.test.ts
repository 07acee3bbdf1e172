/**
 * Two replicas, one of which is killed, upgraded, cut off, frozen: no client of Nacos loses a live instance.
 *
 * `TEST_ROUNDS` says how many rounds; more than one of each kind end with a freeze of a minute.
 */
import assert from 'node:assert/strict';
import { figure } from './replicas/figure.ts';
import { sideName } from './replicas/nacos-side.ts';
import type { ReplicaWorld } from './replicas/replica-world.ts';
import { killOne, roundKinds, rounds } from './replicas/rounds.ts';
import type { RoundKind } from './replicas/rounds.ts';
import { sharedReplicaWorld, startLimitMs } from './replicas/shared-replica-world.ts';
import { describeFindings, longestMs, removals, twins } from './replicas/sights.ts';

const count = Number(process.env['TEST_ROUNDS'] ?? roundKinds.length);
const roundLimitMs = 180_000;

describe(`two replicas with Nacos ${sideName}`, function () {
  this.timeout(roundLimitMs);
  let world: ReplicaWorld;
  let beganMs = 0;

  before(async function () {
    this.timeout(startLimitMs);
    world = await sharedReplicaWorld();
    beganMs = performance.now();
  });

  after(() => {
    if (!world) return;
    const sights = world.observers.sights(beganMs);
    const lost = removals(sights, world.services.wanted());
    figure('gap.rounds', count, 'rounds');
    for (const by of ['push', 'query'] as const) {
      figure(`gap.${by === 'push' ? 'pushes' : 'queries'}`, sights.filter((sight) => sight.by === by).length, 'sights');
    }
    figure('gap.removals', lost.length, 'instances');
    figure('gap.twins', twins(sights).length, 'instances');
  });

  for (const [round, kind] of plan(count).entries()) {
    it(`lose no instance in round ${round + 1}: ${kind}`, async () => {
      const fromMs = performance.now();
      await rounds[kind](world, round);
      await world.settled();
      const lost = removals(world.observers.sights(fromMs), world.services.wanted());
      assert.equal(lost.length, 0, describeFindings(lost, fromMs));
    });
  }
});

describe(`one replica with Nacos ${sideName}`, function () {
  this.timeout(roundLimitMs);
  let world: ReplicaWorld;

  before(async function () {
    this.timeout(startLimitMs);
    world = await sharedReplicaWorld();
    await world.scale(1);
  });

  after(() => world?.scale(2));

  it('loses its instances by kill -9 until it has published again', async () => {
    const fromMs = performance.now();
    const [replica] = world.replicas;
    assert.ok(replica);
    await killOne(replica);
    await world.settled();
    const lost = removals(world.observers.sights(fromMs), world.services.wanted());
    const pushes = lost.filter(({ by }) => by === 'push');
    assert.ok(pushes.length > 0, 'with one replica there must be a gap, or this test sees nothing');
    const endsMs = pushes.map(({ fromMs: beganMs, forMs }) => beganMs + forMs - fromMs);
    figure('one-replica.gap-begins', Math.min(...pushes.map(({ fromMs: beganMs }) => beganMs - fromMs)) / 1000, 's');
    figure('one-replica.gap-ends', Math.max(...endsMs) / 1000, 's');
    figure('one-replica.gap-longest', longestMs(pushes) / 1000, 's');
  });
});

function plan(length: number): RoundKind[] {
  const kinds = Array.from({ length }, (_, round) => roundKinds[round % roundKinds.length] ?? 'kill');
  return length > roundKinds.length ? [...kinds.slice(0, -1), 'freeze'] : kinds;
}
