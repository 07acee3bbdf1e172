/** Lets `burst` through at once and then one for every `refillMs`. */
import type { Clock } from '../clock.ts';

export class TokenBucket {
  readonly #burst: number;
  readonly #refillMs: number;
  readonly #clock: Clock;
  #tokens: number;
  #countedMs: number;

  constructor(options: { burst: number; refillMs: number; clock: Clock }) {
    this.#burst = options.burst;
    this.#refillMs = options.refillMs;
    this.#clock = options.clock;
    this.#tokens = options.burst;
    this.#countedMs = options.clock.monotonic();
  }

  /** False, and nothing taken, when there is none. */
  take(): boolean {
    this.#refill();
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** As if it were new, so that nothing is lost by forgetting it. */
  get isFull(): boolean {
    this.#refill();
    return this.#tokens >= this.#burst;
  }

  #refill(): void {
    const nowMs = this.#clock.monotonic();
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#countedMs) / this.#refillMs);
    this.#countedMs = nowMs;
  }
}
