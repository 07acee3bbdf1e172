/** TOML 1.0. Its parser refuses duplicate keys itself. */
import { parse, TomlDate, TomlError } from 'smol-toml';
import { MAX_DEPTH, TOO_DEEP, type Reading } from './reading.ts';

export function readToml(content: string): Reading {
  try {
    // A 64-bit integer is valid, whether or not JavaScript has a number for it.
    const table = parse(content, { integersAsBigInt: 'asNeeded', maxDepth: MAX_DEPTH });
    return { problem: undefined, documents: () => [{ value: asJson(table), placeOf: () => undefined }] };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [firstLine = ''] = error.message.split('\n');
    const said = firstLine.replace(/^Invalid TOML document: /, '');
    const message = said.includes('excessively nested') ? TOO_DEEP : said;
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
