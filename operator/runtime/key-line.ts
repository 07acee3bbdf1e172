/**
 * Keys that stand in line, each once, with the time at which they came.
 *
 * A Map keeps its order and finds a key at once, but every new iterator begins at the front and walks over the holes
 * that taken keys left: emptying a long line so takes quadratic time. The one iterator kept here goes on where it was.
 */
export class KeyLine {
  readonly #sinceMs = new Map<string, number>();
  #cursor = this.#sinceMs.entries();

  get size(): number {
    return this.#sinceMs.size;
  }

  has(key: string): boolean {
    return this.#sinceMs.has(key);
  }

  /** Puts `key` at the end; it must not be in the line. */
  push(key: string, sinceMs: number): void {
    this.#sinceMs.set(key, sinceMs);
  }

  /** Takes `key` out of the line, and returns since when it was there; undefined if it was not. */
  remove(key: string): number | undefined {
    const sinceMs = this.#sinceMs.get(key);
    this.#sinceMs.delete(key);
    return sinceMs;
  }

  /** Takes the first key out of the line. */
  shift(): { key: string; sinceMs: number } | undefined {
    if (this.size === 0) return undefined;
    let next = this.#cursor.next();
    if (next.done) {
      // An iterator that has seen the end does not see what comes later.
      this.#cursor = this.#sinceMs.entries();
      next = this.#cursor.next();
    }
    const [key, sinceMs] = next.value!;
    this.#sinceMs.delete(key);
    return { key, sinceMs };
  }
}
