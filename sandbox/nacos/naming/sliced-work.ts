/**
 * Work that comes in bursts, done in slices with turns of the event loop between them: however much is due at once,
 * nothing else waits for longer than one slice and one piece of work.
 */
const sliceMs = 10;

export class SlicedWork {
  readonly #pieces: (() => void)[] = [];
  #isScheduled = false;
  #isStopped = false;

  add(piece: () => void): void {
    this.#pieces.push(piece);
    this.#schedule();
  }

  /** What is left is not done any more. */
  stop(): void {
    this.#isStopped = true;
    this.#pieces.length = 0;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isStopped || this.#pieces.length === 0) return;
    this.#isScheduled = true;
    setImmediate(() => this.#doSlice());
  }

  #doSlice(): void {
    this.#isScheduled = false;
    const endMs = performance.now() + sliceMs;
    let done = 0;
    for (; done < this.#pieces.length; done += 1) {
      if (done > 0 && performance.now() >= endMs) break;
      this.#pieces[done]?.();
    }
    this.#pieces.splice(0, done);
    this.#schedule();
  }
}
