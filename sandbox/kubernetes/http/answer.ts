/**
 * The answer to a request as a value: made by the handlers, sent (or spoiled, where a fault says so) by the server.
 */
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

export function textAnswer(body: string, status = 200): Answer {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}

export function failureAnswer(failure: ApiFailure): Answer {
  const seconds = failure.details?.retryAfterSeconds;
  return {
    status: failure.code,
    headers: seconds === undefined ? {} : { 'retry-after': String(seconds) },
    body: JSON.stringify(failure.toStatus()),
  };
}
