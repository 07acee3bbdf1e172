/**
 * Keys that are due later, each once and with a value, in the order of their due times; of keys that are due together the
 * one that got its due time first comes first.
 *
 * Thousands of keys wait here for hours until they are looked at again. As a binary heap they cost one small object each
 * and all of them one timer; a timer for each key costs ten times that, in memory and in what the garbage collector walks.
 */
interface Entry<Value> {
  readonly key: string;
  readonly dueMs: number;
  readonly arrival: number;
  value: Value;
  /** Where it is in the heap. */
  place: number;
}

export class DueLine<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  /** The entry at `n` comes before those at `2n + 1` and `2n + 2`. */
  readonly #heap: Entry<Value>[] = [];
  #arrivals = 0;

  /** When the first key is due; undefined when there is none. */
  get firstMs(): number | undefined {
    return this.#heap[0]?.dueMs;
  }

  /** The value may be changed. */
  get(key: string): { readonly dueMs: number; value: Value } | undefined {
    return this.#entries.get(key);
  }

  /** Puts `key` into the line, or to another place in it. */
  set(key: string, dueMs: number, value: Value): void {
    this.remove(key);
    const entry = { key, dueMs, arrival: this.#arrivals++, value, place: this.#heap.length };
    this.#entries.set(key, entry);
    this.#heap.push(entry);
    this.#rise(entry);
  }

  remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    const last = this.#heap.pop()!;
    if (last === entry) return;
    this.#put(last, entry.place);
    this.#rise(last);
    this.#sink(last);
  }

  /** Takes the first key out of the line if it is due at `nowMs`. */
  shift(nowMs: number): { readonly key: string; readonly value: Value } | undefined {
    const [first] = this.#heap;
    if (first === undefined || first.dueMs > nowMs) return undefined;
    this.remove(first.key);
    return first;
  }

  clear(): void {
    this.#entries.clear();
    this.#heap.length = 0;
  }

  #rise(entry: Entry<Value>): void {
    while (entry.place > 0) {
      const parent = this.#heap[(entry.place - 1) >> 1]!;
      if (comesBefore(parent, entry)) return;
      this.#swap(parent, entry);
    }
  }

  #sink(entry: Entry<Value>): void {
    for (;;) {
      const left = this.#heap[2 * entry.place + 1];
      const right = this.#heap[2 * entry.place + 2];
      const child = left !== undefined && right !== undefined && comesBefore(right, left) ? right : left;
      if (child === undefined || comesBefore(entry, child)) return;
      this.#swap(entry, child);
    }
  }

  #swap(a: Entry<Value>, b: Entry<Value>): void {
    const { place } = a;
    this.#put(a, b.place);
    this.#put(b, place);
  }

  #put(entry: Entry<Value>, place: number): void {
    entry.place = place;
    this.#heap[place] = entry;
  }
}

function comesBefore(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.arrival < b.arrival);
}
