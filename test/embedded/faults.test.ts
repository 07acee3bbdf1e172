/**
 * The operator between servers that misbehave: whatever strikes, both sides are equal afterwards, in both directions.
 */
import assert from 'node:assert/strict';
import type { Fault } from '../../sandbox/fault-script.ts';
import { Fleet } from '../acceptance/fleet.ts';
import { eventually, hangMs } from '../eventually.ts';
import { startEmbeddedWorld } from './world.ts';
import type { EmbeddedWorld } from './world.ts';

const indices = [0, 1, 2, 3];
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

/** What happens to a whole server; how it goes away and comes back, the suite of outages shows. */
const outages: Readonly<Record<string, (world: EmbeddedWorld) => Promise<void> | void>> = {
  'all watches are reset': ({ kubernetes }) => void kubernetes.breakWatches('reset'),
  'all watches end in half a line': ({ kubernetes }) => void kubernetes.breakWatches('half-line'),
  'the history is compacted and all watches end': ({ kubernetes }) => {
    kubernetes.compact();
    kubernetes.breakWatches('end');
  },
  'Nacos asks every client to reconnect': ({ nacos }) => nacos.resetConnections(),
  'all tokens of Nacos expire': ({ nacos }) => nacos.expireTokens(),
};

describe('the operator between embedded servers', () => {
  let world: EmbeddedWorld;
  let fleet: Fleet;
  let round = 0;

  before(async () => {
    world = await startEmbeddedWorld('3.1');
    fleet = await Fleet.create(world, 'faults');
    await Promise.all(indices.map((index) => fleet.mirror(`in-${index}`, 'round 0')));
    await change();
    await expectEqual();
  });

  after(() => world?.stop());

  /** New content in Kubernetes and in Nacos, and other endpoints. */
  async function change(): Promise<void> {
    round += 1;
    await Promise.all(
      indices.map(async (index) => {
        await fleet.declare(`out-${index}`, `round ${round}`);
        await fleet.publish(`in-${index}`, `round ${round}`);
        await fleet.offer(`service-${index}`, [`10.9.${round}.1`, `10.9.${round}.2`]);
      }),
    );
  }

  const expectEqual = () => eventually(hangMs, () => fleet.assertConverged());

  /** Changes everything under faults that strike each operation once, and checks that all have struck. */
  async function strike(faults: EmbeddedWorld['nacos']['faults'], operations: readonly string[], fault: Fault) {
    const before = faults.strikes;
    // A ConfigMap that nobody has read yet, so that the operator has to.
    await fleet.writeSource(`read-${round}`, 'read under faults');
    for (const on of operations) faults.add({ on, fault, times: 1 });
    await fleet.declareBySource(`read-${round}`);
    await change();
    await expectEqual();
    await eventually(hangMs, async () => assert.equal(faults.strikes - before, operations.length));
  }

  for (const [what, fault] of Object.entries(kubernetesFaults)) {
    it(`survives ${what} of the API server`, () => strike(world.kubernetes.faults, kubernetesOperations, fault));
  }

  for (const [what, fault] of Object.entries(nacosFaults)) {
    it(`survives ${what} of Nacos`, () => strike(world.nacos.faults, nacosOperations, fault));
  }

  it('believes no read of Nacos that is older than its own publish', async () => {
    const rule = world.nacos.faults.add({ on: 'ConfigQueryRequest', fault: { kind: 'stale' }, times: 8 });
    await change();
    await expectEqual();
    rule();
  });

  for (const [what, happen] of Object.entries(outages)) {
    it(`catches up after ${what}`, async () => {
      await happen(world);
      await change();
      await expectEqual();
    });
  }
});
