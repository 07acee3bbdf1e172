/**
 * The scenario suite against real servers. The scenarios are played several at a time; each test awaits one of them.
 */
import { join } from 'node:path';
import { playScenario } from '../scenarios/runner.ts';
import { loadScenarios } from '../scenarios/parse-scenarios.ts';
import { nacosVersion, sharedWorld, startLimitMs } from './shared-world.ts';

const scenarios = await loadScenarios(join(import.meta.dirname, '../scenarios'));
const concurrency = 6;
/** Two worlds of four servers each share two cores; how fast the operator is, other tests and the benchmarks say. */
const patience = 4;
const suiteLimitMs = 300_000;

describe(`scenarios with Nacos ${nacosVersion}`, () => {
  const outcomes = scenarios.map(() => Promise.withResolvers<void>());

  before(async () => {
    const world = await sharedWorld();
    const waiting = scenarios.entries();
    const playNext = async (): Promise<void> => {
      for (const [index, scenario] of waiting) {
        const outcome = outcomes[index];
        const { closedPort } = world;
        await playScenario(scenario, world.backends, { closedPort, patience }).then(outcome?.resolve, outcome?.reject);
      }
    };
    for (const { promise } of outcomes) promise.catch(() => {});
    for (let player = 0; player < concurrency; player += 1) void playNext();
  }).timeout(startLimitMs);

  for (const [index, { topic, title }] of scenarios.entries()) {
    it(`${topic}: ${title}`, () => outcomes[index]?.promise).timeout(suiteLimitMs);
  }
});
