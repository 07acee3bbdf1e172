/**
 * The rows that are shown, each with its history. Rows of what was deleted stay for a while, so that it can be seen what
 * became of them in Nacos.
 */
import type { Clock, Timer } from '../../../operator/clock.ts';
import type { ChangeSignal } from './change-signal.ts';
import { nextRow, type Row, type RowFacts } from './row.ts';

export interface RowBookOptions {
  readonly clock: Clock;
  /** Notified of every new state of a row. */
  readonly changes: ChangeSignal;
  readonly onRow: (row: Row) => void;
  /** How long what was deleted is shown. @default 30_000 */
  readonly farewellMs?: number;
}

export class RowBook {
  readonly #options: RowBookOptions;
  readonly #rows = new Map<string, Row>();
  readonly #leaving = new Map<string, Timer>();

  constructor(options: RowBookOptions) {
    this.#options = options;
  }

  /** In the order of the objects' names. */
  get rows(): Row[] {
    return [...this.#rows.values()].toSorted((a, b) => compare(a.object, b.object) || compare(a.remote, b.remote));
  }

  /** How a row stands now. `onLeft` is called when a row that is gone leaves the book. */
  put(facts: RowFacts, onLeft: () => void): void {
    const { clock, changes, onRow, farewellMs = 30_000 } = this.#options;
    const previous = this.#rows.get(facts.key);
    const row = nextRow(previous, facts, clock.monotonic());
    if (row === previous) return;
    this.#rows.set(row.key, row);
    this.#leaving.get(row.key)?.cancel();
    this.#leaving.delete(row.key);
    if (row.isGone) {
      const leave = () => {
        this.#rows.delete(row.key);
        this.#leaving.delete(row.key);
        onLeft();
        changes.notify();
      };
      this.#leaving.set(row.key, clock.after(farewellMs, leave));
    }
    onRow(row);
    changes.notify();
  }

  stop(): void {
    for (const timer of this.#leaving.values()) timer.cancel();
  }
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
