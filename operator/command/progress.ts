/** How far long work has come, in one line that is written over; only where somebody watches. */
import type { Streams } from './streams.ts';

const GAP_MS = 200;

export class Progress {
  readonly #stream: Streams['errors'];
  readonly #verb: string;
  readonly #total: number;
  #done = 0;
  #shownMs = 0;

  /** @param verb such as 'read' */
  constructor(stream: Streams['errors'], verb: string, total: number) {
    this.#stream = stream;
    this.#verb = verb;
    this.#total = total;
  }

  advance(): void {
    this.#done += 1;
    const nowMs = performance.now();
    if (!this.#stream.isTTY || nowMs - this.#shownMs < GAP_MS) return;
    this.#shownMs = nowMs;
    this.#stream.write(`\r${this.#verb} ${this.#done} of ${this.#total}`);
  }

  /** Leaves nothing behind. */
  end(): void {
    if (this.#stream.isTTY && this.#shownMs > 0) this.#stream.write('\r\u001b[K');
  }
}
