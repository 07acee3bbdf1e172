/**
 * The shapes of answers over HTTP: the `Result` of v2 and v3, the error page of the web framework, and plain text; which of
 * them a failure takes depends on generation and API, and clients see it.
 */
import type { Generation } from './generation.ts';
import type { HttpAnswer, HttpRequest } from './http-route.ts';

/** What a handler throws to be answered so. */
export class HttpFailure extends Error {
  readonly answer: HttpAnswer;

  constructor(answer: HttpAnswer) {
    super(`HTTP ${answer.status ?? 200}`);
    this.name = 'HttpFailure';
    this.answer = answer;
  }
}

/** Codes of the `Result` (ErrorCode of Nacos), with their fixed words. */
const failures = {
  10_000: [400, 'parameter missing'],
  20_002: [400, 'parameter validate error'],
  20_004: [404, 'resource not found'],
  20_005: [500, 'resource conflict'],
  22_000: [400, 'illegal namespace'],
  22_001: [404, 'namespace not exist'],
  22_002: [400, 'namespace already exist'],
} as const;

export function result(data: unknown): HttpAnswer {
  return { body: { code: 0, message: 'success', data } };
}

export function resultFailure(code: keyof typeof failures, data: string | null, status?: number): HttpAnswer {
  const [usualStatus, message] = failures[code];
  return { status: status ?? usualStatus, body: { code, message, data } };
}

/** What the web framework answers by itself. `path` is below the context path. */
export function errorPage(status: number, message: string, path: string): HttpAnswer {
  const error = reasons[status] ?? 'Internal Server Error';
  return {
    status,
    headers: path.startsWith('/v1/cs/') ? v1JsonType : {},
    body: { timestamp: new Date().toISOString().replace('Z', '+00:00'), status, error, message, path: `/nacos${path}` },
  };
}

const reasons: Readonly<Record<number, string | undefined>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  410: 'Gone',
};

/** What the server says of an exception that nobody foresaw. */
export function caused(status: number, message: string): HttpAnswer {
  return { status, body: `caused: ${message};` };
}

/** The rules for the form of parameters answer before any operation. */
export function badForm(fault: string, { path }: HttpRequest): HttpAnswer {
  const headers: Readonly<Record<string, string>> = path.startsWith('/v1/cs/') ? v1JsonType : {};
  return { status: 400, headers, body: `${fault}\n` };
}

/** What the API v1 for configs says of its answers, also of those that are no JSON. */
export const v1JsonType = { 'content-type': 'application/json;charset=UTF-8' };

export function missingParameter(generation: Generation, { path }: HttpRequest, name: string): HttpAnswer {
  if (generation === '2.3') return { status: 400, body: `Parameter '${name}' is missing` };
  if (path.startsWith('/v3/client/')) return caused(400, `Required parameter '${name}' type String is not present`);
  if (path.startsWith('/v3/')) return resultFailure(10_000, `Required parameter '${name}' type String is not present`);
  return errorPage(400, `Required parameter '${name}' is not present.`, path);
}

/** @throws HttpFailure when one of `names` is not given; v3 takes a blank one for missing. */
export function requireParameters(generation: Generation, request: HttpRequest, names: readonly string[]): void {
  for (const name of names) {
    const given = request.parameters[name];
    const isMissing = given === undefined || (request.path.startsWith('/v3/') && given.trim() === '');
    if (isMissing) throw new HttpFailure(missingParameter(generation, request, name));
  }
}

export interface Page<Item> {
  readonly totalCount: number;
  readonly pageNumber: number;
  readonly pagesAvailable: number;
  readonly pageItems: readonly Item[];
}

/** The part of `all` that `pageNo` and `pageSize` ask for. */
export function pageOf<From, Item>(
  all: readonly From[],
  { parameters }: HttpRequest,
  shape: (item: From) => Item,
  { maxPageSize = 500, defaultPageSize = 100 } = {},
): Page<Item> {
  const pageNumber = Math.max(1, Number(parameters['pageNo'] ?? 1) || 1);
  const pageSize = Math.min(maxPageSize, Math.max(1, Number(parameters['pageSize'] ?? defaultPageSize) || 1));
  return {
    totalCount: all.length,
    pageNumber,
    pagesAvailable: Math.ceil(all.length / pageSize),
    pageItems: all.slice((pageNumber - 1) * pageSize, pageNumber * pageSize).map((item) => shape(item)),
  };
}
