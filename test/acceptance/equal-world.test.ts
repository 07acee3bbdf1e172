/**
 * A restart over a world in which nothing has changed writes nothing, on either side, and reads no mirror and no dataId but
 * the one by which the Nacos namespace is known;
 * what is read are the ConfigMaps that declare content, each once. The witnesses are the servers: what they were asked, and
 * the history that Nacos keeps.
 */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../eventually.ts';
import { Fleet } from './fleet.ts';
import { describeInWorlds } from './in-worlds.ts';
import { configWritesOf, kubernetesWrites } from './operations.ts';
import type { World } from './world.ts';

const total = 200;
const atOnce = 20;
/** A second look at everything, pushes and statuses that are gathered are over by then. */
const quietMs = 3_000;
const lookMs = 300;

describeInWorlds(`a restart over an equal world of ${total} configs`, ({ limitMs, world }) => {
  let fleet: Fleet;

  before(async () => {
    fleet = await Fleet.create(world(), 'equal');
    const kinds = [fleet.declare, fleet.declareByConfigMap, fleet.mirror, fleet.declareForBoth];
    const numbers = Array.from({ length: total }, (_, number) => number).values();
    const add = async (): Promise<void> => {
      for (const number of numbers) {
        await kinds[number % kinds.length]?.call(fleet, `config-${number}`, `content ${number}`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, add));
    await fleet.offer('annotated', ['10.7.0.1']);
    await eventually(limitMs(60_000), () => fleet.assertConverged());
  });

  after(() => fleet?.delete());

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`after ${signal} makes no publish, no remove and no API write but of Leases`, async () => {
      const { apiOperations, nacosOperations, operator } = world();
      await quiet('before the restart');
      const historyBefore = await fleet.countWrites();
      await operator.end(signal);
      await apiOperations.reset();
      await nacosOperations?.reset();
      await operator.start();
      // Once, which asks Nacos, and once more when Nacos has answered.
      await eventually(limitMs(60_000), async () => {
        const looks = await operator.metric('controller_runtime_reconcile_total', 'nacosconfig"');
        assert.ok(looks >= 2 * total, 'all NacosConfigs must be looked at');
      });
      await quiet('after the restart');

      const asked = await apiOperations.counts();
      assert.ok(asked['list nacosconfigs'], 'the witness must have seen the start');
      assert.deepEqual(kubernetesWrites(asked), {});
      assert.equal(asked['get configmaps'], total / 2);
      const askedOfNacos = (await nacosOperations?.counts()) ?? {};
      assert.deepEqual(configWritesOf(askedOfNacos), {});
      if (nacosOperations)
        assert.equal(askedOfNacos['ConfigQueryRequest'], 1, 'only the id of the Nacos namespace is read');
      assert.deepEqual(await fleet.countWrites(), historyBefore);
      await fleet.assertConverged();
    });
  }

  /** Resolves when nothing was written for a while. */
  async function quiet(when: string): Promise<void> {
    const deadlineMs = performance.now() + limitMs(60_000);
    let [last, sinceMs] = [await written(world()), performance.now()];
    while (performance.now() - sinceMs < quietMs) {
      assert.ok(performance.now() < deadlineMs, `the operator does not stop writing ${when}: ${last}`);
      await pause(lookMs);
      const now = await written(world());
      if (now !== last) [last, sinceMs] = [now, performance.now()];
    }
  }
});

async function written({ apiOperations, nacosOperations }: World): Promise<string> {
  const [asked, askedOfNacos] = [await apiOperations.counts(), (await nacosOperations?.counts()) ?? {}];
  return JSON.stringify([kubernetesWrites(asked), configWritesOf(askedOfNacos)]);
}
