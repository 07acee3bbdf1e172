/**
 * The scenario suite against the embedded servers, which speak as Nacos 3.1 and as 2.3.
 */
import { describeScenarios } from '../scenarios/suite.ts';
import { startEmbeddedWorld } from './world.ts';
import type { EmbeddedWorld } from './world.ts';

for (const generation of ['3.1', '2.3'] as const) {
  describe(`embedded servers, Nacos as ${generation}`, () => {
    let world: EmbeddedWorld | undefined;

    after(async function () {
      this.timeout(30_000);
      await world?.stop();
    });

    describeScenarios('scenarios', {
      start: async () => (world = await startEmbeddedWorld(generation)),
      startLimitMs: 30_000,
      concurrency: 12,
      patience: 2,
    });
  });
}
