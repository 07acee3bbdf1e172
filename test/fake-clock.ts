/**
 * A clock that stands still until a test moves it. Timers fire in the order of their due times, each followed by a
 * turn of the event loop, so that promise chains that they start are settled before the next one fires.
 */
import type { Clock, Timer } from '../operator/clock.ts';

interface Pending {
  readonly dueMs: number;
  readonly order: number;
  readonly callback: () => void;
}

export class FakeClock implements Clock {
  #nowMs: number;
  #elapsedMs = 0;
  #order = 0;
  readonly #pending = new Set<Pending>();

  constructor(nowMs = Date.parse('2026-01-01T00:00:00Z')) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const pending = { dueMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#pending.add(pending);
    return { cancel: () => this.#pending.delete(pending) };
  }

  /** Delays until each waiting timer, soonest first. */
  get waitingMs(): number[] {
    return [...this.#pending].map((timer) => timer.dueMs - this.#elapsedMs).sort((a, b) => a - b);
  }

  /** Moves time forward and fires what becomes due on the way. */
  async advance(byMs: number): Promise<void> {
    const endMs = this.#elapsedMs + byMs;
    await settle();
    for (let next = this.#next(endMs); next; next = this.#next(endMs)) {
      this.#pending.delete(next);
      this.#elapsedMs = Math.max(this.#elapsedMs, next.dueMs);
      next.callback();
      await settle();
    }
    this.#elapsedMs = endMs;
    await settle();
  }

  #next(endMs: number): Pending | undefined {
    return [...this.#pending]
      .filter((timer) => timer.dueMs <= endMs)
      .sort((a, b) => a.dueMs - b.dueMs || a.order - b.order)[0];
  }
}

/** Lets all promise reactions that are due run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
