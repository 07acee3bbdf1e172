/**
 * The answer to a request as a value, made by the handlers, and how it is sent: whole or in pieces, at the pace of the
 * client, or half, where a fault says so.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ApiFailure } from '../api-failure.ts';

export interface Answer {
  readonly status: number;
  /** @default application/json */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whole, or in pieces that are made while they are sent. */
  readonly body: string | AsyncIterable<string>;
  /** Goes on until somebody ends it. */
  readonly isWatch?: boolean;
}

export function jsonAnswer(body: unknown, status = 200): Answer {
  return { status, body: JSON.stringify(body) };
}

export function failureAnswer(failure: ApiFailure): Answer {
  const seconds = failure.details?.retryAfterSeconds;
  return {
    status: failure.code,
    headers: seconds === undefined ? {} : { 'retry-after': String(seconds) },
    body: JSON.stringify(failure.toStatus()),
  };
}

/** @param signal is aborted when the connection is gone or nothing more shall be written */
export async function sendAnswer(response: ServerResponse, answer: Answer, signal: AbortSignal): Promise<void> {
  const { status, body } = answer;
  if (typeof body === 'string') {
    response.writeHead(status, { ...headersOf(answer), 'content-length': Buffer.byteLength(body) });
    response.end(body);
    return;
  }
  response.writeHead(status, headersOf(answer));
  response.flushHeaders();
  for await (const piece of body) {
    if (signal.aborted) return;
    if (!response.write(piece)) await drained(response, signal);
  }
  if (!signal.aborted) response.end();
}

/** The first half of the bytes, as if the connection broke then; the caller breaks it. */
export async function sendHalf(response: ServerResponse, answer: Answer): Promise<void> {
  const { status, body } = answer;
  const bytes = Buffer.from(typeof body === 'string' ? body : await firstPiece(body));
  const length = typeof body === 'string' ? { 'content-length': bytes.length } : {};
  response.writeHead(status, { ...headersOf(answer), ...length });
  await new Promise<void>((resolve) => {
    response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => resolve());
  });
}

function headersOf({ contentType = 'application/json', headers }: Answer): Record<string, string> {
  return { 'content-type': contentType, 'cache-control': 'no-cache, private', ...headers };
}

async function firstPiece(pieces: AsyncIterable<string>): Promise<string> {
  for await (const piece of pieces) return piece;
  return '';
}

async function drained(response: ServerResponse, signal: AbortSignal): Promise<void> {
  try {
    await once(response, 'drain', { signal });
  } catch {
    // The connection is gone, which the caller sees by the signal.
  }
}
