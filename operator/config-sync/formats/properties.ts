/**
 * Java properties. The format refuses nearly nothing; what `java.util.Properties` does refuse is a `\u` that four
 * hexadecimal digits do not follow. The parser tells that there is one, and the place is looked up here.
 */
import { getProperties } from 'properties-file';
import { positionAt, type SyntaxProblem } from './syntax-problem.ts';

const MALFORMED_ESCAPE = /(?<=(?:^|[^\\])(?:\\\\)*)\\u(?![0-9a-fA-F]{4})/gm;
const COMMENT = /^[ \t\f]*[#!]/;

export function checkProperties(content: string): SyntaxProblem | undefined {
  try {
    getProperties(content);
    return undefined;
  } catch {
    return { ...positionAt(content, malformedEscape(content)), message: 'Malformed \\uXXXX escape' };
  }
}

function malformedEscape(content: string): number {
  for (const { index } of content.matchAll(MALFORMED_ESCAPE)) {
    const lineStart = content.lastIndexOf('\n', index) + 1;
    if (!COMMENT.test(content.slice(lineStart, index))) return index;
  }
  return 0;
}
