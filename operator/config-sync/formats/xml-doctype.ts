/**
 * The document type declaration of an XML content, blanked out: the parser counts its angle brackets, also those in
 * literals and comments, and knows no entities but those with short names of letters. Nothing of it is expanded.
 *
 * Every character stays where it is, so that places found in the result are those of the content.
 */
const WORD = '<!DOCTYPE';
const ENTITY = /&[\p{L}_:][\p{L}\p{N}_:.-]{0,1000};/gu;

/** What may hold brackets that are text, and stand before the declaration and in it. */
const ASIDES = [
  ['<!--', '-->'],
  ['<?', '?>'],
] as const;
const ASIDES_AND_LITERALS = [...ASIDES, ['"', '"'], ["'", "'"]] as const;

export function withoutDoctype(content: string): string {
  const start = endOfProlog(content);
  if (start === undefined || !content.startsWith(WORD, start)) return content;
  const end = endOfDeclaration(content, start + WORD.length);
  // One that does not end is left to the parser.
  if (end === undefined) return content;
  const blanked = content.slice(start, end).replace(/[^\n\r]/g, ' ');
  return content.slice(0, start) + blanked + content.slice(end).replace(ENTITY, (name) => 'x'.repeat(name.length));
}

function endOfProlog(content: string): number | undefined {
  let at: number | undefined = 0;
  while (
    at !== undefined &&
    (/[\s\uFEFF]/.test(content.charAt(at)) || ASIDES.some(([open]) => content.startsWith(open, at)))
  )
    at = endOfPart(content, at, ASIDES);
  return at;
}

function endOfDeclaration(content: string, from: number): number | undefined {
  let at: number | undefined = from;
  let subsets = 0;
  while (at !== undefined && at < content.length) {
    const character = content.charAt(at);
    if (character === '>' && subsets === 0) return at + 1;
    if (character === '[') subsets += 1;
    if (character === ']') subsets -= 1;
    at = endOfPart(content, at, ASIDES_AND_LITERALS);
  }
  return undefined;
}

/** Of one of `kinds`, or of a single character; undefined where it is not closed. */
function endOfPart(content: string, at: number, kinds: readonly (readonly [string, string])[]): number | undefined {
  const kind = kinds.find(([open]) => content.startsWith(open, at));
  if (kind === undefined) return at + 1;
  const [open, close] = kind;
  const end = content.indexOf(close, at + open.length);
  return end < 0 ? undefined : end + close.length;
}
