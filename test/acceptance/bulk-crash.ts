/**
 * `kill -9` of the operator while the items of a two-way NacosConfigSync change on both sides, and those of another one come
 * and go: nothing is lost, forgotten or touched (bulk-verdict.ts). `TEST_ROUNDS` is how often it is killed, `TEST_ITEMS` how many
 * items there are.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, hangMs } from '../eventually.ts';
import { BulkChurn } from './bulk-churn.ts';
import { BulkVerdict } from './bulk-verdict.ts';
import type { World } from './world.ts';

/** After so many rounds, and after the last, everything is compared. */
const roundsBetweenChecks = 5;
const editingMs = 2500;
const startLimitMs = 240_000;

export interface CrashOptions {
  readonly rounds: number;
  /** Of the two-way sync. */
  readonly size: number;
  readonly start: () => Promise<World>;
  readonly stop: (world: World) => Promise<void>;
}

export function describeBulkCrash(title: string, { rounds, size, start, stop }: CrashOptions): void {
  describe(`kill -9 while ${size} items change on both sides (${title})`, function () {
    this.timeout(startLimitMs);
    let world: World;
    let churn: BulkChurn;
    let verdict: BulkVerdict;

    before(async () => {
      world = await start();
      churn = new BulkChurn(world, 'bulk-crash', size);
      verdict = new BulkVerdict(churn, size);
      await churn.begin();
      await eventually(hangMs, () => verdict.settled());
    });

    after(async () => {
      if (verdict) console.log(`      ${verdict.summary}`);
      await churn?.close();
      if (world) await stop(world);
    });

    for (let round = 1; round <= rounds; round += 1) {
      it(`round ${round} of ${rounds}`, async () => {
        const editing = churn.edit();
        await sleep(Math.random() * editingMs);
        const born = await churn.bear(Math.floor(Math.random() * 8));
        // In the middle of their way to Nacos.
        await sleep(Math.random() * 60);
        await world.operator.end('SIGKILL');
        await sleep(Math.random() * 400);
        churn.stop();
        await editing;
        const chosen = new Set([
          ...born.filter(() => Math.random() < 0.7),
          ...[...churn.alive.keys()].filter(() => Math.random() < 0.1),
        ]);
        await churn.kill([...chosen]);
        churn.release(born);
        await world.operator.launch();
        await world.operator.ready();
        if (round % roundsBetweenChecks === 0 || round === rounds) await verdict.check();
      });
    }
  });
}
