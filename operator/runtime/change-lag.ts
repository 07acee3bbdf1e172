/**
 * Measures how long changes take: from the first change of a key that is not settled yet to the write that settles it.
 */
import type { Clock } from '../clock.ts';

/** From a few milliseconds to the end of an outage. */
export const lagBucketsSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export class ChangeLag {
  readonly #clock: Clock;
  readonly #observe: (lagMs: number) => void;
  readonly #seenMs = new Map<string, number>();

  constructor(clock: Clock, observe: (lagMs: number) => void) {
    this.#clock = clock;
    this.#observe = observe;
  }

  /** A change was seen; an earlier one that is not settled yet counts on. */
  seen(key: string): void {
    if (!this.#seenMs.has(key)) this.#seenMs.set(key, this.#clock.monotonic());
  }

  /** All changes are dealt with; `wrote` when it took a write, which is what is measured. */
  settled(key: string, wrote: boolean): void {
    const seenMs = this.#seenMs.get(key);
    this.#seenMs.delete(key);
    if (wrote && seenMs !== undefined) this.#observe(this.#clock.monotonic() - seenMs);
  }

  forget(key: string): void {
    this.#seenMs.delete(key);
  }
}
