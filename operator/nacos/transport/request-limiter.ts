/**
 * At most `limit` tasks at a time, the others waiting in order of arrival. A task whose signal is aborted while it waits
 * never runs.
 */
import { BridgeError } from '../../errors.ts';

export class RequestLimiter {
  readonly #limit: number;
  readonly #waiting = new Set<() => void>();
  #running = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  async run<Result>(task: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    if (this.#running >= this.#limit) await this.#turn(signal);
    else this.#running += 1;
    try {
      return await task();
    } finally {
      const [next] = this.#waiting;
      // The slot passes on as it is, so that nobody overtakes the one who waits.
      if (next) next();
      else this.#running -= 1;
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.delete(take);
        signal.removeEventListener('abort', giveUp);
      };
      const take = (): void => {
        leave();
        resolve();
      };
      const giveUp = (): void => {
        leave();
        reject(signal.reason ?? new BridgeError('ABORTED', 'the request was given up'));
      };
      if (signal.aborted) return giveUp();
      this.#waiting.add(take);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }
}
