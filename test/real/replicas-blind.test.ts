/**
 * Replicas that lose the API server: one of two must not keep dead instances alive, and all of them must not withdraw
 * live ones.
 *
 * `TEST_API_KILLS` says how often the API server is killed under both.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../eventually.ts';
import { apiserverOutage, outOfSightMs, publishersAre, refill, withdraw } from './replicas/blindness.ts';
import { figure } from './replicas/figure.ts';
import { sideName } from './replicas/nacos-side.ts';
import type { ReplicaWorld } from './replicas/replica-world.ts';
import { killOne } from './replicas/rounds.ts';
import { sharedReplicaWorld, startLimitMs } from './replicas/shared-replica-world.ts';
import { describeFindings, ghosts, longestMs, removals } from './replicas/sights.ts';

const kills = Number(process.env['TEST_API_KILLS'] ?? 1);
const leaseDurationMs = 15_000;
/** In which what has ended is out of sight though one replica is blind. */
const reliefLimitMs = leaseDurationMs + 5000;
const outageMs = leaseDurationMs + 5000;
/** For both to know that they are blind, one after the other. */
const longOutageMs = 2 * leaseDurationMs + 5000;
const services = 10;
/** In which each service was asked for by HTTP, and a push was on its way. */
const queryLagMs = 3000;

describe(`blind replicas with Nacos ${sideName}`, function () {
  this.timeout(300_000);
  let world: ReplicaWorld;

  before(async function () {
    this.timeout(startLimitMs);
    world = await sharedReplicaWorld();
    await world.settled();
  });

  for (const role of ['leader', 'other'] as const) {
    it(`do not keep what ends, when one is blind: the ${role === 'leader' ? 'leader' : 'other one'}`, async () => {
      const blind = (await world.roles())[role];
      const { api } = await world.links(blind);
      const fromMs = performance.now();
      api.hold();
      try {
        const withdrawal = await withdraw(world, services);
        // Measured beyond the bound, so that a miss is a figure too.
        const goneMs = await outOfSightMs(world, withdrawal, 3 * reliefLimitMs);
        figure(`blind.${role}-out-of-sight`, goneMs / 1000, 's');
        assert.ok(goneMs <= reliefLimitMs, `out of sight after ${Math.round(goneMs)} ms`);
        await publishersAre(world, 1, reliefLimitMs);
        assertNothingLost(fromMs);
        await api.release();
        await world.settled();
        assertNothingLost(fromMs);
        const back = ghosts(world.observers.sights(withdrawal.atMs + goneMs + queryLagMs), withdrawal.gone);
        assert.equal(back.length, 0, describeFindings(back, fromMs));
        await refill(world, withdrawal);
      } finally {
        await api.release();
      }
      await world.settled();
    });
  }

  it('do not keep what ends, when one does not see EndpointSlices and renews its Lease', async () => {
    const { other } = await world.roles();
    const heal = await (await world.links(other)).failResource('endpointslices');
    const fromMs = performance.now();
    try {
      const withdrawal = await withdraw(world, services);
      const goneMs = await outOfSightMs(world, withdrawal, 3 * reliefLimitMs);
      figure('blind.one-resource-out-of-sight', goneMs / 1000, 's');
      assert.ok(goneMs <= reliefLimitMs, `out of sight after ${Math.round(goneMs)} ms`);
      await publishersAre(world, 1, reliefLimitMs);
      assertNothingLost(fromMs);
      await heal();
      await world.settled();
      assertNothingLost(fromMs);
      await refill(world, withdrawal);
    } finally {
      await heal();
    }
    await world.settled();
  });

  for (let kill = 1; kill <= kills; kill += 1) {
    it(`withdraw nothing when the API server is killed under both, time ${kill}`, async () => {
      const fromMs = performance.now();
      await apiserverOutage(world, outageMs);
      await world.settled();
      assertNothingLost(fromMs);
    });
  }

  it('withdraw nothing live when one is relieved, then the API server is killed, then the other one', async () => {
    const { leader, other } = await world.roles();
    const { api } = await world.links(other);
    const fromMs = performance.now();
    api.hold();
    try {
      await publishersAre(world, 1, reliefLimitMs + leaseDurationMs);
      await world.kubernetes.kill('apiserver', 'SIGKILL');
      // Nobody is sighted now, so nobody relieves.
      await publishersAre(world, 2, reliefLimitMs + leaseDurationMs);
      await killOne(leader);
      await pause(queryLagMs);
      assertNothingLost(fromMs);
    } finally {
      await api.release();
      await world.kubernetes.start('apiserver');
    }
    await world.settled();
    assertNothingLost(fromMs);
  });

  it('withdraw nothing live when one is cut off and the API server is killed before it is relieved', async () => {
    const { leader } = await world.roles();
    const { api } = await world.links(leader);
    const fromMs = performance.now();
    api.hold();
    try {
      await apiserverOutage(world, longOutageMs);
      assertNothingLost(fromMs);
    } finally {
      await api.release();
    }
    await world.settled();
    assertNothingLost(fromMs);
  });

  it('lose instances for a moment when one is relieved and the other one is killed', async () => {
    const { leader, other } = await world.roles();
    const { api } = await world.links(other);
    api.hold();
    const fromMs = performance.now();
    try {
      await publishersAre(world, 1, reliefLimitMs + leaseDurationMs);
      assertNothingLost(fromMs);
      const killed = new Set((await world.assertEqual(0, 1)).flat());
      await killOne(leader);
      // It is over when others publish; that subscribers were told nothing yet would prove nothing.
      await eventually(reliefLimitMs, async () => {
        const publishers = await world.assertEqual(0, 1);
        assert.ok(publishers.flat().every((id) => !killed.has(id)));
      });
    } finally {
      await api.release();
    }
    await world.settled();
    const lost = removals(world.observers.sights(fromMs), world.services.wanted());
    figure('blind.relieved-and-other-killed.gap', longestMs(lost) / 1000, 's');
    assert.ok(longestMs(lost) <= leaseDurationMs, describeFindings(lost, fromMs));
  });

  /** What is wanted now was live all the time. */
  function assertNothingLost(fromMs: number): void {
    const lost = removals(world.observers.sights(fromMs), world.services.wanted());
    assert.equal(lost.length, 0, describeFindings(lost, fromMs));
  }
});
