/**
 * The checks that every unary request passes before its handler sees it, in the order of the real server, and what each
 * refusal says: no handler, no registration, unreadable, not from a client, no right.
 */
import type { Payload } from '../../operator/nacos/index.ts';
import type { Generation } from './generation.ts';
import { RpcFailure } from './rpc.ts';
import type { Json, RpcAnswer, RpcConnection, RpcPart, RpcRequest } from './rpc.ts';
import { errorResponse, isOpen, refused, succeeded } from './rpc-answers.ts';

/** Who a request is from: a user, nobody in particular when authentication is off, or the words of the refusal. */
export type Identity = { readonly username: string | undefined } | { readonly refusal: string };

export type Identify = (headers: Readonly<Record<string, string>>) => Identity;

export interface RpcDispatcherOptions {
  readonly generation: Generation;
  readonly parts: readonly RpcPart[];
  readonly identify: Identify;
}

type Handler = (request: RpcRequest) => RpcAnswer | Promise<RpcAnswer>;

const codes = { unregistered: 301, noHandler: 302, badGateway: 502, noRight: 403 } as const;

/** Servers of a cluster send these to each other. */
const clusterRequests = [
  'ConfigChangeClusterSyncRequest',
  'DistroDataRequest',
  'MemberReportRequest',
  'ServerLoaderInfoRequest',
  'ServerReloadRequest',
];

export class RpcDispatcher {
  readonly #options: RpcDispatcherOptions;
  readonly #handlers: ReadonlyMap<string, Handler>;

  constructor(options: RpcDispatcherOptions) {
    this.#options = options;
    const own: Readonly<Record<string, Handler>> = { HealthCheckRequest: () => succeeded('HealthCheckResponse') };
    this.#handlers = new Map([own, ...options.parts.map(({ handlers }) => handlers)].flatMap(Object.entries<Handler>));
  }

  /** @throws what a handler throws that is no RpcFailure. */
  async answer(payload: Payload, connection: RpcConnection | undefined, stale: boolean): Promise<RpcAnswer> {
    const { headers, type } = payload;
    const handler = this.#handlers.get(type);
    const isOfCluster = clusterRequests.includes(type) && this.#options.generation === '3.1';
    if (!handler && !isOfCluster) return errorResponse(codes.noHandler, 'RequestHandler Not Found');
    if (!connection) return errorResponse(codes.unregistered, 'Connection is unregistered.');
    const body = parse(payload.body);
    if (!body) return errorResponse(codes.badGateway, 'errCode: 101, errMsg: Nacos deserialize failed.  ');
    if (!handler) return errorResponse(codes.badGateway, ` invoke ${type} from sdk is forbidden`);
    const identity: Identity = isOpen(type) ? { username: undefined } : this.#options.identify(headers);
    if ('refusal' in identity) return refused(type, codes.noRight, identity.refusal);
    try {
      return await handler({ type, body, headers, connection, username: identity.username, stale });
    } catch (error) {
      // Since 2.3 the code is the result code as well.
      if (error instanceof RpcFailure) return errorResponse(error.errorCode, error.message, error.errorCode);
      throw error;
    }
  }
}

function parse(text: string): Json | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    return isObject ? (parsed as Json) : undefined;
  } catch {
    return undefined;
  }
}
