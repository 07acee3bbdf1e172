/**
 * The property of `source: Both`: two writers of each config, one in Kubernetes and one in Nacos, lose no update of each
 * other without a conflict. Many interleavings are played at the same time, one config each; in the second run the operator
 * is killed on the way, so that not all that it wrote is recorded.
 *
 * `TEST_SEED` repeats a run; a failure names its seed.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import type { NacosClient } from '../../operator/nacos/client.ts';
import { startAuthorClient } from '../scenarios/author-client.ts';
import { describeInWorlds } from './in-worlds.ts';
import { planInterleavings } from './two-writers/interleaving.ts';
import { SharedConfig } from './two-writers/shared-config.ts';

const seed = Number(process.env['TEST_SEED'] ?? randomInt(2 ** 31));

describeInWorlds('two writers of each config', ({ isReal, limitMs, world }) => {
  let nacos: NacosClient;

  before(() => void (nacos = startAuthorClient(world().endpoint)));
  after(() => nacos?.stop());

  const runs = [
    { count: isReal ? 50 : 75, name: 'undisturbed', disturb: async () => {} },
    {
      count: isReal ? 20 : 25,
      name: 'killed',
      disturb: async () => {
        await world().operator.end('SIGKILL');
        await world().operator.start();
      },
    },
  ];
  for (const { count, disturb, name } of runs) {
    it(`lose no update in ${count} interleavings, the operator ${name} (seed ${seed})`, async () => {
      const { kubernetes } = world().backends;
      const settleLimitMs = limitMs(60_000);
      const namespace = `two-writers-${name}`;
      await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      const waiting = planInterleavings(seed, count).entries();
      const total = { edits: 0, conflicts: 0 };
      const playNext = async (): Promise<void> => {
        for (const [index, interleaving] of waiting) {
          const config = new SharedConfig({ kubernetes, nacos, namespace, name: `shared-${index}`, settleLimitMs });
          const disturbed = index === Math.round(count / 2) ? disturb() : undefined;
          const { edits, conflicts } = await config.play(interleaving).catch((error: Error) => {
            throw new Error(`${error.message} in interleaving ${index}: ${JSON.stringify(interleaving)}`, {
              cause: error,
            });
          });
          await disturbed;
          total.edits += edits;
          total.conflicts += conflicts;
        }
      };
      await Promise.all(Array.from({ length: isReal ? 10 : 25 }, playNext));
      // Where nobody meets anybody, nothing is proved.
      assert.ok(total.edits > count, `${total.edits} edits`);
      assert.ok(total.conflicts > count / 20, `${total.conflicts} conflicts in ${total.edits} edits`);
      await kubernetes.delete({ apiVersion: 'v1', kind: 'Namespace', namespace: '', name: namespace });
    });
  }
});
