/**
 * HTTP requests to the servers of one connection: the server that we are connected to first, then the others.
 *
 * axios speaks, over the connections of an undici agent: a read, of which there is one for each config that changes, takes
 * a third of the processor time that it takes by axios' own way to the wire.
 *
 * This is the one place where their errors are seen. They hold the request with its body (a password, a token), so they
 * end here: what leaves is a BridgeError with the server and a short cause such as ECONNREFUSED, and nothing else. Any
 * HTTP status is an answer. A kept connection that turns out to be closed costs a second attempt, not a failure. Redirects
 * and proxies from the environment are not followed: gRPC would not, either.
 */
import { Axios, type AxiosAdapter } from 'axios';
import { Agent } from 'undici';
import type { Clock } from '../../clock.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import { withDeadline } from './deadline.ts';
import { shortCause } from './response-errors.ts';
import { hostAndPort, httpOrigin, type ServerAddress } from './server-address.ts';

interface HttpTransportOptions {
  readonly servers: readonly ServerAddress[];
  /** Tried first. */
  readonly preferred: () => ServerAddress | undefined;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** Requests are repeated, on another server too, when one cannot be reached, so they must be harmless to repeat. */
interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Below the context path. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Of each server. @default that of the transport */
  readonly timeoutMs?: number;
}

export interface HttpAnswer {
  /** 0 for a status line that is none: some servers write their own error code there. */
  readonly status: number;
  readonly text: string;
  readonly server: ServerAddress;
}

const formType = 'application/x-www-form-urlencoded';

export class HttpTransport {
  readonly #options: HttpTransportOptions;
  readonly #agent: Agent;
  readonly #axios: Axios;
  readonly #closing = new AbortController();

  constructor(options: HttpTransportOptions) {
    this.#options = options;
    const connectTimeout = options.timeoutMs;
    // The time limit of a request is ours.
    this.#agent = new Agent({ allowH2: false, connectTimeout, headersTimeout: 0, bodyTimeout: 0 });
    // Bare, since all defaults are merged into each request; bodies stay the text that they are.
    this.#axios = new Axios({ adapter: over(this.#agent), transformRequest: [], transformResponse: [], headers: {} });
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
    const { clock } = this.#options;
    const { timeoutMs = this.#options.timeoutMs } = request;
    const late = `HTTP ${hostAndPort(server)}: no answer within ${timeoutMs} ms`;
    const signals = [this.#closing.signal, ...(request.signal ? [request.signal] : [])];
    return withDeadline(clock, timeoutMs, late, AbortSignal.any(signals), async (signal) => {
      const attempt = (): Promise<HttpAnswer> => this.#ask(server, request, signal);
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

  async #ask(server: ServerAddress, request: HttpRequest, signal: AbortSignal): Promise<HttpAnswer> {
    const { form, headers, method, path, query } = request;
    const { data, status } = await this.#axios.request<string>({
      method,
      baseURL: httpOrigin(server),
      url: server.contextPath + path,
      params: query && new URLSearchParams(query),
      data: form && new URLSearchParams(form).toString(),
      headers: form ? { ...headers, 'content-type': formType } : headers,
      signal,
    });
    return { status, text: data, server };
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

/** The way of axios to the wire. */
function over(agent: Agent): AxiosAdapter {
  return async (config) => {
    const { baseURL: origin, data: body, headers, method = '', params, signal, url } = config;
    const path = params === undefined ? url : `${url}?${String(params)}`;
    const request = { origin, path, method: method.toUpperCase(), headers: headers.toJSON(), body, signal };
    const answer = await agent.request(request as Parameters<Agent['request']>[0]);
    return { status: answer.statusCode, statusText: '', headers: {}, config, data: await answer.body.text() };
  };
}

function causeOf(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? shortCause(error.message) : 'the request failed');
}

/** By the server, perhaps just when it was used again. */
function wasClosed(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'].includes(codeOf(error) ?? '');
}

/** It tells by its message alone. */
function hasInvalidStatus(error: unknown): boolean {
  const { name, message } = error as Error;
  return name === 'HTTPParserError' && /invalid.*status/i.test(message);
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}
