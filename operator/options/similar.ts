/**
 * What somebody may have meant by a name that there is not: one that begins with it, or else the one that differs least,
 * as long as most of it is the same.
 */
const MOST_EDITS = 3;
const LEAST_SHARED = 0.4;
const SHORTEST_BEGINNING = 5;

export function similarTo(text: string, candidates: Iterable<string>): string | undefined {
  const all = [...candidates];
  const longer = all.filter((candidate) => text.length >= SHORTEST_BEGINNING && candidate.startsWith(text));
  if (longer.length === 1) return longer[0];
  const near = all
    .map((candidate) => ({ candidate, edits: editsBetween(text, candidate) }))
    .filter(({ candidate, edits }) => edits <= MOST_EDITS && 1 - edits / longest(text, candidate) > LEAST_SHARED);
  return near.toSorted((a, b) => a.edits - b.edits)[0]?.candidate;
}

/** A dash at the beginning is no part of the name. */
function longest(...texts: string[]): number {
  return Math.max(...texts.map((text) => text.replace(/^-+/, '').length));
}

/** Characters put in, left out, replaced, or two of them swapped (Damerau and Levenshtein, optimal string alignment). */
function editsBetween(from: string, to: string): number {
  if (Math.abs(from.length - to.length) > MOST_EDITS) return Infinity;
  let [before, last] = [[] as number[], Array.from({ length: to.length + 1 }, (_, index) => index)];
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isEqual = from[row - 1] === to[column - 1];
      const isSwap = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      const edits = [
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (isEqual ? 0 : 1),
        isSwap ? (before[column - 2] ?? 0) + 1 : Infinity,
      ];
      current.push(Math.min(...edits));
    }
    [before, last] = [last, current];
  }
  return last[to.length] ?? Infinity;
}
