/**
 * Requests over the current connection: a slot among the concurrent ones, a deadline, the access token, and one meaning
 * for every kind of failure.
 *
 * Nothing is repeated after it may have been carried out: the one repetition is after a refusal for the token (403), with
 * a new one. A request waits for a connection that is being made, and fails at once when there is none to be had.
 */
import type { Clock } from '../../clock.ts';
import { BridgeError } from '../../errors.ts';
import type { Access, TokenHeaders, Word } from './access.ts';
import type { Answer, Connection } from './connection.ts';
import { withDeadline } from './deadline.ts';
import type { JsonObject } from './json-object.ts';
import type { NacosMetrics, Operation } from '../metrics.ts';
import { RequestLimiter } from './request-limiter.ts';
import { errorOfAnswer, serverCodes } from './response-errors.ts';

interface RpcRequest {
  readonly operation: Operation;
  /** In words, for messages: 'publish of GROUP/DATAID'. */
  readonly description: string;
  readonly type: string;
  readonly responseType: string;
  readonly body: JsonObject;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** The error code by which this response type says that there is nothing: the answer is undefined then. */
  readonly absentErrorCode?: number;
  /** Where to send it. @default the connection of the moment */
  readonly connection?: Connection;
  /** What the server must have announced, and how to say it. */
  readonly ability?: { readonly name: string; readonly words: string };
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

export class RpcCaller {
  readonly #options: RpcCallerOptions;
  readonly #limiter: RequestLimiter;

  constructor(options: RpcCallerOptions) {
    this.#options = options;
    this.#limiter = new RequestLimiter(options.maxConcurrentRequests);
  }

  /** @throws BridgeError; after TIMEOUT and NACOS_UNREACHABLE the server may have carried out the request. */
  call(request: RpcRequest): Promise<JsonObject | undefined> {
    const { clock, metrics, requestTimeoutMs } = this.#options;
    const late = `${request.description}: no answer within ${requestTimeoutMs} ms`;
    return metrics.measure(request.operation, () =>
      withDeadline(clock, requestTimeoutMs, late, request.signal, (within) =>
        this.#limiter.run(() => this.#callNow(request, within), within),
      ),
    );
  }

  async #callNow(request: RpcRequest, signal: AbortSignal): Promise<JsonObject | undefined> {
    const { access, connected } = this.#options;
    const connection = request.connection ?? (await connected(signal));
    checkAbility(connection, request);
    const { body, headers, type } = request;
    const send = (token: TokenHeaders): Promise<Answer> =>
      connection.request(type, body, { ...headers, ...token }, signal);
    const answer = await access.send(send, (given) => wordOf(given, request));
    return meaningOf(answer, request);
  }
}

function wordOf(answer: Answer, request: RpcRequest): Word {
  if (answer.errorCode === serverCodes.forbidden) return 'refused';
  return answer.resultCode === 200 || isAbsence(answer, request) ? 'served' : undefined;
}

/** Undefined when there is nothing. */
function meaningOf(answer: Answer, request: RpcRequest): JsonObject | undefined {
  if (isAbsence(answer, request)) return undefined;
  const { description, responseType } = request;
  if (answer.resultCode !== 200 || answer.errorCode === serverCodes.forbidden) throw errorOfAnswer(answer, description);
  if (answer.type === responseType) return answer.body;
  throw new BridgeError('NACOS_FAILED', `${description}: Nacos answered with an unexpected ${answer.type}`);
}

function isAbsence(answer: Answer, { absentErrorCode, responseType }: RpcRequest): boolean {
  return answer.type === responseType && answer.errorCode === absentErrorCode;
}

function checkAbility(connection: Connection, { ability, description }: RpcRequest): void {
  if (!ability || connection.can(ability.name)) return;
  throw new BridgeError('NACOS_UNSUPPORTED', `${description}: the server lacks ${ability.words}`);
}
