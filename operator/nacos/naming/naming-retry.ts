/**
 * When to try again what a server has not confirmed: after growing pauses, 1 to 30 s, once however often that is asked.
 */
import type { Clock, Timer } from '../../clock.ts';
import { Backoff } from '../../runtime/backoff.ts';

export class NamingRetry {
  readonly #clock: Clock;
  readonly #again: () => void;
  readonly #backoff: Backoff;
  #timer: Timer | undefined;

  constructor({ clock, random }: { clock: Clock; random: () => number }, again: () => void) {
    this.#clock = clock;
    this.#again = again;
    this.#backoff = new Backoff({ initialMs: 1_000, maxMs: 30_000, random });
  }

  get isDue(): boolean {
    return this.#timer !== undefined;
  }

  later(): void {
    this.#timer ??= this.#clock.after(this.#backoff.nextMs(), this.#again);
  }

  /** It is tried now, or is not to be. */
  cancel(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** All is confirmed: the next pause is the shortest again. */
  reset(): void {
    this.#backoff.reset();
  }
}
