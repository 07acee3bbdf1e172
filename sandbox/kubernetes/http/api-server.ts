/**
 * The HTTPS server of the embedded API: who may ask, what is asked, which fault strikes, and the answer.
 *
 * Guarantees: a request that fails is answered by a Status object; a handler that breaks answers 500 and ends nothing else;
 * after `close` no socket is left.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type Clock, sleep } from '../../../operator/clock.ts';
import { errorFields, type Logger } from '../../../operator/logger.ts';
import type { Fault, FaultScript } from '../../fault-script.ts';
import { ApiFailure } from '../api-failure.ts';
import type { ServerCertificate } from '../certificate.ts';
import type { EmbeddedCluster } from '../embedded-cluster.ts';
import type { ResourceType, Verb } from '../resource-type.ts';
import { type Answer, failureAnswer, textAnswer } from './answer.ts';
import { sendAnswer, sendHalf } from './answer-sender.ts';
import { Connections } from './connections.ts';
import { documentAnswer } from './documents.ts';
import { OpenWatches, type WatchBreak } from './open-watches.ts';
import { isTrue } from './query.ts';
import { readBody } from './request-body.ts';
import { type ResourceTarget, resourceTarget } from './request-target.ts';
import { ResourceHandler } from './resource-handler.ts';
import { review } from './reviews.ts';
import { publicAnswer } from './server-facts.ts';

export interface ApiServerOptions {
  readonly cluster: EmbeddedCluster;
  readonly certificate: ServerCertificate;
  readonly token: string;
  readonly faults: FaultScript;
  readonly clock: Clock;
  readonly log: Logger;
  readonly bookmarkIntervalMs: number;
}

/** A request that was recognised: what it is called in fault scripts, and how it is carried out. */
interface Recognised {
  readonly operation: string;
  readonly run: (body: Buffer, isStale: boolean) => Promise<Answer> | Answer;
}

/** One for all: to make an error for each request costs more than many a request. */
const closed = new Error('the connection is closed');

/** Longer than clients keep idle connections, so that none is closed under a request. */
const keepAliveTimeoutMs = 120_000;

export class ApiServer {
  readonly watches = new OpenWatches();
  readonly #options: ApiServerOptions;
  readonly #server: Server;
  readonly #connections: Connections;
  readonly #handler: ResourceHandler;
  #tokenDigest: Buffer;

  constructor(options: ApiServerOptions) {
    const { certificate, cluster, clock } = options;
    this.#options = options;
    this.#tokenDigest = digest(options.token);
    this.#handler = new ResourceHandler(cluster, clock);
    this.#server = createServer(
      { cert: certificate.certificate, key: certificate.key, keepAliveTimeout: keepAliveTimeoutMs },
      (request, response) => void this.#serve(request, response),
    );
    this.#connections = new Connections(this.#server);
    // A client that does not trust the certificate, or goes away at once.
    this.#server.on('tlsClientError', () => {});
  }

  /** Returns the port. Rejects with the system's error when the address cannot be bound. */
  async listen(port: number, host: string): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    this.#server.listen(port, host, resolve);
    await promise;
    this.#server.off('error', reject);
    return (this.#server.address() as AddressInfo).port;
  }

  /** Cuts all connections. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#connections.resetAll();
    await promise;
  }

  /** From now on only this token is accepted. */
  replaceToken(token: string): void {
    this.#tokenDigest = digest(token);
  }

  /** Returns how many watches were open. */
  breakWatches(how: WatchBreak): number {
    return this.watches.break(how, ({ socket }) => socket && this.#connections.reset(socket));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort(closed));
    try {
      await this.#answer(request, response, gone);
    } catch (error) {
      if (gone.signal.aborted) return;
      this.#options.log.error('a request to the embedded API server failed', errorFields(error));
      this.#connections.reset(request.socket);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, gone: AbortController): Promise<void> {
    const recognised = this.#attempt(() => this.#recognise(request, gone.signal));
    if (!('operation' in recognised)) {
      request.resume();
      return sendAnswer(response, recognised, gone.signal);
    }
    const fault = this.#options.faults.strike(recognised.operation);
    if (fault?.kind === 'silence') return;
    if (fault?.kind === 'reset') return this.#connections.reset(request.socket);
    if (fault?.kind === 'status') {
      request.resume();
      return sendAnswer(response, statusAnswer(fault), gone.signal);
    }
    if (fault?.kind === 'slow') await sleep(this.#options.clock, fault.delayMs, gone.signal);
    const answer = await this.#carryOut(request, recognised, fault?.kind === 'stale');
    if (fault?.kind === 'lost-answer') return this.#connections.reset(request.socket);
    if (fault?.kind === 'half-answer') {
      await sendHalf(response, answer);
      return this.#connections.reset(request.socket);
    }
    if (!answer.isWatch) return sendAnswer(response, answer, gone.signal);
    const forget = this.watches.add(response, () => gone.abort(closed));
    try {
      await sendAnswer(response, answer, gone.signal);
    } finally {
      forget();
    }
  }

  async #carryOut(request: IncomingMessage, { run }: Recognised, isStale: boolean): Promise<Answer> {
    try {
      return await run(await readBody(request), isStale);
    } catch (error) {
      return this.#failure(error);
    }
  }

  #attempt<T>(attempt: () => T): T | Answer {
    try {
      return attempt();
    } catch (error) {
      return this.#failure(error);
    }
  }

  #failure(error: unknown): Answer {
    if (error instanceof ApiFailure) return failureAnswer(error);
    this.#options.log.error('a request to the embedded API server failed', errorFields(error));
    const message = `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`;
    return failureAnswer(new ApiFailure('InternalError', message));
  }

  /** @throws ApiFailure */
  #recognise(request: IncomingMessage, signal: AbortSignal): Recognised | Answer {
    const { method = 'GET', url = '/', headers } = request;
    const target = URL.parse(url, 'https://localhost');
    if (target === null) throw new ApiFailure('BadRequest', 'the request has no readable path');
    const { pathname: path, searchParams: query } = target;
    const isPublic = publicAnswer(path);
    if (isPublic !== undefined && (method === 'GET' || method === 'HEAD')) {
      return { operation: `get ${path}`, run: () => isPublic };
    }
    if (!this.#isKnown(headers.authorization)) throw new ApiFailure('Unauthorized', 'Unauthorized');
    const resource = resourceTarget(path);
    const type = resource && this.#options.cluster.types.find(resource.group, resource.version, resource.plural);
    if (type === undefined) return this.#otherPath(method, path, headers);
    const verb = requireVerb(method, resource!, query, type);
    const { plural, subresource } = resource!;
    const operation = `${verb} ${plural}${subresource === undefined ? '' : `/${subresource}`}`;
    const { clock, bookmarkIntervalMs } = this.#options;
    const surroundings = {
      clock,
      bookmarkIntervalMs,
      signal,
      onBookmarkRequest: (listener: () => void) => this.watches.onBookmarkRequest(listener),
    };
    return {
      operation,
      run: (body, isStale) =>
        this.#handler.handle({ verb, type, target: resource!, query, headers, body, isStale }, surroundings),
    };
  }

  #otherPath(method: string, path: string, headers: IncomingMessage['headers']): Recognised {
    const { cluster } = this.#options;
    return {
      operation: `${method.toLowerCase()} ${path}`,
      run: (body) => {
        const answer =
          method === 'POST'
            ? review(path, body, headers['content-type'])
            : documentAnswer(cluster.types, path, headers.accept);
        if (answer !== undefined) return answer;
        if (!this.#hasGroupOf(path)) return textAnswer('404 page not found\n', 404);
        throw new ApiFailure('NotFound', 'the server could not find the requested resource', {});
      },
    };
  }

  #hasGroupOf(path: string): boolean {
    const target = resourceTarget(path);
    const types = this.#options.cluster.types.list();
    return types.some(({ group, version }) => group === target?.group && version === target.version);
  }

  #isKnown(authorization: string | undefined): boolean {
    const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    return token !== undefined && timingSafeEqual(digest(token), this.#tokenDigest);
  }
}

/** @throws ApiFailure `MethodNotAllowed` */
function requireVerb(method: string, target: ResourceTarget, query: URLSearchParams, type: ResourceType): Verb {
  const verb = verbOf(method, target, query);
  const { subresource, namespace, name } = target;
  const isOfAllNamespaces = type.namespaced && namespace === undefined;
  const fits = !isOfAllNamespaces || (name === undefined && (verb === 'list' || verb === 'watch'));
  const onSubresource = verb === 'get' || verb === 'update' || verb === 'patch';
  if (verb !== undefined && fits && (subresource === undefined ? type.verbs.includes(verb) : onSubresource))
    return verb;
  throw new ApiFailure('MethodNotAllowed', 'the server does not allow this method on the requested resource', {});
}

function verbOf(method: string, { name }: ResourceTarget, query: URLSearchParams): Verb | undefined {
  const isOne = name !== undefined;
  switch (method) {
    case 'GET':
      if (isTrue(query.get('watch'))) return 'watch';
      return isOne ? 'get' : 'list';
    case 'POST':
      return isOne ? undefined : 'create';
    case 'PUT':
      return isOne ? 'update' : undefined;
    case 'PATCH':
      return isOne ? 'patch' : undefined;
    case 'DELETE':
      return isOne ? 'delete' : 'deletecollection';
    default:
      return undefined;
  }
}

function statusAnswer({ status, retryAfterSeconds }: Extract<Fault, { kind: 'status' }>): Answer {
  const reasons: Readonly<Record<number, string>> = {
    401: 'Unauthorized',
    403: 'Forbidden',
    404: 'NotFound',
    409: 'Conflict',
    410: 'Expired',
    429: 'TooManyRequests',
    500: 'InternalError',
    503: 'ServiceUnavailable',
    504: 'Timeout',
  };
  return {
    status,
    headers: retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) },
    body: JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'the fault script answers this request',
      reason: reasons[status],
      details: retryAfterSeconds === undefined ? undefined : { retryAfterSeconds },
      code: status,
    }),
  };
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
