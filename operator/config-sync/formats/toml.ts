/** TOML 1.0. Its parser refuses duplicate keys itself. */
import { parse, TomlDate, TomlError } from 'smol-toml';
import type { Reading } from './reading.ts';

export function readToml(content: string): Reading {
  try {
    // A 64-bit integer is valid, whether or not JavaScript has a number for it.
    const table = parse(content, { integersAsBigInt: 'asNeeded' });
    return { problem: undefined, documents: () => [{ value: asJson(table), placeOf: () => undefined }] };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [firstLine = ''] = error.message.split('\n');
    const message = firstLine.replace(/^Invalid TOML document: /, '');
    return { problem: { line: error.line, column: error.column, message } };
  }
}

/** Dates are the texts that they are written as, as in JSON. */
function asJson(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof TomlDate) return value.toISOString();
  if (Array.isArray(value)) return value.map(asJson);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asJson(item)]));
}
