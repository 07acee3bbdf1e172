/**
 * YAML streams of one or more documents, with duplicate keys refused.
 *
 * Duplicates are looked for here, with a set for each mapping: the parser's own check compares each key with all
 * before it, which takes seconds for a flat file of 900 KB and would hold up every other object.
 */
import { isScalar, LineCounter, parseAllDocuments, visit, type Document, type YAMLMap } from 'yaml';
import type { SyntaxProblem } from './syntax-problem.ts';

export function checkYaml(content: string): SyntaxProblem | undefined {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(content, { prettyErrors: false, uniqueKeys: false, lineCounter: lines });
  const documents: Document[] = Array.isArray(parsed) ? parsed : [];
  for (const document of documents) {
    const [error] = document.errors;
    const found = error ? { offset: error.pos[0], message: error.message } : duplicateKey(document);
    if (found === undefined) continue;
    const { line, col } = lines.linePos(found.offset);
    return { line, column: col, message: found.message };
  }
  return undefined;
}

function duplicateKey(document: Document): { offset: number; message: string } | undefined {
  let duplicate: { offset: number; message: string } | undefined;
  visit(document, {
    Map(_, map) {
      const offset = firstRepeatedKey(map);
      if (offset === undefined) return undefined;
      duplicate = { offset, message: 'Duplicate key' };
      return visit.BREAK;
    },
  });
  return duplicate;
}

function firstRepeatedKey(map: YAMLMap): number | undefined {
  const seen = new Set<unknown>();
  for (const { key } of map.items) {
    if (!isScalar(key)) continue;
    // `<<` merges, and may stand more than once.
    if (seen.has(key.value) && key.value !== '<<') return key.range?.[0] ?? 0;
    seen.add(key.value);
  }
  return undefined;
}
