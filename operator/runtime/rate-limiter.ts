/**
 * How long a failed key waits: the longer of its own growing delay and a token bucket that all keys share.
 *
 * The first keeps one broken object from being tried in a loop; the second keeps ten thousand objects that failed
 * together from returning together. Defaults: 500 ms doubling to 5 minutes with jitter, and 10 retries a second after
 * a burst of 100 (client-go has the same bucket; its first delay of 5 ms is too short for a remote server).
 */
import type { Clock } from '../clock.ts';
import { type BackoffOptions, backoffMs } from './backoff.ts';

export interface RateLimiterOptions {
  clock: Clock;
  /** @default 500 */
  initialMs?: number;
  /** @default 300_000 */
  maxMs?: number;
  /** @default 10 */
  retriesPerSecond?: number;
  /** Retries that may come at once before the bucket is empty. @default 100 */
  burst?: number;
  /** A number in [0, 1); tests pass their own. @default Math.random */
  random?: () => number;
}

export class RateLimiter {
  readonly #clock: Clock;
  readonly #backoff: BackoffOptions;
  readonly #retriesPerSecond: number;
  readonly #burst: number;
  readonly #failures = new Map<string, number>();
  /** Below zero when retries are promised for later: what is missing is the time they wait. */
  #tokens: number;
  #refilledAtMs: number;

  constructor({
    clock,
    initialMs = 500,
    maxMs = 300_000,
    retriesPerSecond = 10,
    burst = 100,
    random,
  }: RateLimiterOptions) {
    this.#clock = clock;
    this.#backoff = { initialMs, maxMs, random };
    this.#retriesPerSecond = retriesPerSecond;
    this.#burst = burst;
    this.#tokens = burst;
    this.#refilledAtMs = clock.monotonic();
  }

  /** Counts one more failure of `key` and returns the milliseconds it has to wait. */
  nextMs(key: string): number {
    const failures = this.retries(key);
    this.#failures.set(key, failures + 1);
    return Math.max(backoffMs(this.#backoff, failures), this.#takeToken());
  }

  /** Failures of `key` since it was last forgotten. */
  retries(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Keys that failed and were not forgotten since. */
  failing(): readonly string[] {
    return [...this.#failures.keys()];
  }

  /** Call it when the key succeeded or will not be retried; else its count stays in memory. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  #takeToken(): number {
    const nowMs = this.#clock.monotonic();
    const refill = ((nowMs - this.#refilledAtMs) / 1000) * this.#retriesPerSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + refill) - 1;
    this.#refilledAtMs = nowMs;
    return this.#tokens >= 0 ? 0 : (-this.#tokens / this.#retriesPerSecond) * 1000;
  }
}
