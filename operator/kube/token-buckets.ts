/** A token bucket for each key; those that are as if they were new are forgotten when there are many. */
import type { Clock } from '../clock.ts';
import { TokenBucket } from './token-bucket.ts';

const rememberedKeys = 1000;

export class TokenBuckets {
  readonly #options: { readonly burst: number; readonly refillMs: number; readonly clock: Clock };
  readonly #buckets = new Map<string, TokenBucket>();
  /** Twice as many as were left the last time, so that looking for the full ones costs little for each key. */
  #forgetAt = rememberedKeys;

  constructor(options: { burst: number; refillMs: number; clock: Clock }) {
    this.#options = options;
  }

  /** From the bucket of `key`: see TokenBucket. */
  take(key: string): boolean {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= this.#forgetAt) this.#forgetFull();
      bucket = new TokenBucket(this.#options);
      this.#buckets.set(key, bucket);
    }
    return bucket.take();
  }

  #forgetFull(): void {
    for (const [key, bucket] of this.#buckets) if (bucket.isFull) this.#buckets.delete(key);
    this.#forgetAt = Math.max(rememberedKeys, 2 * this.#buckets.size);
  }
}
