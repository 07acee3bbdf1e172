/**
 * What has just gone may come back at once: a ConfigMap is replaced by being deleted and created, a label is moved. So
 * what is unwanted is dealt with when it has been so for a moment.
 */
import type { Clock } from '../../clock.ts';

const SETTLE_MS = 1000;

export class Settling {
  readonly #clock: Clock;
  /** Since when each is unwanted, on the monotonic clock. */
  readonly #sinceMs = new Map<string, number>();
  /** Those that were asked about too early: somebody has to come back for them, also when they have settled meanwhile. */
  readonly #asked = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#sinceMs.size;
  }

  names(): string[] {
    return [...this.#sinceMs.keys()];
  }

  unwanted(name: string): void {
    if (!this.#sinceMs.has(name)) this.#sinceMs.set(name, this.#clock.monotonic());
  }

  wanted(name: string): void {
    this.#sinceMs.delete(name);
    this.#asked.delete(name);
  }

  isSettled(name: string): boolean {
    const sinceMs = this.#sinceMs.get(name);
    if (sinceMs === undefined) return false;
    const isSettled = this.#clock.monotonic() - sinceMs >= SETTLE_MS;
    if (isSettled) this.#asked.delete(name);
    else this.#asked.add(name);
    return isSettled;
  }

  /** The time until the next one that was asked about is settled; undefined when none has to wait. */
  get nextMs(): number | undefined {
    const nowMs = this.#clock.monotonic();
    const waits = [...this.#asked].map((name) => Math.max(0, (this.#sinceMs.get(name) ?? 0) + SETTLE_MS - nowMs));
    return waits.length === 0 ? undefined : waits.reduce((a, b) => Math.min(a, b));
  }
}
