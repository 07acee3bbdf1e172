/**
 * The property of `source: Both` as a mocha test: many interleavings at the same time, one config each, against a world.
 */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import type { NacosClient } from '../../operator/nacos/client.ts';
import type { KubernetesBackend } from '../scenarios/backends.ts';
import { planInterleavings } from './interleaving.ts';
import { SharedConfig } from './shared-config.ts';

export interface TwoWritersOptions {
  readonly count: number;
  /** How many are played at the same time. */
  readonly concurrency: number;
  readonly settleLimitMs: number;
  readonly limitMs: number;
  /** The two sides; asked for when the test runs. */
  readonly sides: () => { readonly kubernetes: KubernetesBackend; readonly nacos: NacosClient };
  /** Called in the middle. */
  readonly disturb?: () => Promise<void>;
}

/** Defines the test; to be called where mocha collects them. `NACOS_BRIDGE_SEED` repeats a run. */
export function itLosesNoUpdate(options: TwoWritersOptions): void {
  const { count, concurrency, limitMs, settleLimitMs, sides, disturb = async () => {} } = options;
  const seed = Number(process.env['NACOS_BRIDGE_SEED'] ?? randomInt(2 ** 31));

  it(`loses no update of ${count} interleavings of two writers without a conflict (seed ${seed})`, async () => {
    const { kubernetes, nacos } = sides();
    const namespace = `two-writers-${seed.toString(36)}`;
    await kubernetes.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    const waiting = planInterleavings(seed, count).entries();
    const total = { edits: 0, conflicts: 0 };
    const playNext = async (): Promise<void> => {
      for (const [index, interleaving] of waiting) {
        const name = `shared-${index}`;
        const config = new SharedConfig({ kubernetes, nacos, namespace, name, settleLimitMs });
        const disturbed = index === Math.round(count / 2) ? disturb() : undefined;
        const { edits, conflicts } = await config.play(interleaving).catch((error: unknown) => {
          throw new Error(`interleaving ${index}: ${JSON.stringify(interleaving)}`, { cause: error });
        });
        await disturbed;
        total.edits += edits;
        total.conflicts += conflicts;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, playNext));
    // Where nobody meets anybody, nothing is proved.
    assert.ok(total.edits > count, `${total.edits} edits`);
    assert.ok(total.conflicts > count / 20, `${total.conflicts} conflicts in ${total.edits} edits`);
    await kubernetes.delete({ apiVersion: 'v1', kind: 'Namespace', namespace: '', name: namespace });
  }).timeout(limitMs);
}
