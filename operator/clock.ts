/**
 * Time as a value that is passed in, so that tests decide what time it is.
 *
 * Everything that waits takes a Clock and an AbortSignal. Timers never keep the process alive by themselves: what
 * keeps it alive is the server sockets and connections that the work is about.
 */
import { BridgeError } from './errors.ts';

export interface Timer {
  /** Idempotent. */
  cancel(): void;
}

export interface Clock {
  /** Wall clock, milliseconds since the epoch: for what people and other machines read. */
  now(): number;
  /** Milliseconds that never jump: for measuring and for deadlines. */
  monotonic(): number;
  /** A time that has passed is now, and no time is further off than 24 days. */
  after(delayMs: number, callback: () => void): Timer;
}

/** Timers of the platform hold 31 bits, and fire at once, with a warning, for what is more, or less than nothing. */
const longestDelayMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, callback) {
    const timeout = setTimeout(callback, Math.min(Math.max(delayMs, 0), longestDelayMs));
    timeout.unref();
    return { cancel: () => clearTimeout(timeout) };
  },
};

/** Resolves after `delayMs`; rejects with ABORTED as soon as `signal` is aborted. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = () => {
      timer.cancel();
      reject(new BridgeError('ABORTED', 'waiting was given up'));
    };
    const timer = clock.after(delayMs, () => {
      signal?.removeEventListener('abort', aborted);
      resolve();
    });
    if (signal?.aborted) return aborted();
    signal?.addEventListener('abort', aborted, { once: true });
  });
}
