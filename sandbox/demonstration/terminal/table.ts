/**
 * The rows as a table for a terminal, and a change of one as a line for an output that is none. Pure: the same rows at the
 * same time give the same text.
 *
 * No line is wider than the terminal; what is too long is cut with an ellipsis. Where there are more rows than lines, the
 * ones that changed last are shown, and one line sums up the others.
 */
import Table from 'cli-table3';
import { changedAtMs, isInStep, type Row } from '../observed/row.ts';

export interface TableSize {
  readonly columns: number;
  readonly lines: number;
}

const headings = ['OBJECT', 'IN KUBERNETES', 'IN NACOS', 'CHANGED', 'LAG'];
const changedWidth = 8;
const lagWidth = 8;
const minColumns = 40;
/** While a change is under way; what differs for longer differs for a reason, which the state says. */
const underWayMs = 10_000;

/** @param nowMs monotonic, as in the rows */
export function renderTable(rows: readonly Row[], { columns, lines }: TableSize, nowMs: number): string {
  const room = Math.max(lines - 1, 1);
  const isCut = rows.length > room;
  const shown = isCut ? latest(rows, room - 1) : rows;
  const table = new Table({
    head: headings,
    colWidths: widths(columns),
    colAligns: ['left', 'left', 'left', 'right', 'right'],
    chars: noBorders,
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 1 },
  });
  for (const row of shown) table.push(cellsOf(row, nowMs));
  const text = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  if (isCut) text.push(totals(rows, shown.length).slice(0, columns));
  return text.join('\n');
}

export function plainLine(row: Row, now: Date): string {
  const lag = isInStep(row) && row.lagMs !== undefined && !row.isGone ? ` (lag ${formatLag(row.lagMs)})` : '';
  const nacos = row.nacos.fingerprint === undefined ? 'not known yet' : row.nacos.text;
  const sides = `Kubernetes: ${row.kubernetes.text}; Nacos: ${nacos} at ${row.remote}`;
  return `${now.toISOString()} ${row.object}  ${sides}${lag}`;
}

export function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes}m` : `${Math.floor(minutes / 60)}h`;
}

export function formatLag(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

function cellsOf(row: Row, nowMs: number): string[] {
  const ageMs = nowMs - changedAtMs(row);
  const nacos = row.nacos.fingerprint === undefined ? '…' : `${row.nacos.text} at ${row.remote}`;
  return [row.object, row.kubernetes.text, nacos, formatAge(ageMs), lagOf(row, ageMs)];
}

function lagOf(row: Row, ageMs: number): string {
  if (row.isGone) return '';
  if (isInStep(row)) return row.lagMs === undefined ? '' : formatLag(row.lagMs);
  return ageMs < underWayMs ? '…' : '-';
}

function totals(rows: readonly Row[], shown: number): string {
  const inStep = rows.filter(isInStep).length;
  return `and ${rows.length - shown} more; of all ${rows.length}, ${inStep} are the same on both sides`;
}

/** Still in their order. */
function latest(rows: readonly Row[], count: number): Row[] {
  const chosen = new Set(rows.toSorted((a, b) => changedAtMs(b) - changedAtMs(a)).slice(0, count));
  return rows.filter((row) => chosen.has(row));
}

/** Names get what is left, since they are what is long. */
function widths(columns: number): number[] {
  const left = Math.max(columns, minColumns) - 1 - changedWidth - lagWidth;
  const object = Math.floor(left * 0.35);
  const kubernetes = Math.floor(left * 0.25);
  return [object, kubernetes, left - object - kubernetes, changedWidth, lagWidth];
}

const borders = ['top', 'bottom', 'left', 'right', 'mid', 'middle'];
const crossings = ['top-mid', 'top-left', 'top-right', 'bottom-mid', 'bottom-left', 'bottom-right'];
const noBorders = Object.fromEntries(
  [...borders, ...crossings, 'left-mid', 'mid-mid', 'right-mid'].map((border) => [border, '']),
);
