/**
 * The operator between servers that misbehave: whatever strikes, both sides are equal afterwards, in both directions.
 */
import assert from 'node:assert/strict';
import type { Fault } from '../../sandbox/fault-script.ts';
import { eventually } from '../real/eventually.ts';
import { SmallFleet } from './small-fleet.ts';
import { startEmbeddedWorld } from './world.ts';
import type { EmbeddedWorld } from './world.ts';

/** Calls to the API server are given up after ten seconds. */
const equalLimitMs = 25_000;
const overloaded: Fault = { kind: 'status', status: 429, retryAfterSeconds: 1 };

/** Each fault with what it strikes: a write of every direction. */
const kubernetesFaults: Readonly<Record<string, Fault>> = {
  'a reset': { kind: 'reset' },
  'a lost answer': { kind: 'lost-answer' },
  'half an answer': { kind: 'half-answer' },
  'a slow answer': { kind: 'slow', delayMs: 1_500 },
  silence: { kind: 'silence' },
  '429 with Retry-After': overloaded,
  'status 500': { kind: 'status', status: 500 },
  'status 503': { kind: 'status', status: 503 },
};
const nacosFaults: Readonly<Record<string, Fault>> = {
  'a reset': { kind: 'reset' },
  'a lost answer': { kind: 'lost-answer' },
  'a slow answer': { kind: 'slow', delayMs: 1_500 },
  silence: { kind: 'silence' },
  'result code 500': { kind: 'status', status: 500 },
};
const kubernetesOperations = ['patch nacosconfigs/status', 'patch configmaps', 'get configmaps'];
const nacosOperations = ['ConfigPublishRequest', 'ConfigQueryRequest', 'BatchInstanceRequest'];

/** What happens to a whole server. */
const outages: Readonly<Record<string, (world: EmbeddedWorld) => Promise<void> | void>> = {
  'the API server is away for two seconds': async ({ kubernetes }) => {
    await kubernetes.stopServing();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await kubernetes.startServing();
  },
  'all watches are reset': ({ kubernetes }) => void kubernetes.breakWatches('reset'),
  'all watches end in half a line': ({ kubernetes }) => void kubernetes.breakWatches('half-line'),
  'the history is compacted and all watches end': ({ kubernetes }) => {
    kubernetes.compact();
    kubernetes.breakWatches('end');
  },
  'Nacos restarts': ({ nacos }) => nacos.restart(),
  'Nacos asks every client to reconnect': ({ nacos }) => nacos.resetConnections(),
  'all tokens of Nacos expire': ({ nacos }) => nacos.expireTokens(),
};

describe('the operator between embedded servers', function () {
  this.timeout(60_000);
  let world: EmbeddedWorld;
  let fleet: SmallFleet;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
    fleet = await SmallFleet.create(world, 'faults');
    await fleet.change();
    await fleet.expectEqual(equalLimitMs);
  });

  after(() => world?.stop());

  /** Changes everything under faults that strike each operation once, and checks that all have struck. */
  async function strike(faults: EmbeddedWorld['nacos']['faults'], operations: readonly string[], fault: Fault) {
    const before = faults.strikes;
    for (const on of operations) faults.add({ on, fault, times: 1 });
    await fleet.change();
    await fleet.expectEqual(equalLimitMs);
    await eventually(5_000, async () => assert.equal(faults.strikes - before, operations.length));
  }

  for (const [what, fault] of Object.entries(kubernetesFaults)) {
    it(`survives ${what} of the API server`, () => strike(world.kubernetes.faults, kubernetesOperations, fault));
  }

  for (const [what, fault] of Object.entries(nacosFaults)) {
    it(`survives ${what} of Nacos`, () => strike(world.nacos.faults, nacosOperations, fault));
  }

  it('believes no read of Nacos that is older than its own publish', async () => {
    const rule = world.nacos.faults.add({ on: 'ConfigQueryRequest', fault: { kind: 'stale' }, times: 8 });
    await fleet.change();
    await fleet.expectEqual(equalLimitMs);
    rule();
  });

  for (const [what, happen] of Object.entries(outages)) {
    it(`catches up after ${what}`, async () => {
      await happen(world);
      await fleet.change();
      await fleet.expectEqual(equalLimitMs);
    });
  }
});
