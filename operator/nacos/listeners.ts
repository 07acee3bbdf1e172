/**
 * Listeners of somebody else's: one that throws, or is asynchronous and rejects, is logged and hurts nobody.
 */
import { errorFields } from '../logger.ts';
import type { LogFields, Logger } from '../logger.ts';

/** Calls a listener. `what` names it in the log: 'a listener of a config'. */
export function tell(log: Logger, what: string, fields: LogFields, call: () => unknown): void {
  const failed = (error: unknown): void => log.error(`${what} failed`, { ...fields, ...errorFields(error) });
  try {
    // The type says void, and an asynchronous function passes for that.
    const outcome = call();
    if (outcome instanceof Promise) outcome.catch(failed);
  } catch (error) {
    failed(error);
  }
}

export class Listeners<Event> {
  readonly #listeners = new Set<(event: Event) => void>();
  readonly #log: Logger;
  readonly #what: string;

  constructor(log: Logger, what: string) {
    this.#log = log;
    this.#what = what;
  }

  /** Returns what ends it. */
  add(listener: (event: Event) => void): () => void {
    const own = (event: Event): void => listener(event);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** A listener may add or end others. */
  tell(event: Event): void {
    for (const listener of Array.from(this.#listeners)) tell(this.#log, this.#what, {}, () => listener(event));
  }

  clear(): void {
    this.#listeners.clear();
  }
}
