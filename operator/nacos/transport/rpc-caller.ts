/**
 * Requests over the current connection: a slot among the concurrent ones, a deadline, the access token, and one meaning
 * for every kind of failure.
 *
 * Nothing is repeated after it may have been carried out: the one repetition is after a refusal for the token (403), with
 * a new one. A request waits for a connection that is being made, and fails at once when there is none to be had.
 */
import type { Clock } from '../../clock.ts';
import { BridgeError, isBridgeError } from '../../errors.ts';
import { type Access, type TokenHeaders, type Word, wordOfRefusal } from './access.ts';
import type { Answer, Connection } from './connection.ts';
import { withDeadline } from './deadline.ts';
import type { JsonObject } from './json-object.ts';
import type { NacosMetrics, Operation } from '../metrics.ts';
import { RequestLimiter } from './request-limiter.ts';
import { errorOfAnswer, serverCodes } from './response-errors.ts';

/** One of the messages of the protocol, whoever sends it. */
export interface RpcKind {
  readonly operation: Operation;
  readonly type: string;
  readonly responseType: string;
  /** The error code by which this response type says that there is nothing: the answer is undefined then. */
  readonly absentErrorCode?: number;
  /** What the server must have announced, and how to say it. */
  readonly ability?: { readonly name: string; readonly words: string };
}

interface RpcOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Where to send it. @default the connection of the moment */
  readonly connection?: Connection;
}

interface RpcCallerOptions {
  readonly access: Access;
  readonly metrics: NacosMetrics;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
  readonly maxConcurrentRequests: number;
  /** @throws CONNECTION_NOT_READY when there is no server to be had. */
  readonly connected: (signal: AbortSignal) => Promise<Connection>;
}

/** A server takes some milliseconds; limits are a second or more. */
const leastAnswerMs = 50;

export class RpcCaller {
  readonly #options: RpcCallerOptions;
  readonly #limiter: RequestLimiter;

  constructor(options: RpcCallerOptions) {
    this.#options = options;
    this.#limiter = new RequestLimiter(options.maxConcurrentRequests);
  }

  /**
   * @param description in words, for messages: 'publish of GROUP/DATAID'.
   * @throws BridgeError; after TIMEOUT and NACOS_UNREACHABLE the server may have carried out the request;
   *   CONNECTION_NOT_READY when the time was over before it could be sent.
   */
  call(
    kind: RpcKind,
    description: string,
    body: JsonObject,
    options: RpcOptions = {},
  ): Promise<JsonObject | undefined> {
    const { clock, metrics, requestTimeoutMs } = this.#options;
    const late = `${description}: no answer within ${requestTimeoutMs} ms`;
    const dueMs = clock.monotonic() + requestTimeoutMs;
    let wasSent = false;
    const call = (within: AbortSignal): Promise<JsonObject | undefined> =>
      this.#limiter.run(async () => {
        const connection = await this.#connectionFor(kind, description, options, within);
        // It would be given up while it is carried out, and nobody would know whether it was.
        if (dueMs - clock.monotonic() < leastAnswerMs) throw this.#neverSent(description);
        wasSent = true;
        return this.#callOn(connection, kind, description, body, options, within);
      }, within);
    return metrics.measure(kind.operation, () =>
      withDeadline(clock, requestTimeoutMs, late, options.signal, call).catch((error: unknown) => {
        throw isBridgeError(error, 'TIMEOUT') && !wasSent ? this.#neverSent(description, error) : error;
      }),
    );
  }

  #neverSent(description: string, cause?: BridgeError): BridgeError {
    const { maxConcurrentRequests, requestTimeoutMs } = this.#options;
    const why = `${maxConcurrentRequests} others were under way or the connection was being made`;
    return new BridgeError(
      'CONNECTION_NOT_READY',
      `${description}: not sent within ${requestTimeoutMs} ms, as ${why}`,
      {
        cause,
      },
    );
  }

  async #connectionFor(
    { ability }: RpcKind,
    description: string,
    { connection: given }: RpcOptions,
    signal: AbortSignal,
  ): Promise<Connection> {
    const connection = given ?? (await this.#options.connected(signal));
    if (!ability || connection.can(ability.name)) return connection;
    throw new BridgeError('NACOS_UNSUPPORTED', `${description}: the server lacks ${ability.words}`);
  }

  async #callOn(
    connection: Connection,
    kind: RpcKind,
    description: string,
    body: JsonObject,
    { headers }: RpcOptions,
    signal: AbortSignal,
  ): Promise<JsonObject | undefined> {
    const send = (token: TokenHeaders): Promise<Answer> =>
      connection.request(kind.type, body, { ...headers, ...token }, signal);
    const answer = await this.#options.access.send(send, (given) => wordOf(given, kind));
    return meaningOf(answer, kind, description);
  }
}

function wordOf(answer: Answer, kind: RpcKind): Word {
  if (answer.errorCode === serverCodes.forbidden) return wordOfRefusal(answer.message);
  return answer.resultCode === 200 || isAbsence(answer, kind) ? 'served' : undefined;
}

/** Undefined when there is nothing. */
function meaningOf(answer: Answer, kind: RpcKind, description: string): JsonObject | undefined {
  if (isAbsence(answer, kind)) return undefined;
  if (answer.resultCode !== 200 || answer.errorCode === serverCodes.forbidden) throw errorOfAnswer(answer, description);
  if (answer.type === kind.responseType) return answer.body;
  throw new BridgeError('NACOS_FAILED', `${description}: Nacos answered with an unexpected ${answer.type}`);
}

function isAbsence(answer: Answer, { absentErrorCode, responseType }: RpcKind): boolean {
  return answer.type === responseType && answer.errorCode === absentErrorCode;
}
