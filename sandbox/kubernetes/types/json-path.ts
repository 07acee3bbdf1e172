/**
 * The paths of printer columns: `.spec.group`, `.status.conditions[?(@.type=="Ready")].status`, `.spec.ports[*].port`,
 * `.metadata.labels['a.b/c']`. What they find is a list; a path that leads nowhere finds nothing.
 *
 * Source: https://kubernetes.io/docs/reference/kubectl/jsonpath/ (the part that columns use)
 */
import { isJsonObject } from '../../../operator/admission/json.ts';

type Step = (value: unknown) => readonly unknown[];

type JsonPath = (root: unknown) => readonly unknown[];

/** A field, where `\.` is a dot of its name; a quoted field; an index; all; a filter by the value of a field. */
const tokens =
  /\.((?:[\w/-]|\\\.)+)|\['([^']*)'\]|\[(-?\d+)\]|(\[\*\])|\[\?\(@\.([\w.]+)\s*==\s*(?:"([^"]*)"|'([^']*)')\)\]/y;

/** @throws Error for a path that is not understood */
export function jsonPath(text: string): JsonPath {
  const steps: Step[] = [];
  tokens.lastIndex = 0;
  while (tokens.lastIndex < text.length) {
    const at = tokens.lastIndex;
    const match = tokens.exec(text);
    if (!match) throw new Error(`cannot read the path ${text} at ${at}`);
    steps.push(stepOf(match));
  }
  return (root) => steps.reduce<readonly unknown[]>((values, step) => values.flatMap(step), [root]);
}

function stepOf([, field, quoted, index, all, filtered, double, single]: RegExpExecArray): Step {
  const key = field?.replaceAll(String.raw`\.`, '.') ?? quoted;
  if (key !== undefined) return (value) => present(property(value, key));
  if (index !== undefined) return (value) => (Array.isArray(value) ? present(value.at(Number(index))) : []);
  if (all !== undefined) return (value) => (typeof value === 'object' && value !== null ? Object.values(value) : []);
  const path = filtered?.split('.') ?? [];
  const wanted = double ?? single;
  return (value) => (Array.isArray(value) ? value.filter((item) => path.reduce(property, item) === wanted) : []);
}

function property(value: unknown, key: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function present(value: unknown): readonly unknown[] {
  return value === undefined || value === null ? [] : [value];
}
