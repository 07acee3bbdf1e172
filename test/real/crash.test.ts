/**
 * `kill -9` of the operator at random moments while both sides change. Whatever was half done is finished by the next
 * start: both sides agree, and nothing is left over.
 *
 * Moments and changes come from a seed, which a failure names; `TEST_SEED` repeats a run.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { eventually } from '../eventually.ts';
import { Fleet } from '../acceptance/fleet.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';
import type { RealWorld } from './world.ts';

const rounds = nacosVersion === '3.1' ? 30 : 5;
const changesPerRound = 12;
const changeWindowMs = 1200;
const convergenceLimitMs = 20_000;
const seed = Number(process.env['TEST_SEED'] ?? randomInt(1_000_000));

describe(`kill -9 of the operator with Nacos ${nacosVersion} (seed ${seed})`, function () {
  this.timeout(60_000);
  const random = seededRandom(seed);
  let world: RealWorld;
  let fleet: Fleet;

  before(async function () {
    this.timeout(startLimitMs);
    world = await sharedWorld();
    fleet = await Fleet.create(world, 'crash');
    for (let number = 0; number < 8; number += 1) {
      await fleet.declare(`declared-${number}`, 'first');
      await fleet.mirror(`mirrored-${number}`, 'first');
    }
    await eventually(15_000, () => fleet.assertConverged());
  });

  after(async () => {
    await fleet?.delete();
  });

  for (let round = 1; round <= rounds; round += 1) {
    it(`round ${round} of ${rounds} converges, and nothing is orphaned`, async () => {
      const changes = changeBothSides(fleet, random, round);
      await pause(random() * changeWindowMs);
      await world.operator.end('SIGKILL');
      await world.operator.launch();
      if (random() < 0.33) {
        // In the middle of its start, with half a world known.
        await pause(random() * 2 * changeWindowMs);
        await world.operator.end('SIGKILL');
        await world.operator.launch();
      }
      await changes;
      await world.operator.ready();
      await eventually(convergenceLimitMs, () => fleet.assertConverged());
    });
  }

  it('has written nothing that it does not know of', async () => {
    const owned = (await world.nacos.admin.listConfigs('')).filter((config) => config.group === fleet.namespace);
    assert.equal(owned.length, fleet.declared.size + fleet.mirrored.size);
  });
});

async function changeBothSides(fleet: Fleet, random: () => number, round: number): Promise<void> {
  const pick = (names: Iterable<string>): string => {
    const all = [...names];
    return all[Math.floor(random() * all.length)] ?? '';
  };
  // What others edit is theirs: before our first publish it is a conflict, and at deletion it stays.
  const settled = new Set(fleet.declared.keys());
  const meddledWith = new Set<string>();
  const changes: ((content: string) => Promise<void>)[] = [
    (content) => fleet.declare(pick(fleet.declared.keys()), content),
    (content) => fleet.declare(pick(fleet.declared.keys()), content),
    (content) => fleet.publish(pick(fleet.mirrored.keys()), content),
    (content) => fleet.publish(pick(fleet.mirrored.keys()), content),
    async (content) => {
      const name = pick(settled);
      meddledWith.add(name);
      await fleet.meddle(name, content);
    },
    (content) => fleet.declare(`born-${content.replaceAll(' ', '-')}`, content),
    async () => {
      const name = pick([...fleet.declared.keys()].filter((candidate) => !meddledWith.has(candidate)));
      if (fleet.declared.size > 5) await fleet.retract(name);
      settled.delete(name);
    },
  ];
  for (let number = 0; number < changesPerRound; number += 1) {
    await changes[Math.floor(random() * changes.length)]?.(`round ${round} change ${number}`);
    await pause(random() * ((2 * changeWindowMs) / changesPerRound));
  }
}

/** Uniform in [0, 1); mulberry32. */
function seededRandom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
