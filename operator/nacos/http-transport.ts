/**
 * HTTP requests to the servers of one connection: the server that we are connected to first, then the others.
 *
 * What leaves of a failure is a BridgeError with the server and a short cause such as ECONNREFUSED, and nothing else: no
 * body (a password) and no header (a token). Any HTTP status is an answer. A kept connection that turns out to be closed
 * costs a second attempt, not a failure. Redirects and proxies from the environment are not followed: gRPC would not, either.
 */
import { Agent, errors } from 'undici';
import type { Clock } from '../clock.ts';
import { BridgeError, isBridgeError } from '../errors.ts';
import { withDeadline } from './deadline.ts';
import { shortCause } from './response-errors.ts';
import { hostAndPort, httpBase } from './server-address.ts';
import type { ServerAddress } from './server-address.ts';

export interface HttpTransportOptions {
  readonly servers: readonly ServerAddress[];
  /** Tried first. */
  readonly preferred: () => ServerAddress | undefined;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Requests are repeated, on another server, too, when one cannot be reached: they must be harmless to repeat. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Below the context path. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface HttpAnswer {
  /** 0 for a status line that is none: some servers write their own error code there. */
  readonly status: number;
  readonly text: string;
  readonly server: ServerAddress;
}

export class HttpTransport {
  readonly #options: HttpTransportOptions;
  readonly #agent = new Agent({ allowH2: false });
  readonly #closing = new AbortController();

  constructor(options: HttpTransportOptions) {
    this.#options = options;
  }

  /** @throws NACOS_UNREACHABLE naming every server and its cause; ABORTED. */
  async send(request: HttpRequest): Promise<HttpAnswer> {
    const causes: string[] = [];
    for (const server of this.#order()) {
      try {
        return await this.sendTo(server, request);
      } catch (error) {
        if (isBridgeError(error, 'ABORTED')) throw error;
        causes.push((error as BridgeError).message);
      }
    }
    throw new BridgeError('NACOS_UNREACHABLE', causes.join('; '));
  }

  /** @throws NACOS_UNREACHABLE, TIMEOUT, ABORTED. */
  sendTo(server: ServerAddress, request: HttpRequest): Promise<HttpAnswer> {
    const { clock, timeoutMs } = this.#options;
    const late = `HTTP ${hostAndPort(server)}: no answer within ${timeoutMs} ms`;
    const signals = [this.#closing.signal, ...(request.signal ? [request.signal] : [])];
    return withDeadline(clock, timeoutMs, late, AbortSignal.any(signals), async (signal) => {
      const attempt = (): Promise<HttpAnswer> => this.#request(server, request, signal);
      try {
        return await attempt().catch((error: unknown) =>
          wasClosed(error) && !signal.aborted ? attempt() : rethrow(error),
        );
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (isNoStatus(error)) return { status: 0, text: '', server };
        throw new BridgeError('NACOS_UNREACHABLE', `HTTP ${hostAndPort(server)}: ${causeOf(error)}`);
      }
    });
  }

  async #request(server: ServerAddress, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { method, path, query, form } = request;
    const { origin, pathname } = new URL(httpBase(server) + path);
    const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
    const type = form && { 'content-type': 'application/x-www-form-urlencoded' };
    const { statusCode, body } = await this.#agent.request({
      origin,
      path: pathname + search,
      method,
      headers: { ...type, ...request.headers },
      body: form && new URLSearchParams(form).toString(),
      signal,
    });
    return { status: statusCode, text: await body.text(), server };
  }

  /** Gives up what is under way. */
  close(): void {
    this.#closing.abort(new BridgeError('ABORTED', 'the client was stopped'));
    void this.#agent.destroy();
  }

  #order(): readonly ServerAddress[] {
    const { preferred, servers } = this.#options;
    const first = preferred();
    return first ? [first, ...servers.filter((server) => server !== first)] : servers;
  }
}

/** Codes of Node.js say it best; those of the HTTP client are in no language for people. */
function causeOf(error: unknown): string {
  const code = codeOf(error);
  if (code !== undefined && !code.startsWith('UND_')) return code;
  return error instanceof Error ? shortCause(error.message) : 'the request failed';
}

/** The parser has no code for it. */
function isNoStatus(error: unknown): boolean {
  return error instanceof errors.HTTPParserError && error.message.includes('Invalid response status');
}

/** The server has closed a connection, perhaps just when it was used again. */
function wasClosed(error: unknown): boolean {
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(error) ?? '');
}

function rethrow(error: unknown): never {
  throw error;
}

function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
