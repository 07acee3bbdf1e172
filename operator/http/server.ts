/**
 * A small HTTP server for what machines ask of a process: metrics and probes.
 *
 * Only GET and HEAD; bodies of requests are not read. The port is open to everybody who can reach the pod, so a handler
 * that fails answers 500 without a reason, slow requests are cut off, and nothing of a request is echoed.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { errorFields, type Logger } from '../logger.ts';
import type { Runnable } from '../runtime/runnable.ts';

export interface HttpRequest {
  /** Without the query. */
  path: string;
  query: URLSearchParams;
}

export interface HttpResponse {
  status: number;
  /** @default 'text/plain; charset=utf-8' */
  contentType?: string;
  body: string;
}

export interface Route {
  /** Begins with '/'. */
  path: string;
  /** Whether the route also answers everything below its path. @default false */
  includesSubPaths?: boolean;
  get(request: HttpRequest): Promise<HttpResponse> | HttpResponse;
}

interface HttpServerOptions {
  /** For log lines. */
  name: string;
  /** 0 for any free port. */
  port: number;
  bindAddress: string;
  log: Logger;
}

const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;

export class HttpServer implements Runnable {
  readonly name: string;
  readonly #options: HttpServerOptions;
  readonly #server: Server;
  readonly #routes: Route[] = [];

  constructor(options: HttpServerOptions) {
    this.name = options.name;
    this.#options = options;
    const limits = { headersTimeout: headersTimeoutMs, requestTimeout: requestTimeoutMs };
    this.#server = createServer(limits, (request, response) => void this.#answer(request, response));
  }

  /** Of two routes that match the first wins. */
  handle(...routes: readonly Route[]): this {
    this.#routes.push(...routes);
    return this;
  }

  /** The port that is listened on; the configured one before `start`. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.#options.port;
  }

  /** Rejects when the address cannot be bound. */
  async start(): Promise<void> {
    const { port, bindAddress, log } = this.#options;
    const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen(port, bindAddress, resolve);
    await listening;
    this.#server.off('error', reject);
    log.info('listening', { server: this.name, address: bindAddress, port: this.port });
  }

  /** Answers what was asked already, or breaks it off when `hurry` is aborted. */
  async stop(hurry?: AbortSignal): Promise<void> {
    if (!this.#server.listening) return;
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const breakOff = () => this.#server.closeAllConnections();
    hurry?.addEventListener('abort', breakOff, { once: true });
    this.#server.close(() => resolve());
    this.#server.closeIdleConnections();
    if (hurry?.aborted) breakOff();
    await closed;
    hurry?.removeEventListener('abort', breakOff);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, contentType = 'text/plain; charset=utf-8', body } = await this.#respond(request);
    response.writeHead(status, {
      'content-type': contentType,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
    });
    response.end(request.method === 'HEAD' ? undefined : body);
  }

  async #respond({ url = '/', method }: IncomingMessage): Promise<HttpResponse> {
    const target = URL.parse(url, 'http://localhost');
    if (target === null) return { status: 400, body: 'bad request\n' };
    const route = this.#routes.find((candidate) => matches(candidate, target.pathname));
    if (route === undefined) return { status: 404, body: 'not found\n' };
    if (method !== 'GET' && method !== 'HEAD') return { status: 405, body: 'method not allowed\n' };
    try {
      return await route.get({ path: target.pathname, query: target.searchParams });
    } catch (error) {
      this.#options.log.error('a request failed', { server: this.name, path: route.path, ...errorFields(error) });
      return { status: 500, body: 'internal server error\n' };
    }
  }
}

function matches({ path, includesSubPaths }: Route, pathname: string): boolean {
  return pathname === path || (includesSubPaths === true && pathname.startsWith(`${path}/`));
}
