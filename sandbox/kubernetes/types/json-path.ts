/**
 * The paths of printer columns: `.spec.group`, `.status.conditions[?(@.type=="Ready")].status`, `.spec.ports[*].port`,
 * `.metadata.labels['a.b/c']`. What they find is a list; a path that leads nowhere finds nothing.
 *
 * Source: https://kubernetes.io/docs/reference/kubectl/jsonpath/ (the part that columns use)
 */
type Step = (value: unknown) => readonly unknown[];

export type JsonPath = (root: unknown) => readonly unknown[];

const tokens =
  /\.?([A-Za-z_][\w-]*)|\.?\*|\[\*\]|\[(-?\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]|\[\?\(@\.([\w.]+)\s*(?:(==|!=)\s*("[^"]*"|'[^']*'|true|false|-?\d+(?:\.\d+)?))?\)\]/y;

const cache = new Map<string, JsonPath>();

/** @throws Error for a path that is not understood */
export function jsonPath(text: string): JsonPath {
  let path = cache.get(text);
  if (!path) cache.set(text, (path = compile(text)));
  return path;
}

function compile(text: string): JsonPath {
  const steps: Step[] = [];
  // A dot within a name is written `\.`, as in `.metadata.labels.app\.kubernetes\.io/name`.
  const source = text.replaceAll(/\.((?:[\w/-]|\\\.)*\\\.(?:[\w/-]|\\\.)*)/g, (_, name: string) => {
    return `['${name.replaceAll(String.raw`\.`, '.')}']`;
  });
  tokens.lastIndex = 0;
  while (tokens.lastIndex < source.length) {
    const at = tokens.lastIndex;
    const match = tokens.exec(source);
    if (!match) throw new Error(`cannot read the path ${text} at ${at}`);
    steps.push(stepOf(match));
  }
  return (root) => steps.reduce<readonly unknown[]>((values, step) => values.flatMap(step), [root]);
}

function stepOf([, name, index, single, double, field, relation, literal]: RegExpExecArray): Step {
  const key = name ?? single ?? double;
  if (key !== undefined) return (value) => present(property(value, key));
  if (index !== undefined) return (value) => (Array.isArray(value) ? present(value.at(Number(index))) : []);
  if (field !== undefined) return filter(field.split('.'), relation, literal);
  return (value) => (typeof value === 'object' && value !== null ? Object.values(value) : []);
}

function filter(fields: readonly string[], relation: string | undefined, literal: string | undefined): Step {
  const fits = (item: unknown) => {
    const value = fields.reduce<unknown>(property, item);
    if (relation === undefined || literal === undefined) return value !== undefined;
    const wanted = /^["']/.test(literal) ? literal.slice(1, -1) : (JSON.parse(literal) as unknown);
    return value !== undefined && (value === wanted) === (relation === '==');
  };
  return (value) => (Array.isArray(value) ? value.filter(fits) : []);
}

function property(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

function present(value: unknown): readonly unknown[] {
  return value === undefined || value === null ? [] : [value];
}
