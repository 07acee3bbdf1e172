/**
 * At most `limit` tasks at a time, the others waiting in order of arrival. A task whose signal is aborted while it waits
 * never runs.
 */
import { awaitCall } from './deadline.ts';

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
    return awaitCall(signal, (take) => {
      this.#waiting.add(take);
      return () => this.#waiting.delete(take);
    });
  }
}
