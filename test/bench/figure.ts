/**
 * One measured figure: the operator's value beside the bare client's, from the same run on the same servers. Only the
 * ratio of the two says something about the code; the values themselves are about the machine.
 */
export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly operator: number;
  readonly bare: number;
  /** Which way is better, so that a ratio above 1 always means that the operator is slower. */
  readonly better: 'more' | 'less';
}

/** How many times slower than the bare client. */
export function slowdown({ operator, bare, better }: Figure): number {
  return better === 'more' ? bare / operator : operator / bare;
}

/** The value below which the fraction of all values lies; nearest rank. */
export function percentile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * fraction) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** A table for a terminal. */
export function table(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    format(figure.operator),
    format(figure.bare),
    figure.unit,
    `${slowdown(figure).toFixed(2)} x`,
  ]);
  const all = [['figure', 'operator', 'bare client', 'unit', 'slower by'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  const isText = (column: number): boolean => column === 0 || column === 3;
  return all
    .map((row) =>
      row
        .map((cell, column) => (isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function format(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}
