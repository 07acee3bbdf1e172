/** Rows in columns, as kubectl lays out its own. Pure. */

const GAP = '  ';
/** What a column keeps, however narrow the screen is. */
const LEAST_WIDTH = 8;

/** Cells that a screen of `width` characters has no room for lose their middle; undefined: everything is shown. */
export function tableText(head: readonly string[], rows: readonly (readonly string[])[], width?: number): string {
  const lines = [head, ...rows];
  const needs = head.map((_, column) =>
    lines.reduce((longest, line) => Math.max(longest, line[column]?.length ?? 0), 0),
  );
  const widths = width === undefined ? needs : fitted(needs, width - GAP.length * (head.length - 1));
  const text = (line: readonly string[]) =>
    widths.map((room, column) => shortened(line[column] ?? '', room).padEnd(room)).join(GAP);
  return lines.map((line) => `${text(line).trimEnd()}\n`).join('');
}

/** Whoever needs least gets it, and those who need more share what is left. */
function fitted(needs: readonly number[], room: number): number[] {
  const widths = [...needs];
  const byNeed = [...needs.keys()].sort((a, b) => (needs[a] ?? 0) - (needs[b] ?? 0));
  let left = room;
  for (const [index, column] of byNeed.entries()) {
    const share = Math.max(LEAST_WIDTH, Math.floor(left / (byNeed.length - index)));
    widths[column] = Math.min(needs[column] ?? 0, share);
    left -= widths[column];
  }
  return widths;
}

/** Ends tell more than middles: `orders-se…ion.yaml`. */
function shortened(text: string, room: number): string {
  if (text.length <= room) return text;
  const tail = Math.floor((room - 1) / 2);
  return `${text.slice(0, room - 1 - tail)}…${text.slice(text.length - tail)}`;
}
