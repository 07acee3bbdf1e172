/**
 * The HTTP side of the embedded server: reads requests, checks the token, finds the route, and does what faults say.
 *
 * Guarantees: parameters are taken from the query and from a form or JSON body alike, as UTF-8 whatever charset a client
 * names; what a handler throws becomes the answer of the real server to a failure inside.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock } from '../../operator/clock.ts';
import { sleep } from '../../operator/clock.ts';
import { messageOf } from '../../operator/errors.ts';
import type { Logger } from '../../operator/logger.ts';
import type { Fault, FaultScript } from '../fault-script.ts';
import type { Accounts } from './auth/accounts.ts';
import type { Generation } from './generation.ts';
import { goneAnswer } from './http-gone.ts';
import { caused, errorPage, HttpFailure } from './http-replies.ts';
import type { HttpAnswer, HttpRequest, HttpRoute } from './http-route.ts';
import { RpcFailure } from './rpc.ts';

export interface NacosHttpServerOptions {
  readonly generation: Generation;
  readonly routes: readonly HttpRoute[];
  readonly accounts: Accounts;
  readonly faults: FaultScript;
  readonly clock: Clock;
  readonly log: Logger;
}

const contextPath = '/nacos';
/** A content of 10 MiB, form-encoded. */
const maxBodyBytes = 40 * 1024 * 1024;

export class NacosHttpServer {
  readonly server: Server;
  readonly #options: NacosHttpServerOptions;
  readonly #routes = new Map<string, Map<string, HttpRoute>>();

  constructor(options: NacosHttpServerOptions) {
    this.#options = options;
    for (const route of options.routes) {
      const methods = this.#routes.get(route.path) ?? new Map<string, HttpRoute>();
      this.#routes.set(route.path, methods.set(route.method, route));
    }
    this.server = createServer((incoming, response) => {
      this.#serve(incoming, response).catch((error: unknown) => {
        options.log.error('an HTTP request failed inside the server', { error: messageOf(error) });
        incoming.socket.destroy();
      });
    });
  }

  /** Cuts every TCP connection. */
  cutAll(): void {
    this.server.closeAllConnections();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://nacos');
    const method = incoming.method ?? 'GET';
    const isInside = url.pathname === contextPath || url.pathname.startsWith(`${contextPath}/`);
    const path = isInside ? url.pathname.slice(contextPath.length) || '/' : url.pathname;
    const body = await readBody(incoming);
    if (body === undefined) return void incoming.socket.destroy();
    const { clock, faults } = this.#options;
    const fault = faults.strike(`${method} ${path}`);
    if (fault?.kind === 'silence') return;
    if (fault?.kind === 'reset') return reset(incoming);
    if (fault?.kind === 'slow') await sleep(clock, fault.delayMs);
    const parameters = { ...Object.fromEntries(url.searchParams), ...parametersOf(incoming, body) };
    const request = { method, path, parameters, headers: headersOf(incoming), clientIp: clientIpOf(incoming) };
    const answer = isInside ? await this.#answer(request, fault) : errorPage(404, 'No message available', path);
    if (fault?.kind === 'lost-answer') return reset(incoming);
    const text = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    const bytes = Buffer.from(text, 'utf8');
    const contentType = typeof answer.body === 'string' ? 'text/plain;charset=UTF-8' : 'application/json';
    response.writeHead(answer.status ?? 200, {
      'content-type': contentType,
      'content-length': bytes.length,
      ...answer.headers,
    });
    if (fault?.kind !== 'half-answer') return void response.end(bytes);
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => reset(incoming));
  }

  async #answer(request: Omit<HttpRequest, 'username' | 'stale'>, fault: Fault | undefined): Promise<HttpAnswer> {
    const { accounts, generation, log } = this.#options;
    const { headers, method, parameters, path } = request;
    if (fault?.kind === 'status') return faultAnswer(fault, path);
    const gone = generation === '3.1' ? goneAnswer(method, path, parameters) : undefined;
    if (gone) return gone;
    const methods = this.#routes.get(path);
    if (!methods) return notFound(generation, method, path);
    const route = methods.get(method);
    if (!route) return wrongMethod(generation, method, path);
    const identity = accounts.identify({
      token: headers['accesstoken'] || parameters['accessToken'] || headers['authorization'],
      username: parameters['username'],
      password: parameters['password'],
    });
    if ('refusal' in identity && route.open !== true) return errorPage(403, identity.refusal, path);
    const username = 'username' in identity ? identity.username : undefined;
    try {
      return await route.handle({ ...request, username, stale: fault?.kind === 'stale' });
    } catch (error) {
      if (error instanceof HttpFailure) return error.answer;
      if (error instanceof RpcFailure) return caused(500, error.message);
      log.error('an HTTP request failed inside the server', { path, error: messageOf(error) });
      return caused(500, messageOf(error));
    }
  }
}

function faultAnswer(fault: Extract<Fault, { kind: 'status' }>, path: string): HttpAnswer {
  const answer = errorPage(fault.status, 'a fault was injected', path);
  if (fault.retryAfterSeconds === undefined) return answer;
  return { ...answer, headers: { 'retry-after': String(fault.retryAfterSeconds) } };
}

function notFound(generation: Generation, method: string, path: string): HttpAnswer {
  const message = generation === '3.1' ? `No endpoint ${method} ${contextPath}${path}.` : 'No message available';
  return errorPage(404, message, path);
}

function wrongMethod(generation: Generation, method: string, path: string): HttpAnswer {
  if (generation === '2.3') return caused(500, `Request method '${method}' not supported`);
  return errorPage(405, `Method '${method}' is not supported.`, path);
}

/** Undefined when it is too long. */
async function readBody(incoming: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return undefined;
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parametersOf(incoming: IncomingMessage, body: string): Record<string, string> {
  if (body === '') return {};
  if (!(incoming.headers['content-type'] ?? '').startsWith('application/json')) {
    return Object.fromEntries(new URLSearchParams(body));
  }
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null) return {};
    const entries = Object.entries(parsed).filter(([, value]) => value !== null && value !== undefined);
    return Object.fromEntries(
      entries.map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
    );
  } catch {
    return {};
  }
}

function headersOf(incoming: IncomingMessage): Record<string, string | undefined> {
  const entries = Object.entries(incoming.headers);
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]));
}

function clientIpOf(incoming: IncomingMessage): string {
  return (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
}

function reset(incoming: IncomingMessage): void {
  incoming.socket.resetAndDestroy();
}
