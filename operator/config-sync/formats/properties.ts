/**
 * Java properties. The format itself refuses nearly nothing: `java.util.Properties` throws for a `\u` that four
 * hexadecimal digits do not follow, and lets the last of several equal keys win in silence. Both are refused here, with
 * their place; the parser tells of the first that there is one, and its place is looked up.
 */
import { Properties, type PropertyNode } from 'properties-file/parser';
import type { Reading } from './reading.ts';
import { positionAt, type Place } from './syntax-problem.ts';

const MALFORMED_ESCAPE = /(?<=(?:^|[^\\])(?:\\\\)*)\\u(?![0-9a-fA-F]{4})/gm;
const COMMENT = /^[ \t\f]*[#!]/;

export function readProperties(content: string): Reading {
  let nodes: readonly PropertyNode[];
  try {
    nodes = propertiesOf(content);
  } catch {
    return { problem: { ...positionAt(content, malformedEscape(content)), message: 'Malformed \\uXXXX escape' } };
  }
  const { places, duplicate } = placesOfKeys(nodes);
  if (duplicate) return { problem: { ...duplicate, message: 'Duplicate key' } };
  // The parser's own object takes `__proto__` for what it is made of.
  const value = Object.fromEntries(nodes.map(({ key, value }) => [key, value]));
  return { problem: undefined, documents: () => [{ value, placeOf: ([key = '']) => places.get(key) }] };
}

/** @throws Error for a malformed escape. */
export function propertiesOf(content: string): PropertyNode[] {
  return new Properties(content).getProperties();
}

function placesOfKeys(nodes: readonly PropertyNode[]): { places: Map<string, Place>; duplicate?: Place } {
  const places = new Map<string, Place>();
  for (const node of nodes) {
    const place = { line: node.startingLineNumber, column: node.leadingWhitespace.length + 1 };
    if (places.has(node.key)) return { places, duplicate: place };
    places.set(node.key, place);
  }
  return { places };
}

function malformedEscape(content: string): number {
  for (const { index } of content.matchAll(MALFORMED_ESCAPE)) {
    const lineStart = content.lastIndexOf('\n', index) + 1;
    if (!COMMENT.test(content.slice(lineStart, index))) return index;
  }
  return 0;
}
