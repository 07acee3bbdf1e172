/**
 * All scenarios of this folder as mocha tests against one world. They are played several at a time; each test awaits one
 * of them.
 */
import { loadScenarios } from './parse-scenarios.ts';
import { playScenario } from './runner.ts';
import type { Backends } from './backends.ts';

export interface SuiteWorld {
  readonly backends: Backends;
  /** Nothing listens there. */
  readonly closedPort: number;
}

export interface SuiteOptions {
  /** Starts the world, or hands out one that runs. */
  readonly start: () => Promise<SuiteWorld>;
  readonly startLimitMs: number;
  /** How many scenarios are played at the same time. */
  readonly concurrency: number;
  /** Multiplies the time limits of expectations, for machines on which much else runs. */
  readonly patience: number;
}

/** How long a scenario may wait for its turn and take. */
const suiteLimitMs = 300_000;
const scenarios = await loadScenarios(import.meta.dirname);

/** Defines the tests; to be called where mocha collects them. */
export function describeScenarios(name: string, options: SuiteOptions): void {
  const { start, startLimitMs, concurrency, patience } = options;
  describe(name, () => {
    const outcomes = scenarios.map(() => Promise.withResolvers<void>());

    before(async () => {
      const { backends, closedPort } = await start();
      const waiting = scenarios.entries();
      const playNext = async (): Promise<void> => {
        for (const [index, scenario] of waiting) {
          const outcome = outcomes[index];
          await playScenario(scenario, backends, { closedPort, patience }).then(outcome?.resolve, outcome?.reject);
        }
      };
      for (const { promise } of outcomes) promise.catch(() => {});
      for (let player = 0; player < concurrency; player += 1) void playNext();
    }).timeout(startLimitMs);

    for (const [index, { topic, title }] of scenarios.entries()) {
      it(`${topic}: ${title}`, () => outcomes[index]?.promise).timeout(suiteLimitMs);
    }
  });
}
