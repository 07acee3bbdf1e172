/**
 * How soon drift of one dataId is put back again: at once a few times, and then after growing pauses, since another program
 * that keeps writing it is not won over by being faster.
 */
const AT_ONCE = 3;
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 300_000;

export class RevertPause {
  #count = 0;
  #lastMs = -Infinity;

  /** How often in a row it was put back. */
  get count(): number {
    return this.#count;
  }

  /** The time until it may be put back, in milliseconds; `nowMs` is of the monotonic clock. */
  waitMs(nowMs: number): number {
    return this.#count < AT_ONCE ? 0 : Math.max(0, this.#lastMs + this.#pauseMs - nowMs);
  }

  reverted(nowMs: number): void {
    // A quiet time that is longer than any pause, and longer than it was waited for, ends a row.
    const isNewRow = nowMs - this.#lastMs > this.#pauseMs + LONGEST_PAUSE_MS;
    this.#count = isNewRow ? 1 : this.#count + 1;
    this.#lastMs = nowMs;
  }

  get #pauseMs(): number {
    return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.max(0, this.#count - AT_ONCE));
  }
}
