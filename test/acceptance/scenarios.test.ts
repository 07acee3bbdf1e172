/**
 * All scenarios. They are played several at a time; each test awaits one of them. Two worlds of four real servers each share
 * two cores, and the embedded ones share them with all other tests, hence the patience; how fast the operator is, other tests
 * and the benchmarks say.
 */
import { join } from 'node:path';
import { loadScenarios } from '../scenarios/parse-scenarios.ts';
import { playScenario } from '../scenarios/runner.ts';
import { describeInWorlds } from './in-worlds.ts';

const scenarios = await loadScenarios(join(import.meta.dirname, '../scenarios'));

describeInWorlds('scenarios', ({ isReal, world }) => {
  const { concurrency, patience } = isReal ? { concurrency: 6, patience: 4 } : { concurrency: 12, patience: 20 };
  const outcomes = scenarios.map(() => Promise.withResolvers<void>());

  before(() => {
    const { backends, closedPort } = world();
    const waiting = scenarios.entries();
    const playNext = async (): Promise<void> => {
      for (const [index, scenario] of waiting) {
        const outcome = outcomes[index];
        await playScenario(scenario, backends, { closedPort, patience }).then(outcome?.resolve, outcome?.reject);
      }
    };
    for (const { promise } of outcomes) promise.catch(() => {});
    for (let player = 0; player < concurrency; player += 1) void playNext();
  });

  for (const [index, { topic, title }] of scenarios.entries()) {
    it(`${topic}: ${title}`, () => outcomes[index]?.promise);
  }
});
