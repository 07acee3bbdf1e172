/**
 * How many of the events that say that all went well are recorded. An event for each of ten thousand objects in a row
 * would cost the API server as much as the changes themselves, and nobody reads them.
 *
 * In a namespace 100 are recorded at once and then 5 a second, so that a change of very much in one hides nothing in
 * another; in all 500 at once and then 20 a second.
 */
import type { Clock } from '../clock.ts';
import { TokenBucket } from './token-bucket.ts';

const perNamespace = { burst: 100, refillMs: 200 };
const inAll = { burst: 500, refillMs: 50 };
/** Beyond so many namespaces those that have been quiet are forgotten. */
const rememberedNamespaces = 100;

export class RoutineEvents {
  readonly #clock: Clock;
  readonly #all: TokenBucket;
  readonly #byNamespace = new Map<string, TokenBucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#all = new TokenBucket({ ...inAll, clock });
  }

  /** Whether one more, about an object in `namespace`, is to be recorded. */
  take(namespace: string): boolean {
    return this.#of(namespace).take() && this.#all.take();
  }

  #of(namespace: string): TokenBucket {
    const known = this.#byNamespace.get(namespace);
    if (known) return known;
    if (this.#byNamespace.size >= rememberedNamespaces) this.#forgetQuiet();
    const bucket = new TokenBucket({ ...perNamespace, clock: this.#clock });
    this.#byNamespace.set(namespace, bucket);
    return bucket;
  }

  #forgetQuiet(): void {
    for (const [namespace, bucket] of this.#byNamespace) if (bucket.isFull) this.#byNamespace.delete(namespace);
  }
}
