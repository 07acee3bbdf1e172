/**
 * Requests over the current connection: a slot among the concurrent ones, a deadline, the access token, and one meaning
 * for every kind of failure.
 *
 * Nothing is repeated after it may have been carried out: the one repetition is after a refusal for the token (403), with
 * a new one. A request waits for a connection that is being made, and fails at once when there is none to be had.
 */
import type { Clock } from '../../clock.ts';
import { BridgeError } from '../../errors.ts';
import type { Answer, Connection } from './connection.ts';
import { withDeadline } from './deadline.ts';
import type { JsonObject } from './json-object.ts';
import type { Login } from './login.ts';
import type { NacosMetrics, Operation } from '../metrics.ts';
import { RequestLimiter } from './request-limiter.ts';
import { errorOfAnswer, serverCodes } from './response-errors.ts';

export interface RpcRequest {
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

export interface RpcCallerOptions {
  readonly login: Login;
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
    const { login } = this.#options;
    const connection = request.connection ?? (await this.#options.connected(signal));
    checkAbility(connection, request);
    let token = login.headers();
    let answer = await send(connection, request, token, signal);
    if (isRefused(answer) && (await login.renew(token))) {
      token = login.headers();
      answer = await send(connection, request, token, signal);
    }
    if (isRefused(answer)) throw login.status.authError ?? errorOfAnswer(answer, request.description);
    return this.#meaningOf(answer, request, token);
  }

  #meaningOf(answer: Answer, request: RpcRequest, token: Readonly<Record<string, string>>): JsonObject | undefined {
    if (answer.type !== request.responseType && answer.resultCode === 200) {
      throw new BridgeError('NACOS_FAILED', `${request.description}: Nacos answered with an unexpected ${answer.type}`);
    }
    const isAbsent = answer.type === request.responseType && answer.errorCode === request.absentErrorCode;
    if (answer.resultCode !== 200 && !isAbsent) throw errorOfAnswer(answer, request.description);
    this.#options.login.served(token);
    return isAbsent ? undefined : answer.body;
  }
}

function send(
  connection: Connection,
  request: RpcRequest,
  token: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Answer> {
  return connection.request(request.type, request.body, { ...request.headers, ...token }, signal);
}

function checkAbility(connection: Connection, { ability, description }: RpcRequest): void {
  if (!ability || connection.can(ability.name)) return;
  throw new BridgeError('NACOS_UNSUPPORTED', `${description}: the server lacks ${ability.words}`);
}

function isRefused(answer: Answer): boolean {
  return answer.errorCode === serverCodes.forbidden;
}
