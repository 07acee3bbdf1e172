/**
 * How long a failed key waits: the longer of its own growing delay and a token bucket that all keys of its lane share.
 *
 * The first keeps one broken object from being tried in a loop; the second keeps ten thousand objects that failed
 * together from returning together, and is of their lane so that they do not delay the others. Defaults: 500 ms doubling to 5 minutes with jitter, and 10 retries a second after
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
  /** Keys of which the failures are counted together. @default one lane for all */
  lane?: (key: string) => string;
  /** A number in [0, 1); tests pass their own. @default Math.random */
  random?: () => number;
}

interface Bucket {
  /** Below zero when retries are promised for later: what is missing is the time they wait. */
  tokens: number;
  refilledAtMs: number;
}

export class RateLimiter {
  readonly #clock: Clock;
  readonly #backoff: BackoffOptions;
  readonly #retriesPerSecond: number;
  readonly #burst: number;
  readonly #lane: (key: string) => string;
  readonly #failures = new Map<string, number>();
  /** By lane; one that is full again is as good as new, and dropped. */
  readonly #buckets = new Map<string, Bucket>();

  constructor({
    clock,
    initialMs = 500,
    maxMs = 300_000,
    retriesPerSecond = 10,
    burst = 100,
    lane = () => '',
    random,
  }: RateLimiterOptions) {
    this.#clock = clock;
    this.#backoff = { initialMs, maxMs, random };
    this.#retriesPerSecond = retriesPerSecond;
    this.#burst = burst;
    this.#lane = lane;
  }

  /** Counts one more failure of `key` and returns the milliseconds it has to wait. */
  nextMs(key: string): number {
    const failures = this.retries(key);
    this.#failures.set(key, failures + 1);
    return Math.max(backoffMs(this.#backoff, failures), this.#takeToken(this.#lane(key)));
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

  #takeToken(lane: string): number {
    const nowMs = this.#clock.monotonic();
    for (const [name, bucket] of this.#buckets) {
      const refill = ((nowMs - bucket.refilledAtMs) / 1000) * this.#retriesPerSecond;
      bucket.tokens = Math.min(this.#burst, bucket.tokens + refill);
      bucket.refilledAtMs = nowMs;
      if (bucket.tokens === this.#burst) this.#buckets.delete(name);
    }
    const bucket = this.#buckets.get(lane) ?? { tokens: this.#burst, refilledAtMs: nowMs };
    this.#buckets.set(lane, bucket);
    bucket.tokens -= 1;
    return bucket.tokens >= 0 ? 0 : (-bucket.tokens / this.#retriesPerSecond) * 1000;
  }
}
