/**
 * JSON as the values that rules see, by its schema: integers are ints, numbers doubles, strings of the formats date-time
 * and duration are times, and names of fields that CEL could not say are escaped.
 */
import { create } from '@bufbuild/protobuf';
import { DurationSchema, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { CelInput } from '@bufbuild/cel';
import type { Schema } from '../../schema.ts';

export function celValue(value: unknown, schema: Schema): CelInput {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value)) return value.map((item) => celValue(item, schema.items ?? {}));
  if (typeof value === 'object') return celMapOf(value as Record<string, unknown>, schema);
  if (typeof value === 'number') return isInt(value, schema) ? BigInt(value) : value;
  if (typeof value === 'string') return celText(value, schema.format);
  return value as boolean;
}

function isInt(value: number, schema: Schema): boolean {
  return schema.type !== 'number' && Number.isInteger(value);
}

function celMapOf(value: Record<string, unknown>, schema: Schema): CelInput {
  const { properties, additionalProperties } = schema;
  const items = typeof additionalProperties === 'object' ? additionalProperties : {};
  const map = new Map<string, CelInput>();
  for (const [key, item] of Object.entries(value)) {
    const known = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
    map.set(known ? escapedName(key) : key, celValue(item, known ?? items));
  }
  return map;
}

function celText(text: string, format: string | undefined): CelInput {
  if (format === 'date-time' || format === 'datetime') return timestampFromMs(Date.parse(text));
  if (format === 'duration') return create(DurationSchema, durationOf(text));
  return text;
}

const nanoseconds: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12 };

function durationOf(text: string): { seconds: bigint; nanos: number } {
  let total = 0n;
  for (const [, count = '0', unit = 's'] of text.matchAll(/([\d.]+)\s*(ns|us|µs|ms|s|m|h)/g)) {
    total += BigInt(Math.round(Number(count) * (nanoseconds[unit] ?? 0)));
  }
  if (text.startsWith('-')) total = -total;
  return { seconds: total / 1_000_000_000n, nanos: Number(total % 1_000_000_000n) };
}

const reserved: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
);

const escapes: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};

/** Source: the section on escaping of https://kubernetes.io/docs/reference/using-api/cel/ */
export function escapedName(name: string): string {
  if (reserved.has(name)) return `__${name}__`;
  return name.replaceAll(/__|[./-]/g, (text) => escapes[text] ?? text);
}
