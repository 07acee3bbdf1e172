/**
 * Where the suites of this folder run: in `npm test` once with each generation of the embedded Nacos, in a world of their
 * own; as a part of `npm run test:real` with the real servers of the lane, which all suites share.
 */
import { startEmbeddedWorld } from '../embedded/world.ts';
import { hangMs } from '../eventually.ts';
import { isLane, nacosVersion, sharedWorld } from '../real/shared-world.ts';
import type { World } from './world.ts';

export interface Suite {
  /** The world that runs; to be called by tests and hooks only. */
  readonly world: () => World;
  readonly isReal: boolean;
  /**
   * How long to wait for what is promised within a time. Real servers are held to the promise; the embedded ones run
   * beside all other tests, so that there only what never comes is a failure.
   */
  readonly limitMs: (promisedMs: number) => number;
}

interface Kind {
  readonly name: string;
  readonly isReal: boolean;
  start(): Promise<World>;
}

/** Of all servers of a world. */
const startLimitMs = 240_000;

const real: Kind = { name: `real servers, Nacos ${nacosVersion}`, isReal: true, start: sharedWorld };
const embedded = (['3.1', '2.3'] as const).map((generation): Kind => ({
  name: `embedded servers, Nacos as ${generation}`,
  isReal: false,
  start: () => startEmbeddedWorld(generation),
}));

/** Defines a suite for each world of this run. */
export function describeInWorlds(title: string, define: (suite: Suite) => void): void {
  for (const { isReal, name, start } of isLane ? [real] : embedded) {
    describe(`${title} (${name})`, () => {
      let running: World | undefined;

      before(async () => {
        running = await start();
      }).timeout(startLimitMs);

      define({
        world() {
          if (!running) throw new Error('the world is not there yet');
          return running;
        },
        isReal,
        limitMs: (promisedMs) => (isReal ? promisedMs : Math.max(promisedMs, hangMs)),
      });

      // After the hooks of the suite, which may still need it. The real one is ended by whoever shares it.
      after(() => (isReal ? undefined : running?.stop()));
    });
  }
}
