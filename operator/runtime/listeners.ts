/** Those who want to hear of something, and are called in the order in which they came. */
export class Listeners<Arguments extends readonly unknown[] = []> {
  readonly #listeners = new Set<(...args: Arguments) => void>();

  /** Returns how to stop listening. */
  add(listener: (...args: Arguments) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** One that comes or goes meanwhile counts from the next call on. */
  call(...args: Arguments): void {
    for (const listener of Array.from(this.#listeners)) listener(...args);
  }
}
