/**
 * When to try again what Nacos has not taken: after growing pauses, each record by itself, so that one that is refused for
 * long keeps no other waiting. Nothing is given up, since what Nacos refuses it may take later: a service of the other kind is
 * removed, a Nacos namespace is made.
 */
import type { Clock, Timer } from '../clock.ts';
import { Backoff } from '../runtime/backoff.ts';
import type { SentRecord } from './sent-records.ts';

interface Retry {
  readonly backoff: Backoff;
  timer: Timer;
}

/** No longer than somebody waits who has mended the cause. */
const PAUSE = { initialMs: 1000, maxMs: 60_000 };

export class RecordRetries {
  readonly #clock: Clock;
  readonly #again: (record: SentRecord) => void;
  readonly #retries = new Map<SentRecord, Retry>();

  constructor(clock: Clock, again: (record: SentRecord) => void) {
    this.#clock = clock;
    this.#again = again;
  }

  /** It has failed, perhaps again. */
  later(record: SentRecord): void {
    const known = this.#retries.get(record);
    known?.timer.cancel();
    const backoff = known?.backoff ?? new Backoff(PAUSE);
    const timer = this.#clock.after(backoff.nextMs(), () => this.#again(record));
    this.#retries.set(record, { backoff, timer });
  }

  /** The cause may have passed for those that `isMeant`: they are tried now. */
  now(isMeant: (record: SentRecord) => boolean): void {
    for (const record of [...this.#retries.keys()].filter(isMeant)) {
      this.forget(record);
      this.#again(record);
    }
  }

  /** It is confirmed, or nobody wants it any more. */
  forget(record: SentRecord): void {
    this.#retries.get(record)?.timer.cancel();
    this.#retries.delete(record);
  }

  stop(): void {
    for (const record of this.#retries.keys()) this.forget(record);
  }
}
