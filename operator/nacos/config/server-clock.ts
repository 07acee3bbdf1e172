/**
 * What our own writes tell of a server's clock: whether something was stored before one of them was answered, or later and
 * so by somebody else.
 *
 * A write of ours is stored before we have the answer: its time on the server's clock, less that of the answer on ours, is
 * at most by how much the server's clock is ahead. The largest of these differences is that, but for the time that the
 * quickest answer took. What came after an answer is ahead of it by more, and so never taken for ours; a write of ours that
 * was answered quicker than all before it may be taken for somebody else's, once.
 *
 * Clocks drift and are set, so what is older than twenty minutes is forgotten. All in milliseconds; ours is monotonic.
 */
const windowMs = 10 * 60_000;

export class ServerClock {
  #ahead = -Infinity;
  #aheadBefore = -Infinity;
  #windowBeganMs = -Infinity;

  /** What was stored at `storedMs` of the server's clock is our write, whose answer came at `answeredMs` of ours. */
  learn(storedMs: number, answeredMs: number): void {
    this.#forget(answeredMs);
    this.#ahead = Math.max(this.#ahead, storedMs - answeredMs);
  }

  /** False while nothing is known of the server's clock. */
  isBefore(storedMs: number, answeredMs: number): boolean {
    return storedMs - answeredMs <= Math.max(this.#ahead, this.#aheadBefore);
  }

  #forget(nowMs: number): void {
    if (nowMs - this.#windowBeganMs < windowMs) return;
    this.#aheadBefore = nowMs - this.#windowBeganMs < 2 * windowMs ? this.#ahead : -Infinity;
    this.#ahead = -Infinity;
    this.#windowBeganMs = nowMs;
  }
}
