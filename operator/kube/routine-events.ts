/**
 * How many of the events that say that all went well are recorded. An event for each of ten thousand objects in a row
 * would cost the API server as much as the changes themselves, and nobody reads them.
 *
 * In a namespace 100 are recorded at once and then 5 a second, so that a change of very much in one hides nothing in
 * another; in all 500 at once and then 20 a second.
 */
import type { Clock } from '../clock.ts';
import { TokenBucket } from './token-bucket.ts';
import { TokenBuckets } from './token-buckets.ts';

const perNamespace = { burst: 100, refillMs: 200 };
const inAll = { burst: 500, refillMs: 50 };

export class RoutineEvents {
  readonly #all: TokenBucket;
  readonly #byNamespace: TokenBuckets;

  constructor(clock: Clock) {
    this.#all = new TokenBucket({ ...inAll, clock });
    this.#byNamespace = new TokenBuckets({ ...perNamespace, clock });
  }

  /** Whether one more, about an object in `namespace`, is to be recorded. */
  take(namespace: string): boolean {
    return this.#byNamespace.take(namespace) && this.#all.take();
  }
}
