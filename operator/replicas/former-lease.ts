/**
 * The Lease under the name that it had before it was called as its release: the leader holds it too, so that a replica of a
 * version that knows no other name does not lead beside it while one is rolled to the next.
 *
 *   the former Lease is           what the leader does before its work begins
 *   free, or not there            holds it, for as long as it leads
 *   held by a replica of ours     waits for it
 *   held by anybody else          warns, and leaves it: two releases may share a namespace
 *   not to be had, for long       warns, and leaves it: the right to it may be missing
 *
 * Whose a replica is can be told by its name, which begins with that of its Deployment: the name of the Lease of today.
 */
import { sleep, type Clock } from '../clock.ts';
import type { Logger } from '../logger.ts';
import type { LeaseLock } from '../runtime/lease.ts';
import { LeaderElector } from '../runtime/leader-elector.ts';
import type { Runnable } from '../runtime/runnable.ts';

interface FormerLeaseOptions {
  readonly lock: LeaseLock;
  /** Of today. */
  readonly leaseName: string;
  readonly identity: string;
  readonly clock: Clock;
  readonly log: Logger;
}

const LOOK_MS = 200;
/** Longer than one that ended without a word holds it, and a few attempts. */
const GIVE_UP_MS = 30_000;

/** The leader's, made anew for each term. */
export class FormerLease implements Runnable {
  readonly name = 'former lease';
  readonly #options: FormerLeaseOptions;
  readonly #elector: LeaderElector;
  #isHeld = false;
  #isLeft = false;

  constructor(options: FormerLeaseOptions) {
    this.#options = options;
    this.#elector = new LeaderElector({
      ...options,
      name: this.name,
      // Who leads is told by the Lease of today.
      metrics: { forLeaderElection: () => () => {} },
      onStartedLeading: () => (this.#isHeld = true),
    });
  }

  async start(signal: AbortSignal): Promise<void> {
    const { clock, lock, log } = this.#options;
    const untilMs = clock.monotonic() + GIVE_UP_MS;
    this.#elector.start();
    while (!this.#isHeld && !signal.aborted) {
      const { holder } = this.#elector;
      const isForeign = holder !== undefined && !this.#isOurs(holder);
      if (isForeign || (holder === undefined && clock.monotonic() >= untilMs)) {
        const message = isForeign
          ? 'the Lease of another release has the name that ours had before; it is left alone'
          : 'the Lease cannot be had under the name that it had before; a replica of a former version may lead besides';
        log.warn(message, { lease: lock.describe(), holder });
        this.#isLeft = true;
        return this.#elector.stop();
      }
      await sleep(clock, LOOK_MS, signal).catch(() => {});
    }
  }

  async stop(hurry: AbortSignal): Promise<void> {
    if (!this.#isLeft) await this.#elector.stop(hurry);
  }

  #isOurs(holder: string): boolean {
    const { identity, leaseName } = this.#options;
    return holder === identity || holder.startsWith(`${leaseName}-`);
  }
}
