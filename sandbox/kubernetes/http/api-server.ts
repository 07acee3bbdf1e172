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
import type { FaultScript } from '../../fault-script.ts';
import { ApiFailure, reasonOf } from '../api-failure.ts';
import type { ServerCertificate } from '../certificate.ts';
import { discoveryAnswer } from '../discovery/discovery.ts';
import { openApiAnswer } from '../discovery/open-api.ts';
import type { EmbeddedCluster } from '../embedded-cluster.ts';
import { type Answer, failureAnswer, sendAnswer, sendHalf } from './answer.ts';
import { Connections } from './connections.ts';
import { readBody } from './request-object.ts';
import { requireVerb, resourceTarget } from './request-target.ts';
import { ResourceHandler } from './resource-handler.ts';
import { publicAnswer, review } from './server-facts.ts';

export interface ApiServerOptions {
  readonly cluster: EmbeddedCluster;
  readonly certificate: ServerCertificate;
  readonly token: string;
  readonly faults: FaultScript;
  readonly clock: Clock;
  readonly log: Logger;
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
  readonly connections: Connections;
  readonly #options: ApiServerOptions;
  readonly #server: Server;
  readonly #handler: ResourceHandler;
  readonly #tokenDigest: Buffer;

  constructor(options: ApiServerOptions) {
    const { certificate, cluster, clock, token } = options;
    this.#options = options;
    this.#tokenDigest = digest(token);
    this.#handler = new ResourceHandler(cluster, clock);
    this.#server = createServer(
      { cert: certificate.certificate, key: certificate.key, keepAliveTimeout: keepAliveTimeoutMs },
      (request, response) => void this.#serve(request, response),
    );
    this.connections = new Connections(this.#server);
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
    this.connections.resetAll();
    await promise;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort(closed));
    try {
      await this.#answer(request, response, gone);
    } catch (error) {
      if (gone.signal.aborted) return;
      this.#options.log.error('a request to the embedded API server failed', errorFields(error));
      this.connections.reset(request.socket);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, gone: AbortController): Promise<void> {
    const { faults, clock } = this.#options;
    const recognised = await this.#orFailure(() => this.#recognise(request, gone.signal));
    if (!('operation' in recognised)) {
      request.resume();
      return sendAnswer(response, recognised, gone.signal);
    }
    const { operation, run } = recognised;
    const fault = faults.strike(operation);
    if (fault?.kind === 'silence') return;
    if (fault?.kind === 'reset') return this.connections.reset(request.socket);
    if (fault?.kind === 'status') {
      request.resume();
      const { message = 'the fault script answers this request', status, retryAfterSeconds } = fault;
      const failure = new ApiFailure(reasonOf(status), message, { retryAfterSeconds });
      return sendAnswer(response, { ...failureAnswer(failure), status }, gone.signal);
    }
    if (fault?.kind === 'slow') await sleep(clock, fault.delayMs, gone.signal);
    const answer = await this.#orFailure(async () => run(await readBody(request), fault?.kind === 'stale'));
    if (fault?.kind === 'lost-answer') return this.connections.reset(request.socket);
    if (fault?.kind === 'half-answer') {
      await sendHalf(response, answer);
      return this.connections.reset(request.socket);
    }
    const forget = answer.isWatch ? this.connections.addWatch(response, () => gone.abort(closed)) : undefined;
    try {
      await sendAnswer(response, answer, gone.signal);
    } finally {
      forget?.();
    }
  }

  async #orFailure<T>(attempt: () => T | Promise<T>): Promise<T | Answer> {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof ApiFailure) return failureAnswer(error);
      this.#options.log.error('a request to the embedded API server failed', errorFields(error));
      const message = `Internal error occurred: ${error instanceof Error ? error.message : String(error)}`;
      return failureAnswer(new ApiFailure('InternalError', message));
    }
  }

  /** @throws ApiFailure */
  #recognise({ method = 'GET', url = '/', headers }: IncomingMessage, signal: AbortSignal): Recognised {
    const place = URL.parse(url, 'https://localhost');
    if (place === null) throw new ApiFailure('BadRequest', 'the request has no readable path');
    const { pathname: path, searchParams: query } = place;
    const isPublic = method === 'GET' || method === 'HEAD' ? publicAnswer(path) : undefined;
    if (isPublic !== undefined) return { operation: `get ${path}`, run: () => isPublic };
    if (!this.#isKnown(headers.authorization)) throw new ApiFailure('Unauthorized', 'Unauthorized');
    requireOwnUser(headers);
    const target = resourceTarget(path);
    const type = target && this.#options.cluster.types.find(target.group, target.version, target.plural);
    if (type === undefined) {
      const operation = `${method.toLowerCase()} ${path}`;
      return { operation, run: (body) => this.#otherAnswer(method, path, headers, body) };
    }
    const verb = requireVerb(method, target!, query, type);
    const { plural, subresource } = target!;
    return {
      operation: `${verb} ${plural}${subresource === undefined ? '' : `/${subresource}`}`,
      run: (body, isStale) =>
        this.#handler.handle({ verb, type, target: target!, query, headers, body, isStale }, signal),
    };
  }

  /** What describes the API, and the reviews. @throws ApiFailure */
  #otherAnswer(method: string, path: string, headers: IncomingMessage['headers'], body: Buffer): Answer {
    const { types } = this.#options.cluster;
    const answer =
      method === 'POST'
        ? review(path, body, headers['content-type'])
        : (openApiAnswer(types, path) ?? discoveryAnswer(types, path));
    if (answer !== undefined) return answer;
    throw new ApiFailure('NotFound', 'the server could not find the requested resource', {});
  }

  #isKnown(authorization: string | undefined): boolean {
    const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    return token !== undefined && timingSafeEqual(digest(token), this.#tokenDigest);
  }
}

/** Who asks as somebody else must not be answered as the one user. @throws ApiFailure `Forbidden` */
function requireOwnUser(headers: IncomingMessage['headers']): void {
  const name = Object.keys(headers).find((header) => header.startsWith('impersonate-'));
  if (name === undefined) return;
  const header = name.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
  const why = 'the embedded API server knows one user, who may do everything, and nobody to impersonate';
  throw new ApiFailure('Forbidden', `the header ${header} (${String(headers[name])}) is refused: ${why}`);
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
