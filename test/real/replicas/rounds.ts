/**
 * What happens to replicas of the operator in real life, one kind a round. Each begins and ends with a settled world, and
 * returns when its trouble is over, not when its consequences are.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { KubeletPod } from '../../testbed/kubelet-pod.ts';
import { eventually } from '../../eventually.ts';
import { publishersAre } from './blindness.ts';
import type { ReplicaWorld } from './replica-world.ts';

export type RoundKind =
  'kill' | 'upgrade' | 'new version' | 'reset' | 'lease handed over' | 'leader cut off' | 'freeze';

/** Each of them in this order, again and again. */
export const roundKinds: readonly RoundKind[] = [
  'kill',
  'upgrade',
  'reset',
  'lease handed over',
  'new version',
  'leader cut off',
];

const restartLimitMs = 30_000;
/** A leader that cannot renew gives up after 10 s, and the Lease is free after 15. */
const electionLimitMs = 45_000;
const freezeMs = 60_000;
/** After this a reset is known on both sides. */
const resetMs = 1000;

let upgrades = 0;

export const rounds: Readonly<Record<RoundKind, (world: ReplicaWorld, round: number) => Promise<void>>> = {
  async kill(world, round) {
    await killOne(pick(world, round));
  },

  async upgrade(world) {
    upgrades += 1;
    await world.release.upgrade([`log.level=${upgrades % 2 === 1 ? 'debug' : 'info'}`]);
  },

  async 'new version'(world) {
    await world.release.upgradeVersion();
  },

  async reset(world, round) {
    (await world.links(pick(world, round))).resetNacos();
    await pause(resetMs);
  },

  async 'lease handed over'(world) {
    const { leader, other } = await world.roles();
    await world.handLeaseTo(other);
    await leads(world, other, leader);
  },

  async 'leader cut off'(world) {
    const { leader, other } = await world.roles();
    const { api } = await world.links(leader);
    api.hold();
    try {
      await leads(world, other, leader);
    } finally {
      await api.release();
    }
  },

  async freeze(world, round) {
    const replica = pick(world, round);
    const endMs = performance.now() + freezeMs;
    await replica.kill('SIGSTOP');
    // The server gives it up meanwhile, or nothing was tested.
    await publishersAre(world, world.replicas.length - 1, freezeMs);
    await pause(Math.max(0, endMs - performance.now()));
    await replica.kill('SIGCONT');
  },
};

/** `kill -9`; returns when the kubelet has seen it. */
export async function killOne(replica: KubeletPod): Promise<void> {
  const { restarts } = replica;
  await replica.kill('SIGKILL');
  await eventually(restartLimitMs, async () => assert.ok(replica.restarts > restarts, 'the end must be seen'));
}

function pick({ replicas }: ReplicaWorld, round: number): KubeletPod {
  const replica = replicas[round % replicas.length];
  assert.ok(replica, 'there must be a replica');
  return replica;
}

async function leads(world: ReplicaWorld, next: KubeletPod, before: KubeletPod): Promise<void> {
  await eventually(electionLimitMs, async () => {
    const { leader } = await world.roles();
    assert.equal(leader.name, next.name, `${next.name} must lead after ${before.name}`);
  });
}
