/**
 * Java properties. The format itself refuses nearly nothing: `java.util.Properties` throws for a `\u` that four
 * hexadecimal digits do not follow, and lets the last of several equal keys win in silence. Both are refused here, with
 * their place; the parser tells of the first that there is one, and its place is looked up.
 */
import { getProperties } from 'properties-file';
import { Properties } from 'properties-file/parser';
import type { Reading } from './reading.ts';
import { positionAt, type Place } from './syntax-problem.ts';

const MALFORMED_ESCAPE = /(?<=(?:^|[^\\])(?:\\\\)*)\\u(?![0-9a-fA-F]{4})/gm;
const COMMENT = /^[ \t\f]*[#!]/;

export function readProperties(content: string): Reading {
  let value: Record<string, string>;
  try {
    value = getProperties(content);
  } catch {
    return { problem: { ...positionAt(content, malformedEscape(content)), message: 'Malformed \\uXXXX escape' } };
  }
  const { places, duplicate } = placesOfKeys(content);
  if (duplicate) return { problem: { ...duplicate, message: 'Duplicate key' } };
  return { problem: undefined, documents: () => [{ value, placeOf: ([key = '']) => places.get(key) }] };
}

function placesOfKeys(content: string): { places: Map<string, Place>; duplicate?: Place } {
  const places = new Map<string, Place>();
  for (const node of new Properties(content).nodes) {
    if (node.type !== 'property') continue;
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
