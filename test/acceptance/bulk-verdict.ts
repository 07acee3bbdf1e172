/**
 * Whether what a `BulkChurn` has done came through: what was confirmed is there, what was deleted is gone, nothing of others was
 * touched, and hardly a conflict was told that there is none of. Real conflicts are decided as people would.
 */
import assert from 'node:assert/strict';
import { eventually, hangMs } from '../eventually.ts';
import type { BothSides, BulkChurn } from './bulk-churn.ts';

const foreignCount = 20;
/** Of a hundred edits. */
const needlessAllowed = 1;

export class BulkVerdict {
  readonly #churn: BulkChurn;
  readonly #size: number;
  #needless = 0;
  #conflicts = 0;

  constructor(churn: BulkChurn, size: number) {
    this.#churn = churn;
    this.#size = size;
  }

  /** For people. */
  get summary(): string {
    const { confirmed, dead } = this.#churn;
    const parts = [`${confirmed.length} edits`, `${dead.size} deletions`, `${this.#conflicts} conflicts`];
    return [...parts, `${this.#needless} of them without a cause`].join(', ');
  }

  /** What the syncs count is what there is. Returns the items that differ. */
  async settled(): Promise<BothSides[]> {
    const churn = this.#churn;
    const [both, out] = [await churn.counts('both'), await churn.counts('out')];
    const differing = (await churn.bothSides()).filter(({ isEqual }) => !isEqual);
    const { conflicts, failing, pending, total } = both;
    assert.deepEqual(
      { conflicts, failing, pending, total },
      { conflicts: differing.length, failing: 0, pending: 0, total: this.#size },
    );
    const { conflicts: foreign, ...rest } = out;
    assert.deepEqual([foreign, rest['failing'], rest['pending']], [foreignCount, 0, 0]);
    assert.equal(rest['total'], churn.alive.size + foreignCount);
    return differing;
  }

  /** @throws AssertionError for what was lost, forgotten or touched, or does not settle within `limitMs`. */
  async check(limitMs = hangMs): Promise<void> {
    const churn = this.#churn;
    for (;;) {
      const differing = await eventually(limitMs, () => this.settled());
      if (differing.length === 0) break;
      this.#conflicts += differing.length;
      this.#needless += differing.filter(hasNoCause).length;
      for (const sides of differing) await churn.merge(sides);
    }
    const held = new Map((await churn.bothSides()).map(({ item, kubernetes }) => [item, new Set(kubernetes)]));
    const lost = churn.confirmed.filter(({ item, line }) => !held.get(item)?.has(line));
    assert.deepEqual(lost, [], 'edits that were confirmed must be there');
    await eventually(limitMs, async () => assert.deepEqual(await churn.wrongInNacos(), []));
    await eventually(limitMs, async () => assert.deepEqual(await churn.forgotten(), []));
    const edits = churn.confirmed.length;
    assert.ok(edits > 0 && churn.dead.size > 0, 'somebody must have edited and deleted');
    assert.ok(this.#needless <= Math.max(1, (edits * needlessAllowed) / 100), this.summary);
  }
}

/** One side has all that the other has, and more. */
function hasNoCause({ kubernetes, nacos }: BothSides): boolean {
  const isPart = (some: readonly string[], all: readonly string[]) => some.every((line, index) => all[index] === line);
  return isPart(kubernetes, nacos) || isPart(nacos, kubernetes);
}
