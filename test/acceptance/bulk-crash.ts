/**
 * `kill -9` of the operator while the items of a two-way NacosConfigSync change on both sides, and those of another one come
 * and go: no edit that was confirmed is lost, nothing that was deleted is forgotten in Nacos, nothing of others is touched, and
 * hardly a conflict is told that there is none of. `TEST_ROUNDS` is how often it is killed, `TEST_ITEMS` how many there are.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually, hangMs } from '../eventually.ts';
import { BulkChurn, type BothSides } from './bulk-churn.ts';
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
    let needless = 0;

    before(async () => {
      world = await start();
      churn = new BulkChurn(world, 'bulk-crash', size);
      await churn.begin();
      await eventually(hangMs, settled);
    });

    after(async () => {
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
        if (round % roundsBetweenChecks === 0 || round === rounds) await check();
      });
    }

    /** What the syncs count is what there is. */
    async function settled(): Promise<BothSides[]> {
      const [both, out] = [await churn.counts('both'), await churn.counts('out')];
      const differing = (await churn.bothSides()).filter(({ isEqual }) => !isEqual);
      const { conflicts, failing, pending, total } = both;
      assert.deepEqual(
        { conflicts, failing, pending, total },
        { conflicts: differing.length, failing: 0, pending: 0, total: size },
      );
      const { conflicts: foreign, ...rest } = out;
      assert.deepEqual([foreign, rest['failing'], rest['pending']], [20, 0, 0]);
      assert.equal(rest['total'], churn.alive.size + 20);
      return differing;
    }

    async function check(): Promise<void> {
      for (;;) {
        const differing = await eventually(hangMs, settled);
        if (differing.length === 0) break;
        needless += differing.filter(hasNoCause).length;
        for (const sides of differing) await churn.merge(sides);
      }
      const held = new Map((await churn.bothSides()).map(({ item, kubernetes }) => [item, new Set(kubernetes)]));
      const lost = churn.confirmed.filter(({ item, line }) => !held.get(item)?.has(line));
      assert.deepEqual(lost, [], 'edits that were confirmed must be there');
      await eventually(hangMs, async () => assert.deepEqual(await churn.wrongInNacos(), []));
      await eventually(hangMs, async () => assert.deepEqual(await churn.forgotten(), []));
      const edits = churn.confirmed.length;
      assert.ok(edits > 0 && churn.dead.size > 0, 'somebody must have edited and deleted');
      assert.ok(needless <= Math.max(1, edits / 100), `${needless} conflicts without a cause of ${edits} edits`);
    }
  });
}

/** One side has all that the other has, and more. */
function hasNoCause({ kubernetes, nacos }: BothSides): boolean {
  const isPart = (some: readonly string[], all: readonly string[]) => some.every((line, index) => all[index] === line);
  return isPart(kubernetes, nacos) || isPart(nacos, kubernetes);
}
