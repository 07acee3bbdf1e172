/** Something has changed, and whoever waits for a state looks again: waiting without polling. */
import type { Clock } from '../../../operator/clock.ts';
import { BridgeError } from '../../../operator/errors.ts';

export class ChangeSignal {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  notify(): void {
    for (const wake of Array.from(this.#waiting)) wake();
  }

  /**
   * Resolves as soon as `missing` says that nothing is missing any more.
   *
   * @throws TIMEOUT with what was missing at last; ABORTED
   */
  async until(missing: () => string | undefined, limitMs: number, signal: AbortSignal): Promise<void> {
    const endMs = this.#clock.monotonic() + limitMs;
    for (let what = missing(); what !== undefined; what = missing()) {
      const leftMs = endMs - this.#clock.monotonic();
      if (leftMs <= 0) throw new BridgeError('TIMEOUT', `${what}, after ${limitMs} ms`);
      if (signal.aborted) throw new BridgeError('ABORTED', 'waiting was given up');
      await this.#change(leftMs, signal);
    }
  }

  /** Resolves at the next change, or when the time is over or the signal aborted. */
  #change(limitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        timer.cancel();
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      const timer = this.#clock.after(limitMs, wake);
      this.#waiting.add(wake);
      signal.addEventListener('abort', wake);
    });
  }
}
