/**
 * One step of a path through an object, in the text form of FieldsV1: `f:name` a field, `k:{"name":"web"}` the item of a
 * list with these keys, `v:"x"` the item of a set, `i:0` an index. The texts are canonical (keys sorted, JSON as Go's
 * encoder writes it), so equal steps are equal strings.
 *
 * Source: sigs.k8s.io/structured-merge-diff/v6/fieldpath.
 */
import { encodeJson } from './go-text.ts';

export type PathElement = string;

export function fieldElement(name: string): PathElement {
  return `f:${name}`;
}

/** `keys` sorted by name. */
export function keyElement(keys: readonly (readonly [name: string, value: unknown])[]): PathElement {
  return `k:{${keys.map(([name, value]) => `${encodeJson(name)}:${encodeJson(value)}`).join(',')}}`;
}

export function valueElement(value: unknown): PathElement {
  return `v:${encodeJson(value)}`;
}

/** Undefined for kinds of steps that nobody knows; those are dropped. */
export function parsePathElement(text: string): PathElement | undefined {
  if (text.startsWith('f:') || text.startsWith('i:')) return text;
  if (text.startsWith('k:')) return keyElement(keysOf(text));
  if (text.startsWith('v:')) return valueElement(JSON.parse(text.slice(2)));
  return undefined;
}

/** The order of FieldsV1 and of lists of conflicts: fields, keys, values; numbers before strings before booleans. */
export function comparePathElements(a: PathElement, b: PathElement): number {
  if (a === b) return 0;
  if (a.startsWith('f:') && b.startsWith('f:')) return a < b ? -1 : 1;
  const kinds = 'fkvi';
  const kind = a.charAt(0);
  if (kind !== b.charAt(0)) return kinds.indexOf(kind) - kinds.indexOf(b.charAt(0));
  if (kind === 'k') return compareKeys(keysOf(a), keysOf(b));
  if (kind === 'v') return compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
  return a < b ? -1 : 1;
}

/** As messages write it: `.name`, `[name="web"]`, `[="x"]`. */
export function printPathElement(element: PathElement): string {
  const content = element.slice(2);
  if (element.startsWith('f:')) return `.${content}`;
  if (element.startsWith('k:')) {
    return `[${keysOf(element)
      .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
      .join(',')}]`;
  }
  return element.startsWith('v:') ? `[=${JSON.stringify(JSON.parse(content))}]` : `[${content}]`;
}

function keysOf(element: PathElement): [name: string, value: unknown][] {
  const keys = Object.entries(JSON.parse(element.slice(2)) as Record<string, unknown>);
  return keys.sort(([a], [b]) => (a < b ? -1 : 1));
}

function compareKeys(a: readonly [string, unknown][], b: readonly [string, unknown][]): number {
  for (const [index, [name, value]] of a.entries()) {
    const other = b[index];
    if (!other) return 1;
    if (name !== other[0]) return name < other[0] ? -1 : 1;
    const order = compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const ranks = ['number', 'string', 'boolean'];
  const rank = (value: unknown): number => ranks.indexOf(typeof value);
  if (rank(a) !== rank(b)) return rank(a) - rank(b);
  const [left, right] = [String(a), String(b)];
  return left < right ? -1 : Number(left > right);
}
