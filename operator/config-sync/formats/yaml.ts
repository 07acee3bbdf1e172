/**
 * YAML streams of one or more documents, with duplicate keys refused. Merge keys (`<<`) merge, as most readers of
 * configurations have it.
 *
 * Duplicates are looked for here, with a set for each mapping: the parser's own check compares each key with all
 * before it, which takes seconds for a flat file of 900 KB and would hold up every other object.
 */
import {
  Composer,
  isMap,
  isNode,
  isScalar,
  Lexer,
  LineCounter,
  Parser,
  visit,
  type CST,
  type Document,
  type YAMLMap,
} from 'yaml';
import { MAX_DEPTH, TOO_DEEP, type ContentDocument, type Reading } from './reading.ts';
import type { Place } from './syntax-problem.ts';

/** What the parser warns of goes to standard error, with parts of the content. */
const OPTIONS = { prettyErrors: false, uniqueKeys: false, merge: true, logLevel: 'error' } as const;

export function readYaml(content: string): Reading {
  const lines = new LineCounter();
  lines.addNewLine(0);
  const parser = new Parser(lines.addNewLine);
  let documents: Document[];
  try {
    documents = [...new Composer(OPTIONS).compose(tokensOf(content, parser))];
  } catch (error) {
    if (error !== tooDeep) throw error;
    return { problem: { ...placeAt(lines, parser.offset), message: TOO_DEEP } };
  }
  for (const document of documents) {
    const [error] = document.errors;
    const found = error ? { offset: error.pos[0], message: withoutExcerpt(error.message) } : firstDefect(document);
    if (found !== undefined) return { problem: { ...placeAt(lines, found.offset), message: found.message } };
  }
  return { problem: undefined, documents: () => documents.map((document) => new YamlDocument(document, lines)) };
}

const tooDeep = new Error(TOO_DEEP);

/** As the parser itself reads them, up to where they nest too deeply: composing them recurses. */
function* tokensOf(content: string, parser: Parser): Generator<CST.Token> {
  for (const lexeme of new Lexer().lex(content)) {
    yield* parser.next(lexeme);
    if (parser.stack.length > MAX_DEPTH) throw tooDeep;
  }
  yield* parser.end();
}

class YamlDocument implements ContentDocument {
  readonly value: unknown;
  readonly #document: Document;
  readonly #lines: LineCounter;

  /** @throws for a merge key of something else than a mapping, and for more aliases than anybody needs */
  constructor(document: Document, lines: LineCounter) {
    this.value = document.toJS();
    this.#document = document;
    this.#lines = lines;
  }

  placeOf(path: readonly string[]): Place | undefined {
    for (let length = path.length; length >= 0; length--) {
      const node = this.#document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return placeAt(this.#lines, node.range[0]);
    }
    return undefined;
  }
}

function placeAt(lines: LineCounter, offset: number): Place {
  const { line, col } = lines.linePos(offset);
  return { line, column: col };
}

/** What the parser cites of the content stands at the end of its messages. */
function withoutExcerpt(message: string): string {
  return message.replace(/(?<=\S): .*$/s, '').replace(/(?<=^Invalid escape sequence) .*$/s, '');
}

/** What the parser alone does not refuse: a key that stands twice, an alias without its anchor. */
function firstDefect(document: Document): { offset: number; message: string } | undefined {
  let defect: { offset: number; message: string } | undefined;
  const anchors = new Set<string>();
  visit(document, {
    Alias(_, alias) {
      if (anchors.has(alias.source)) return undefined;
      defect = { offset: alias.range?.[0] ?? 0, message: 'Unresolved alias' };
      return visit.BREAK;
    },
    Value(_, node) {
      if (node.anchor) anchors.add(node.anchor);
      const offset = isMap(node) ? firstRepeatedKey(node) : undefined;
      if (offset === undefined) return undefined;
      defect = { offset, message: 'Duplicate key' };
      return visit.BREAK;
    },
  });
  return defect;
}

/** A merge key is no text here, and each is different: it may stand more than once. */
function firstRepeatedKey(map: YAMLMap): number | undefined {
  const seen = new Set<unknown>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    if (seen.has(key.value)) return key.range?.[0] ?? 0;
    seen.add(key.value);
  }
  return undefined;
}
