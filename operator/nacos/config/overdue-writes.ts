/**
 * Own writes that the server has not pushed back yet. One that it does not push in time is told of.
 *
 * All wait equally long, so they come due in order, and one timer is enough for thousands of them.
 */
import type { Clock, Timer } from '../../clock.ts';
import type { WatchedConfig } from './watched-config.ts';

interface OverdueWritesOptions {
  readonly clock: Clock;
  readonly limitMs: number;
  readonly onOverdue: (watched: WatchedConfig) => void;
}

export class OverdueWrites {
  readonly #options: OverdueWritesOptions;
  /** When each is overdue, soonest first. */
  readonly #due = new Map<WatchedConfig, number>();
  #timer: Timer | undefined;

  constructor(options: OverdueWritesOptions) {
    this.#options = options;
  }

  /** Its time begins now, also when an earlier write of it waits. */
  add(watched: WatchedConfig): void {
    const { clock, limitMs } = this.#options;
    this.#due.delete(watched);
    this.#due.set(watched, clock.monotonic() + limitMs);
    this.#timer ??= clock.after(limitMs, () => this.#fire());
  }

  delete(watched: WatchedConfig): void {
    this.#due.delete(watched);
  }

  clear(): void {
    this.#due.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #fire(): void {
    this.#timer = undefined;
    const { clock, onOverdue } = this.#options;
    const nowMs = clock.monotonic();
    for (const [watched, dueMs] of this.#due) {
      if (dueMs > nowMs) {
        this.#timer = clock.after(dueMs - nowMs, () => this.#fire());
        return;
      }
      this.#due.delete(watched);
      onOverdue(watched);
    }
  }
}
