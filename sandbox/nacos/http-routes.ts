/**
 * What the parts of the embedded Nacos see of HTTP: tables of handlers by method and path. `http-server.ts` does the rest:
 * it reads parameters from query and form alike, checks the token, and puts a refusal as the API does that was asked.
 */
import { Refusal } from './refusal.ts';

export interface HttpRequest {
  /** Query and form together. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly clientIp: string;
  readonly username: string | undefined;
  readonly stale: boolean;
}

export interface HttpAnswer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A string is sent as it is, anything else as JSON. */
  readonly body: unknown;
}

/** @throws Refusal */
export type HttpHandler = (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

/** By method and path below the context path, such as `GET /v3/admin/cs/config`. */
export type HttpRoutes = Readonly<Record<string, HttpHandler>>;

/** The frame of v3. */
export function result(data: unknown): HttpAnswer {
  return { body: { code: 0, message: 'success', data } };
}

/** @throws Refusal when it is missing or blank. */
export function required({ parameters }: HttpRequest, name: string): string {
  const text = parameters[name];
  if (text === undefined || text.trim() === '') throw new Refusal('parameter missing', `Param '${name}' is required.`);
  return text;
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
): Page<Item> {
  const pageNumber = Math.max(1, Number(parameters['pageNo']) || 1);
  const pageSize = Math.max(1, Math.min(500, Number(parameters['pageSize']) || 100));
  return {
    totalCount: all.length,
    pageNumber,
    pagesAvailable: Math.ceil(all.length / pageSize),
    pageItems: all.slice((pageNumber - 1) * pageSize, pageNumber * pageSize).map(shape),
  };
}
