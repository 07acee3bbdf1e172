/**
 * Reading JSON that a server sent: parsed once, at the edge, into an object of unknown fields, and each field read with
 * the type that we need. A field of another type counts as absent, as Nacos' own clients see it.
 */
import { BridgeError } from '../../errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** @throws NACOS_FAILED, naming `source`, when the text is not a JSON object; the text itself stays out of the message. */
export function parseJsonObject(text: string, source: string): JsonObject {
  const value = parsed(text);
  if (isJsonObject(value)) return value;
  throw new BridgeError('NACOS_FAILED', `${source} must be a JSON object`);
}

/** @throws as `parseJsonObject`, when it is not an array. */
export function parseJsonList(text: string, source: string): readonly unknown[] {
  const value = parsed(text);
  if (Array.isArray(value)) return value;
  throw new BridgeError('NACOS_FAILED', `${source} must be a JSON array`);
}

/** Undefined when it is no JSON: the parser's message quotes the text, which may be a configuration. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** Numbers may come as text: Java writes some of them so. */
export function numberOf(value: unknown): number {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : 0;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
