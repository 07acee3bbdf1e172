/**
 * Where and why a content is not valid in its format. Messages come from the parsers without the excerpt that some of
 * them add: a content may hold secrets, and the message goes into a condition.
 */
export interface SyntaxProblem extends Place {
  readonly message: string;
}

export interface Place {
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 code units. */
  readonly column: number;
}

/** Line and column of an offset into `content`. */
export function positionAt(content: string, offset: number): Place {
  const before = content.slice(0, offset);
  const lastBreak = before.lastIndexOf('\n');
  return { line: before.split('\n').length, column: offset - lastBreak };
}
