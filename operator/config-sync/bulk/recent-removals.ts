/**
 * How much was removed within the last minute, which is what the guard takes for one moment; and whether it holds.
 */
import type { Clock } from '../../clock.ts';
import { mustHold } from './deletion-guard.ts';

const MOMENT_MS = 60_000;

export class RecentRemovals {
  readonly #clock: Clock;
  /** When each removal happened, the oldest first, on the monotonic clock. */
  #removedMs: number[] = [];
  #isHolding = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether `wanted` of `managed` items must stay for now. */
  holds(managed: number, wanted: number, isConfirmed: boolean): boolean {
    const sinceMs = this.#clock.monotonic() - MOMENT_MS;
    this.#removedMs = this.#removedMs.filter((ms) => ms >= sinceMs);
    const recent = this.#removedMs.length;
    this.#isHolding = mustHold({ managed, wanted, recent, wasHeld: this.#isHolding, isConfirmed });
    return this.#isHolding;
  }

  removed(): void {
    this.#removedMs.push(this.#clock.monotonic());
  }
}
