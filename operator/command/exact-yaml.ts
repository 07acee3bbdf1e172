/**
 * An object as YAML that every reader of Kubernetes reads back byte for byte: texts of several lines stand in literal
 * blocks, those that a block cannot hold exactly in double quotes with every doubtful character escaped.
 */
import { Document, isScalar, Scalar, visit } from 'yaml';

/**
 * What a literal block cannot hold: characters that YAML does not print, and those that YAML 1.1, which kubectl reads,
 * takes for line breaks (U+0085, U+2028, U+2029) or for the mark at the start of a file.
 */
const UNPRINTABLE = /[^\t\n\x20-\x7E\xA0-\u2027\u202A-\uD7FF\uE000-\uFEFE\uFF00-\uFFFD\u{10000}-\u{10FFFF}]/u;

/** Lines of blanks at its beginning are taken for the indentation of a block. */
const BLANK_BEGINNING = /^\s*[ \t]\n/;

export function exactYaml(object: unknown): string {
  // What YAML 1.1 takes for a boolean or a number, such as `yes`, is quoted.
  const document = new Document(object, { compat: 'yaml-1.1' });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value !== 'string' || !isScalar(node)) return;
      if (UNPRINTABLE.test(node.value) || BLANK_BEGINNING.test(node.value)) node.type = Scalar.QUOTE_DOUBLE;
      else if (node.value.includes('\n')) node.type = Scalar.BLOCK_LITERAL;
    },
  });
  const text = document.toString({ lineWidth: 0, doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER });
  return text.replace(new RegExp(UNPRINTABLE, 'gu'), escaped);
}

/** Such characters stand in double quotes only. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
