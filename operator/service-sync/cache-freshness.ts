/**
 * Whether the caches are fresh enough for what comes of them to be published again after a reconnect.
 *
 * A process that was frozen wakes up with an old view and connections that are gone. What it published before may be of
 * pods that died meanwhile, so it lists first, and takes the old view only when the API server cannot be reached.
 */
import { sleep, type Clock } from '../clock.ts';
import type { Reflector } from '../kube/reflector.ts';
import type { KubeObject } from '../kube/resource.ts';
import { errorFields, type Logger } from '../logger.ts';

export type Refreshable = Pick<Reflector<KubeObject>, 'lastConfirmedMonotonicMs' | 'refresh'>;

interface CacheFreshnessOptions {
  /** Asked each time: which there are depends on what exports need. */
  caches: () => readonly Refreshable[];
  /** Asked each time: where the API server was just tried in vain, nothing is gained by waiting for it. */
  isUnreachable: () => boolean;
  clock: Clock;
  log: Logger;
}

/** The lease duration: for so long a cache counts as confirmed. */
const FRESH_MS = 15_000;
/** An API server that does not answer by then counts as not reachable. */
const REFRESH_LIMIT_MS = 5000;
const OLD_VIEW = 'the API server cannot be asked before publishing again; the old view is published';

export class CacheFreshness {
  readonly #options: CacheFreshnessOptions;

  constructor(options: CacheFreshnessOptions) {
    this.#options = options;
  }

  /** Resolves when all are fresh, or cannot be made so; to true if any was refreshed. Never rejects. */
  async ensureFresh(): Promise<boolean> {
    const { caches, clock, isUnreachable, log } = this.#options;
    const nowMs = clock.monotonic();
    const old = caches().filter(({ lastConfirmedMonotonicMs: ms = -Infinity }) => nowMs - ms > FRESH_MS);
    if (old.length === 0) return false;
    if (isUnreachable()) {
      log.warn(OLD_VIEW);
      return false;
    }
    const limit = new AbortController();
    const tooLate = sleep(clock, REFRESH_LIMIT_MS, limit.signal).then(() => {
      throw new Error(`no answer within ${REFRESH_LIMIT_MS} ms`);
    });
    try {
      // One that is refused (pods that may not be listed) must not keep what the others learn from being told.
      const outcomes = await Promise.race([Promise.allSettled(old.map((cache) => cache.refresh())), tooLate]);
      const refused = outcomes.find((outcome) => outcome.status === 'rejected');
      if (refused) this.#warn(refused.reason);
      return outcomes.some((outcome) => outcome.status === 'fulfilled');
    } catch (error) {
      this.#warn(error);
      return false;
    } finally {
      limit.abort();
      tooLate.catch(() => {});
    }
  }

  #warn(error: unknown): void {
    this.#options.log.warn(OLD_VIEW, errorFields(error));
  }
}
