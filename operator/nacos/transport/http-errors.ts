/**
 * What an HTTP answer that is no success means, in the codes of the error catalogue.
 *
 * HTTP statuses have a table of their own: 301 and 410 say something else here than as codes of the gRPC protocol. Where
 * the body is a `Result` of v2 or v3, its `code` says it more closely (ErrorCode of Nacos 2.2 to 3.1).
 */
import { BridgeError, type ErrorCode, isBridgeError } from '../../errors.ts';
import type { HttpAnswer } from './http-transport.ts';
import { type JsonObject, numberOf, parseJsonObject, textOf } from './json-object.ts';
import { byResultCode, oneLine } from './response-errors.ts';
import { hostAndPort } from './server-address.ts';

const byStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'NACOS_INVALID',
  401: 'NACOS_UNAUTHENTICATED',
  403: 'NACOS_FORBIDDEN',
  404: 'NACOS_UNSUPPORTED',
  405: 'NACOS_UNSUPPORTED',
  408: 'NACOS_OVERLOADED',
  410: 'NACOS_UNSUPPORTED',
  413: 'NACOS_INVALID',
  429: 'NACOS_OVERLOADED',
  501: 'NACOS_UNSUPPORTED',
  502: 'NACOS_UNREACHABLE',
  503: 'NACOS_OVERLOADED',
  504: 'NACOS_UNREACHABLE',
};

/** `operation` says in words what was asked. */
export function errorOfHttp(answer: HttpAnswer, operation: string): BridgeError {
  const { status } = answer;
  const body = jsonOf(answer);
  const code = byResultCode[numberOf(body?.['code'])] ?? byStatus[status] ?? 'NACOS_FAILED';
  const message = `${operation}: ${hostAndPort(answer.server)} answered HTTP ${status}`;
  // Of v3 the title is the message, and what was wrong is the data. Whole pages are left out.
  const words = [textOf(body?.['message']), textOf(body?.['data'])].map((text) => oneLine(text));
  return new BridgeError(code, [message, ...words, adviceOf(answer)].filter((part) => part !== '').join('; '));
}

/** Undefined when the body is no JSON object. */
export function jsonOf(answer: HttpAnswer): JsonObject | undefined {
  try {
    return parseJsonObject(answer.text, 'the answer');
  } catch (error) {
    if (isBridgeError(error)) return undefined;
    throw error;
  }
}

function adviceOf({ server, status }: HttpAnswer): string {
  if (status >= 300 && status < 400) return 'redirects are not followed: set `servers` to where it leads';
  if (status === 404) {
    return `the server lacks this HTTP API, or serves it below another contextPath than '${server.contextPath}'`;
  }
  return '';
}
