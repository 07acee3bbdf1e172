/**
 * HTTP requests to the servers of one connection: the server that we are connected to first, then the others.
 *
 * Logins go over axios. Reads, one for each config that changes, go over undici, which takes a quarter of the processor
 * time for them.
 *
 * This is the one place where the errors of both are seen. They hold the request with its body (a password, a token), so
 * they end here: what leaves is a BridgeError with the server and a short cause such as ECONNREFUSED, and nothing else.
 * Any HTTP status is an answer. A kept connection that turns out to be closed costs a second attempt, not a failure. Redirects
 * and proxies from the environment are not followed: gRPC would not, either.
 */
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { create as createAxios } from 'axios';
import type { AxiosInstance } from 'axios';
import { Agent as ReadAgent } from 'undici';
import type { Clock } from '../../clock.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import { withDeadline } from './deadline.ts';
import { shortCause } from './response-errors.ts';
import { hostAndPort, httpBase, httpOrigin } from './server-address.ts';
import type { ServerAddress } from './server-address.ts';

export interface HttpTransportOptions {
  readonly servers: readonly ServerAddress[];
  /** Tried first. */
  readonly preferred: () => ServerAddress | undefined;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Requests are repeated, on another server too, when one cannot be reached, so they must be harmless to repeat. */
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
  readonly #agents = { httpAgent: new HttpAgent({ keepAlive: true }), httpsAgent: new HttpsAgent({ keepAlive: true }) };
  readonly #axios: AxiosInstance;
  readonly #reads: ReadAgent;
  readonly #closing = new AbortController();

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    this.#axios = createAxios({
      ...this.#agents,
      proxy: false,
      maxRedirects: 0,
      responseType: 'text',
      // The default parses JSON and, where that fails, silently hands out text.
      transformResponse: (text: unknown) => text,
      validateStatus: () => true,
    });
    const connectTimeout = options.timeoutMs;
    // The time limit of a request is ours.
    this.#reads = new ReadAgent({ allowH2: false, connectTimeout, headersTimeout: 0, bodyTimeout: 0 });
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
      const attempt = (): Promise<HttpAnswer> =>
        request.method === 'GET' ? this.#read(server, request, signal) : this.#post(server, request, signal);
      try {
        return await attempt().catch((error: unknown) => {
          if (!wasClosed(error) || signal.aborted) throw error;
          return attempt();
        });
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (hasInvalidStatus(error)) return { status: 0, text: '', server };
        throw new BridgeError('NACOS_UNREACHABLE', `HTTP ${hostAndPort(server)}: ${causeOf(error)}`);
      }
    });
  }

  async #read(server: ServerAddress, { path, query, headers }: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const origin = httpOrigin(server);
    const search = query === undefined ? '' : `?${new URLSearchParams(query).toString()}`;
    const options = { origin, path: server.contextPath + path + search, method: 'GET', headers, signal } as const;
    const answer = await this.#reads.request(options);
    return { status: answer.statusCode, text: await answer.body.text(), server };
  }

  async #post(server: ServerAddress, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { status, data } = await this.#axios.request<unknown>({
      method: 'POST',
      url: httpBase(server) + request.path,
      params: request.query,
      data: new URLSearchParams(request.form).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded', ...request.headers },
      signal,
    });
    return { status, text: typeof data === 'string' ? data : '', server };
  }

  /** Gives up what is under way. */
  close(): void {
    this.#closing.abort(new BridgeError('ABORTED', 'the client was stopped'));
    this.#agents.httpAgent.destroy();
    this.#agents.httpsAgent.destroy();
    void this.#reads.destroy();
  }

  #order(): readonly ServerAddress[] {
    const { preferred, servers } = this.#options;
    const first = preferred();
    return first ? [first, ...servers.filter((server) => server !== first)] : servers;
  }
}

function causeOf(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? shortCause(error.message) : 'the request failed');
}

/** By the server, perhaps just when it was used again. */
function wasClosed(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(error) ?? '');
}

/** undici tells by its message alone. */
function hasInvalidStatus(error: unknown): boolean {
  const { name, message } = error as Error;
  return codeOf(error) === 'HPE_INVALID_STATUS' || (name === 'HTTPParserError' && /invalid.*status/i.test(message));
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
