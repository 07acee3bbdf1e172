/**
 * Sends answers to sockets: whole or in pieces, at the pace of the client, or half, where a fault says so.
 */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Answer } from './answer.ts';

/** @param signal is aborted when the connection is gone or nothing more shall be written */
export async function sendAnswer(response: ServerResponse, answer: Answer, signal: AbortSignal): Promise<void> {
  const { status, headers, body } = answer;
  const { contentType = 'application/json' } = answer;
  const all = { 'content-type': contentType, 'cache-control': 'no-cache, private', ...headers };
  if (typeof body === 'string') {
    response.writeHead(status, { ...all, 'content-length': Buffer.byteLength(body) });
    response.end(body);
    return;
  }
  response.writeHead(status, all);
  response.flushHeaders();
  for await (const piece of body) {
    if (signal.aborted) return;
    if (!response.write(piece)) await drained(response, signal);
  }
  if (!signal.aborted) response.end();
}

/** The first half of the bytes, as if the connection broke then; the caller breaks it. */
export async function sendHalf(
  response: ServerResponse,
  { status, contentType, headers, body }: Answer,
): Promise<void> {
  const type = { 'content-type': contentType ?? 'application/json' };
  const bytes = Buffer.from(typeof body === 'string' ? body : await firstPiece(body));
  const length = typeof body === 'string' ? { 'content-length': bytes.length } : {};
  response.writeHead(status, { ...type, ...headers, ...length });
  await new Promise<void>((resolve) => {
    response.write(bytes.subarray(0, Math.ceil(bytes.length / 2)), () => resolve());
  });
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
