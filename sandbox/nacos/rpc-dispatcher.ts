/**
 * The way of a unary request to its handler and of the outcome to the answer, with the checks that every request passes
 * first, in the order of the real server: no handler, no registration, unreadable, no right.
 */
import type { Payload } from '../../operator/nacos/index.ts';
import { leftOutText, Refusal } from './refusal.ts';
import { parseObject } from './rpc.ts';
import type { Json, RpcConnection, RpcHandler, RpcPart } from './rpc.ts';

export interface RpcAnswer {
  readonly type: string;
  readonly body: Json;
}

export interface RpcDispatcherOptions {
  readonly parts: readonly RpcPart[];
  /** Who sends it, undefined when authentication is off. @throws Refusal */
  readonly identify: (headers: Readonly<Record<string, string>>) => string | undefined;
}

const codes = { unregistered: 301, noHandler: 302, badGateway: 502 } as const;
/** Needs no login. */
const healthCheck = 'HealthCheckRequest';
/** The others are called as the request is. */
const answerTypes: Readonly<Record<string, string | undefined>> = {
  ConfigBatchListenRequest: 'ConfigChangeBatchListenResponse',
  PersistentInstanceRequest: 'InstanceResponse',
  ServiceQueryRequest: 'QueryServiceResponse',
};

export class RpcDispatcher {
  readonly #identify: RpcDispatcherOptions['identify'];
  readonly #handlers: ReadonlyMap<string, RpcHandler>;

  constructor({ identify, parts }: RpcDispatcherOptions) {
    this.#identify = identify;
    const handlers = [{ [healthCheck]: () => ({}) }, ...parts.map((part) => part.handlers)];
    this.#handlers = new Map(handlers.flatMap((each) => Object.entries(each)));
  }

  answer({ body: text, headers, type }: Payload, connection: RpcConnection | undefined, stale: boolean): RpcAnswer {
    const handler = this.#handlers.get(type);
    if (!handler) return errorResponse(codes.noHandler, leftOutText(type));
    if (!connection) return errorResponse(codes.unregistered, 'Connection is unregistered.');
    const body = parseObject(text);
    if (!body) return errorResponse(codes.badGateway, 'the request is no JSON object');
    try {
      const username = type === healthCheck ? undefined : this.#identify(headers);
      return succeeded(type, handler({ body, connection, username, stale }));
    } catch (error) {
      if (error instanceof Refusal) return refused(type, error);
      throw error;
    }
  }
}

export function succeeded(requestType: string, fields: Json): RpcAnswer {
  return { type: answerTypeOf(requestType), body: { resultCode: 200, errorCode: 0, ...fields, success: true } };
}

/** A failure that has nothing to do with the kind of the request. */
export function errorResponse(errorCode: number, message: string, resultCode = 500): RpcAnswer {
  return { type: 'ErrorResponse', body: { resultCode, errorCode, message, success: false } };
}

function refused(requestType: string, { codes: { errorCode, isErrorResponse }, message }: Refusal): RpcAnswer {
  const answer = errorResponse(errorCode, message, isErrorResponse ? errorCode : undefined);
  return isErrorResponse ? answer : { ...answer, type: answerTypeOf(requestType) };
}

function answerTypeOf(requestType: string): string {
  return answerTypes[requestType] ?? requestType.replace(/Request$/, 'Response');
}
