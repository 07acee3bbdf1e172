/**
 * What reading a content in its format gives: why it is not valid, or what it says.
 *
 * What it says is asked for only where a schema is to be checked, and so are the places in it, which cost a second walk.
 */
import type { Place, SyntaxProblem } from './syntax-problem.ts';

/**
 * Lists and maps within each other. What goes deeper would overflow the stack of a parser, and is read by few clients:
 * SnakeYAML stops at 50 levels, Jackson at 1,000.
 */
export const MAX_DEPTH = 200;
export const TOO_DEEP = `Nested deeper than ${MAX_DEPTH} levels`;

export type Reading =
  | { readonly problem: SyntaxProblem }
  | {
      readonly problem: undefined;
      /** Several of YAML, one of the others. */
      readonly documents: () => ContentDocument[];
    };

export interface ContentDocument {
  /** As JSON has it: objects, lists, strings, numbers, booleans and null. */
  readonly value: unknown;
  /** Where the value at this path begins, or the nearest around it; undefined when the format does not tell. */
  placeOf(path: readonly string[]): Place | undefined;
}
