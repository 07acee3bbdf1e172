/**
 * Whether what we know of the API server is fresh enough to be published again after a reconnect.
 *
 * A process that was frozen wakes up with an old view and connections that are gone. What it published before may be of
 * pods that died meanwhile, so it lists first, and takes the old view only when the API server cannot be reached.
 */
import { sleep, type Clock } from '../clock.ts';
import { errorFields, type Logger } from '../logger.ts';

/** The part of a reflector that is needed here. */
export interface View {
  readonly lastConfirmedMonotonicMs: number | undefined;
  refresh(): Promise<void>;
}

/** The lease duration: for so long a view counts as confirmed. */
const FRESH_MS = 15_000;
/** An API server that does not answer by then counts as not reachable. */
const REFRESH_LIMIT_MS = 5000;
const OLD_VIEW = 'the API server cannot be asked before publishing again; the old view is published';

export class ApiView {
  readonly #views: () => readonly View[];
  readonly #isUnreachable: () => boolean;
  readonly #clock: Clock;
  readonly #log: Logger;

  /**
   * `views` is asked each time: which there are depends on what exports need. So is `isUnreachable`: where somebody else
   * has just tried the API server in vain, nothing is gained by waiting for it.
   */
  constructor(views: () => readonly View[], isUnreachable: () => boolean, clock: Clock, log: Logger) {
    this.#views = views;
    this.#isUnreachable = isUnreachable;
    this.#clock = clock;
    this.#log = log;
  }

  /** Resolves when the view is fresh, to true if it was refreshed for that, or cannot be refreshed. Never rejects. */
  async ensureFresh(): Promise<boolean> {
    const nowMs = this.#clock.monotonic();
    const old = this.#views().filter(({ lastConfirmedMonotonicMs: ms = -Infinity }) => nowMs - ms > FRESH_MS);
    if (old.length === 0) return false;
    if (this.#isUnreachable()) {
      this.#log.warn(OLD_VIEW);
      return false;
    }
    const limit = new AbortController();
    const tooLate = sleep(this.#clock, REFRESH_LIMIT_MS, limit.signal).then(() => {
      throw new Error(`no answer within ${REFRESH_LIMIT_MS} ms`);
    });
    try {
      // One that is refused (pods that may not be listed) must not keep what the others learn from being told.
      const outcomes = await Promise.race([Promise.allSettled(old.map((view) => view.refresh())), tooLate]);
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

  /** Lists everything anew that has been listed before. Rejects with the first failure. */
  async relist(): Promise<void> {
    const listed = this.#views().filter(({ lastConfirmedMonotonicMs }) => lastConfirmedMonotonicMs !== undefined);
    await Promise.all(listed.map((view) => view.refresh()));
  }

  #warn(error: unknown): void {
    this.#log.warn(OLD_VIEW, errorFields(error));
  }
}
