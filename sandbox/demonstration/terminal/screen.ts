/**
 * Where a sandbox shows itself: a live table in a terminal, or a line for each change anywhere else.
 */
import { createLogUpdate } from 'log-update';
import type { Clock, Timer } from '../../../operator/clock.ts';
import type { LogEntry } from '../../../operator/logger.ts';
import type { Row } from '../observed/row.ts';
import { plainLine, renderTable } from './table.ts';

export interface Screen {
  /** Text that stays. */
  print(text: string): void;
  rowChanged(row: Row): void;
  operatorFailed(entry: LogEntry): void;
  /** From now on the rows are shown. */
  show(rows: () => readonly Row[]): void;
  /** The last state of the table stays. */
  close(): void;
}

/** Such as process.stdout. */
export type Output = NodeJS.WritableStream & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

export function openScreen(output: Output, clock: Clock): Screen {
  return output.isTTY ? new LiveScreen(output, clock) : new PlainScreen(output, clock);
}

export function errorLine({ message, fields }: LogEntry, columns = Infinity): string {
  const { error, object } = fields;
  const about = [object, error].filter((text) => typeof text === 'string').join(': ');
  const line = `the operator says: ${message}${about && ` (${about})`}`.replaceAll(/\s+/g, ' ');
  return line.length > columns ? `${line.slice(0, columns - 1)}…` : line;
}

class PlainScreen implements Screen {
  readonly #output: Output;
  readonly #clock: Clock;
  #isShown = false;

  constructor(output: Output, clock: Clock) {
    this.#output = output;
    this.#clock = clock;
  }

  print(text: string): void {
    this.#output.write(`${text}\n`);
  }

  rowChanged(row: Row): void {
    if (this.#isShown) this.print(plainLine(row, new Date(this.#clock.now())));
  }

  operatorFailed(entry: LogEntry): void {
    this.print(errorLine(entry));
  }

  show(rows: () => readonly Row[]): void {
    this.#isShown = true;
    for (const row of rows()) this.rowChanged(row);
  }

  close(): void {
    this.#isShown = false;
  }
}

const refreshMs = 1000;
const gatherMs = 100;
const defaultSize = { columns: 80, rows: 24 };

class LiveScreen implements Screen {
  readonly #output: Output;
  readonly #clock: Clock;
  readonly #live: ReturnType<typeof createLogUpdate>;
  #rows: (() => readonly Row[]) | undefined;
  #lastError: LogEntry | undefined;
  #next: { timer: Timer; atMs: number } | undefined;

  constructor(output: Output, clock: Clock) {
    this.#output = output;
    this.#clock = clock;
    // Hiding the cursor would bring a handler of signals along, which ends the process before we have cleaned up.
    this.#live = createLogUpdate(output, { showCursor: true });
  }

  print(text: string): void {
    this.#live.clear();
    this.#output.write(`${text}\n`);
    if (this.#rows) this.#draw();
  }

  rowChanged(_row: Row): void {
    this.#drawWithin(gatherMs);
  }

  operatorFailed(entry: LogEntry): void {
    this.#lastError = entry;
    this.#drawWithin(gatherMs);
  }

  show(rows: () => readonly Row[]): void {
    this.#rows = rows;
    this.#draw();
  }

  close(): void {
    this.#draw();
    this.#next?.timer.cancel();
    this.#rows = undefined;
    this.#live.done();
  }

  #drawWithin(delayMs: number): void {
    if (!this.#rows) return;
    const atMs = this.#clock.monotonic() + delayMs;
    if (this.#next && this.#next.atMs <= atMs) return;
    this.#next?.timer.cancel();
    this.#next = { atMs, timer: this.#clock.after(delayMs, () => this.#draw()) };
  }

  #draw(): void {
    if (!this.#rows) return;
    this.#next?.timer.cancel();
    this.#next = undefined;
    const { columns = defaultSize.columns, rows: lines = defaultSize.rows } = this.#output;
    const footer = [...(this.#lastError ? [errorLine(this.#lastError, columns - 1)] : []), 'Ctrl-C ends it.'];
    const table = renderTable(this.#rows(), { columns, lines: lines - footer.length - 2 }, this.#clock.monotonic());
    this.#live(['', table, ...footer].join('\n'));
    this.#drawWithin(refreshMs);
  }
}
