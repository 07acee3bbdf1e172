/** Well-formed XML. */
import { XMLValidator } from 'fast-xml-parser';
import type { SyntaxProblem } from './syntax-problem.ts';

export function checkXml(content: string): SyntaxProblem | undefined {
  const result = XMLValidator.validate(content);
  if (result === true) return undefined;
  const { line, col, msg } = result.err;
  return { line, column: col, message: msg };
}
