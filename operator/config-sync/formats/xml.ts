/** Well-formed XML. */
import { XMLValidator } from 'fast-xml-parser';
import { positionAt, type SyntaxProblem } from './syntax-problem.ts';
import { withoutDoctype } from './xml-doctype.ts';

const severalOpenTags = /^Invalid '/;

export function checkXml(content: string): SyntaxProblem | undefined {
  const result = XMLValidator.validate(withoutDoctype(content));
  if (result === true) return undefined;
  const { code, col, line, msg } = result.err;
  if (code === 'InvalidXml' && severalOpenTags.test(msg)) {
    return { ...positionAt(content, content.trimEnd().length), message: 'Several tags are not closed' };
  }
  // It has no column for a content that holds no tag at all.
  return { line, column: col ?? 1, message: withoutExcerpts(msg) };
}

/** What stands in quotes was read as a name, and may be anything where the content is broken. */
function withoutExcerpts(message: string): string {
  return message.replace(/ ?'(?!&')[^']*'/g, '').replace(/^\w/, (first) => first.toUpperCase());
}
