/**
 * A Nacos that shows the operator a beta version of every config, as to an address that is in its beta addresses: what is
 * declared, published, mirrored and put back is the formal version, once for each change.
 */
import assert from 'node:assert/strict';
import { Fleet } from '../acceptance/fleet.ts';
import { eventually, hangMs } from '../eventually.ts';
import { startEmbeddedWorld } from './world.ts';
import type { EmbeddedWorld } from './world.ts';

for (const generation of ['3.1', '2.3'] as const) {
  describe(`the operator to which a Nacos ${generation} shows beta versions`, () => {
    let world: EmbeddedWorld;
    let fleet: Fleet;

    const converge = (): Promise<void> => eventually(hangMs, () => fleet.assertConverged());

    before(async () => {
      world = await startEmbeddedWorld(generation);
      fleet = await Fleet.create(world, 'gray');
    });

    after(() => world?.stop());

    it('publishes each change once, mirrors the formal version and puts it back', async () => {
      await fleet.declare('declared', 'formal 0');
      await fleet.declareForBoth('both', 'formal 0');
      await fleet.mirror('mirrored', 'formal 0');
      await converge();
      world.nacos.faults.add({ on: 'ConfigQueryRequest', fault: { kind: 'beta', content: 'beta' } });
      for (const round of [1, 2, 3]) {
        await fleet.declare('declared', `formal ${round}`);
        await fleet.writeSource('both', `formal ${round}`);
        await fleet.publish('mirrored', `formal ${round}`);
        await converge();
      }
      await fleet.meddle('declared', 'edited');
      await eventually(hangMs, async () => assert.equal((await fleet.countWrites()).get('declared'), 6));
      await converge();
      assert.deepEqual(
        await fleet.countWrites(),
        new Map([
          ['declared', 6],
          ['both', 4],
          ['mirrored', 4],
        ]),
      );
    });
  });
}
