/**
 * The HTTP side of the embedded server: reads requests, checks the token, finds the handler, and does what faults say.
 *
 * Guarantees: parameters are taken from query and form alike, as UTF-8 whatever charset a client names; a path that is not
 * there is said to be left out.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Clock } from '../../operator/clock.ts';
import { sleep } from '../../operator/clock.ts';
import { messageOf } from '../../operator/errors.ts';
import type { Logger } from '../../operator/logger.ts';
import type { Fault, FaultScript } from '../fault-script.ts';
import type { Generation } from './generation.ts';
import type { HttpAnswer, HttpRequest, HttpRoutes } from './http-routes.ts';
import type { Accounts } from './login.ts';
import { leftOutText, Refusal } from './refusal.ts';

export interface NacosHttpServerOptions {
  readonly generation: Generation;
  readonly routes: HttpRoutes;
  /** Those that need no login. */
  readonly openRoutes: HttpRoutes;
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

  constructor(options: NacosHttpServerOptions) {
    this.#options = options;
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
    const form = await readBody(incoming);
    if (form === undefined) return void incoming.socket.destroy();
    const url = new URL(incoming.url ?? '/', 'http://nacos');
    const path = url.pathname.startsWith(`${contextPath}/`) ? url.pathname.slice(contextPath.length) : url.pathname;
    const operation = `${incoming.method ?? 'GET'} ${path}`;
    const { clock, faults } = this.#options;
    const fault = faults.strike(operation);
    if (fault?.kind === 'silence') return;
    if (fault?.kind === 'reset') return reset(incoming);
    if (fault?.kind === 'slow') await sleep(clock, fault.delayMs);
    const answer = await this.#answer(operation, fault, {
      parameters: { ...Object.fromEntries(url.searchParams), ...Object.fromEntries(new URLSearchParams(form)) },
      headers: headersOf(incoming),
      clientIp: (incoming.socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
      stale: fault?.kind === 'stale',
    });
    if (fault?.kind === 'lost-answer') return reset(incoming);
    const isText = typeof answer.body === 'string';
    const bytes = Buffer.from(isText ? answer.body : JSON.stringify(answer.body));
    response.writeHead(answer.status ?? 200, {
      'content-type': isText ? 'text/plain;charset=UTF-8' : 'application/json',
      'content-length': bytes.length,
      ...answer.headers,
    });
    if (fault?.kind !== 'half-answer') return void response.end(bytes);
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => reset(incoming));
  }

  async #answer(
    operation: string,
    fault: Fault | undefined,
    request: Omit<HttpRequest, 'username'>,
  ): Promise<HttpAnswer> {
    if (fault?.kind === 'status') return faultAnswer(fault);
    const { accounts, generation, log, openRoutes, routes } = this.#options;
    const openHandler = openRoutes[operation];
    const handler = openHandler ?? routes[operation];
    if (!handler) return { status: 404, body: { message: leftOutText(operation) } };
    const { headers, parameters } = request;
    const { username, password, accessToken } = parameters;
    const token = headers['accesstoken'] || accessToken || headers['authorization'];
    try {
      const user = openHandler ? undefined : accounts.identify({ token, username, password });
      return await handler({ ...request, username: user });
    } catch (error) {
      if (error instanceof Refusal) return refused(error, operation, generation);
      log.error('an HTTP request failed inside the server', { operation, error: messageOf(error) });
      return { status: 500, body: messageOf(error) };
    }
  }
}

/** v3 has its frame, and the others say it as text. */
function refused({ codes, kind, message }: Refusal, operation: string, generation: Generation): HttpAnswer {
  const { code, status } = codes;
  if (operation.includes(' /v3/')) return { status, body: { code, message: kind, data: message } };
  return { status, body: generation === '3.1' ? message : `caused: ${message};` };
}

function faultAnswer({ message, retryAfterSeconds, status }: Extract<Fault, { kind: 'status' }>): HttpAnswer {
  const headers: Record<string, string> = {};
  if (retryAfterSeconds !== undefined) headers['retry-after'] = String(retryAfterSeconds);
  return { status, headers, body: { message: message ?? 'a fault was injected' } };
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

function headersOf({ headers }: IncomingMessage): Record<string, string | undefined> {
  const entries = Object.entries(headers);
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value]));
}

function reset(incoming: IncomingMessage): void {
  incoming.socket.resetAndDestroy();
}
