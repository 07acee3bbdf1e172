/**
 * Listeners of somebody else's: one that throws, or is asynchronous and rejects, is logged and hurts nobody.
 */
import { errorFields, type Logger } from '../logger.ts';

/** Calls a listener; `failed` is told of its failure, also of a later one. */
export function callListener(call: () => unknown, failed: (error: unknown) => void): void {
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
  readonly #failed: (error: unknown) => void;

  /** @param what names them in the log: 'a listener of the state'. */
  constructor(log: Logger, what: string) {
    this.#failed = (error) => log.error(`${what} failed`, errorFields(error));
  }

  /** Returns what ends it. */
  add(listener: (event: Event) => void): () => void {
    const own = (event: Event): void => listener(event);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** A listener may add or end others. */
  tell(event: Event): void {
    for (const listener of Array.from(this.#listeners)) callListener(() => listener(event), this.#failed);
  }

  clear(): void {
    this.#listeners.clear();
  }
}
