/**
 * The connection to one API server: requests, watches, and nothing that knows what the objects mean.
 *
 * Guarantees: every failure is a BridgeError made in api-errors.ts; a request ends within its time limit or when its
 * signal is aborted; at most `maxConnections` calls are under way, the others queue; watches never use that bound up.
 * Reads and server-side applies are tried again a few times when the server asks for it (429 or 5xx with Retry-After)
 * or a kept connection turns out dead; creates, patches and deletes are sent once.
 */
import type { Dispatcher } from 'undici';
import { sleep } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { BridgeError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { ApiError, answerError, operationOf, transportError } from './api-errors.ts';
import { loadClusterAccess } from './cluster-access.ts';
import type { ClusterAccess } from './cluster-access.ts';
import { ConnectionPools } from './connection-pools.ts';
import { CredentialCache } from './credential-cache.ts';
import type { KubeMetrics } from './metrics.ts';
import { openWatch } from './watch-stream.ts';
import type { WatchStream } from './watch-stream.ts';

export interface KubeClientOptions {
  readonly userAgent: string;
  /** The limit of a call, its queueing included, and of opening a watch. */
  readonly requestTimeoutMs: number;
  /** How many calls may be under way at once. */
  readonly maxConnections: number;
  readonly metrics: KubeMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

export type QueryParameters = Readonly<Record<string, string | number | boolean | undefined>>;

export interface KubeRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Absolute, without the query. */
  readonly path: string;
  readonly query?: QueryParameters;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
  /** @default application/json */
  readonly accept?: string;
  /** @default requestTimeoutMs of the client */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface KubeWatchRequest {
  readonly path: string;
  /** `watch=true` is added. */
  readonly query?: QueryParameters;
  readonly accept?: string;
  readonly signal: AbortSignal;
}

export const applyContentType = 'application/apply-patch+yaml';

/** Attempts in all, and the longest pause between them that a caller is made to wait for here. */
const maxAttempts = 4;
const maxPauseMs = 10_000;

export class KubeClient {
  readonly server: string;
  readonly defaultNamespace: string;
  readonly #options: KubeClientOptions;
  readonly #credentials: CredentialCache;
  readonly #pools: ConnectionPools;
  readonly #origin: string;
  readonly #host: string;
  readonly #pathPrefix: string;

  constructor(access: ClusterAccess, options: KubeClientOptions) {
    const { clock, log, maxConnections, requestTimeoutMs } = options;
    const url = new URL(access.server);
    this.server = access.server;
    this.defaultNamespace = access.defaultNamespace;
    this.#options = options;
    this.#credentials = new CredentialCache(access, clock, log);
    this.#pools = new ConnectionPools({
      proxyUrl: access.proxyUrl,
      maxConnections,
      connectTimeoutMs: requestTimeoutMs,
    });
    this.#origin = url.origin;
    this.#host = url.host;
    this.#pathPrefix = url.pathname.replace(/\/+$/, '');
  }

  /** From a kubeconfig file, or from where `loadClusterAccess` looks by default. Takes most of a second. */
  static load(options: KubeClientOptions & { readonly kubeconfig?: string }): KubeClient {
    return new KubeClient(loadClusterAccess(options.kubeconfig), options);
  }

  /** The parsed answer. Throws ApiError for answers that are not 2xx, BridgeError for everything else. */
  async request<T>(request: KubeRequest): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#once<T>(request);
      } catch (error) {
        const pauseMs = attempt < maxAttempts ? pauseBeforeRetry(request, error, attempt) : undefined;
        if (pauseMs === undefined) throw error;
        await sleep(this.#options.clock, pauseMs, request.signal);
      }
    }
  }

  /** Resolves when the server has accepted the watch. The stream ends with the signal, by the server, or by `close`. */
  async watch(request: KubeWatchRequest): Promise<WatchStream> {
    const operation = operationOf('GET', request.path, true);
    const startMs = this.#options.clock.monotonic();
    const controller = new AbortController();
    const opening = this.#deadline(this.#options.requestTimeoutMs, controller, request.signal);
    let code = '<error>';
    try {
      const { headers, pools } = await this.#prepare(request.accept);
      const answer = await pools.watches.request({
        origin: this.#origin,
        path: this.#path(request.path, { ...request.query, watch: true }),
        method: 'GET',
        headers,
        signal: controller.signal,
      });
      code = String(answer.statusCode);
      if (answer.statusCode !== 200) throw await this.#refusal(answer, operation);
      opening.disarm();
      return openWatch(answer.body, controller, request.signal, (error) =>
        transportError(error, this.#host, operation),
      );
    } catch (error) {
      opening.disarm();
      throw opening.reason ?? transportError(error, this.#host, operation);
    } finally {
      this.#measure('GET', code, startMs);
    }
  }

  async close(): Promise<void> {
    await this.#pools.close();
  }

  async #once<T>(request: KubeRequest): Promise<T> {
    const operation = operationOf(request.method, request.path);
    const startMs = this.#options.clock.monotonic();
    const controller = new AbortController();
    const timeoutMs = request.timeoutMs ?? this.#options.requestTimeoutMs;
    const deadline = this.#deadline(timeoutMs, controller, request.signal);
    let code = '<error>';
    try {
      const { headers, pools } = await this.#prepare(request.accept);
      if (request.body !== undefined) headers['Content-Type'] = request.contentType ?? 'application/json';
      const answer = await pools.calls.request({
        origin: this.#origin,
        path: this.#path(request.path, request.query),
        method: request.method,
        headers,
        body: request.body === undefined ? undefined : JSON.stringify(request.body),
        signal: controller.signal,
      });
      code = String(answer.statusCode);
      if (answer.statusCode < 200 || answer.statusCode > 299) throw await this.#refusal(answer, operation);
      return (await answer.body.json()) as T;
    } catch (error) {
      throw deadline.reason ?? transportError(error, this.#host, operation);
    } finally {
      deadline.disarm();
      this.#measure(request.method, code, startMs);
    }
  }

  async #prepare(accept = 'application/json'): Promise<{
    headers: Record<string, string>;
    pools: { calls: Dispatcher; watches: Dispatcher };
  }> {
    const credentials = await this.#credentials.get();
    const headers = { ...credentials.headers, Accept: accept, 'User-Agent': this.#options.userAgent };
    return { headers, pools: this.#pools.for(credentials.tls) };
  }

  #path(path: string, query: QueryParameters = {}): string {
    const parameters = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) parameters.set(name, String(value));
    }
    const search = parameters.toString();
    return `${this.#pathPrefix}${path}${search && `?${search}`}`;
  }

  async #refusal(answer: Dispatcher.ResponseData, operation: ReturnType<typeof operationOf>): Promise<ApiError> {
    const retryAfter = answer.headers['retry-after'];
    return answerError({
      httpStatus: answer.statusCode,
      body: await answer.body.text(),
      retryAfter: Array.isArray(retryAfter) ? retryAfter[0] : retryAfter,
      operation,
      nowMs: this.#options.clock.now(),
    });
  }

  /** Aborts `controller` after `timeoutMs` or with `signal`; `reason` then says which of the two it was. */
  #deadline(timeoutMs: number, controller: AbortController, signal?: AbortSignal): Deadline {
    const end = (error: BridgeError) => {
      deadline.reason ??= error;
      controller.abort(error);
    };
    const aborted = () => end(new BridgeError('ABORTED', 'the request was given up'));
    const timer = this.#options.clock.after(timeoutMs, () =>
      end(new BridgeError('KUBE_UNAVAILABLE', `no answer from ${this.#host} within ${timeoutMs} ms`)),
    );
    const deadline: Deadline = {
      disarm: () => {
        timer.cancel();
        signal?.removeEventListener('abort', aborted);
      },
    };
    if (signal?.aborted) aborted();
    else signal?.addEventListener('abort', aborted, { once: true });
    return deadline;
  }

  #measure(method: string, code: string, startMs: number): void {
    const seconds = (this.#options.clock.monotonic() - startMs) / 1000;
    this.#options.metrics.requested({ method, host: this.#host, code, seconds });
  }
}

interface Deadline {
  reason?: BridgeError;
  disarm(): void;
}

/** Milliseconds to wait before the request is sent once more, or undefined when it must not be. */
function pauseBeforeRetry(request: KubeRequest, error: unknown, attempt: number): number | undefined {
  const idempotent = request.method === 'GET' || request.contentType === applyContentType;
  if (!idempotent || !(error instanceof BridgeError) || error.code !== 'KUBE_UNAVAILABLE') return undefined;
  if (!(error instanceof ApiError)) return attempt === 1 && closedWhileIdle(error) ? 0 : undefined;
  return error.retryAfterMs !== undefined && error.retryAfterMs <= maxPauseMs ? error.retryAfterMs : undefined;
}

/** The server (or something between) closed a kept connection just when it was used again. */
function closedWhileIdle(error: BridgeError): boolean {
  const code = (error.cause as { code?: unknown } | undefined)?.code;
  return code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' || code === 'EPIPE';
}
