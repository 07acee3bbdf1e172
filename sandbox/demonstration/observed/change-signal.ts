/** Something has changed, and whoever waits for a state looks again: waiting without polling. */
import type { Clock } from '../../../operator/clock.ts';
import { BridgeError } from '../../../operator/errors.ts';

export class ChangeSignal {
  readonly #clock: Clock;
  readonly #listeners = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  notify(): void {
    for (const listener of Array.from(this.#listeners)) listener();
  }

  /** Returns how to stop listening. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Resolves as soon as `missing` says that nothing is missing any more.
   *
   * @throws TIMEOUT with what was missing at last; ABORTED
   */
  until(missing: () => string | undefined, limitMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (outcome: () => void) => {
        forget();
        timer.cancel();
        signal.removeEventListener('abort', aborted);
        outcome();
      };
      const look = () => {
        if (missing() === undefined) end(resolve);
      };
      const aborted = () => end(() => reject(new BridgeError('ABORTED', 'waiting was given up')));
      const late = () => {
        const what = missing();
        end(() =>
          what === undefined ? resolve() : reject(new BridgeError('TIMEOUT', `${what}, after ${limitMs} ms`)),
        );
      };
      const forget = this.onChange(look);
      const timer = this.#clock.after(limitMs, late);
      signal.addEventListener('abort', aborted, { once: true });
      if (signal.aborted) aborted();
      else look();
    });
  }
}
