/**
 * What the parts of the embedded Nacos (config, naming) see of gRPC: connections, requests by their type, answers, and
 * requests of the server on the stream. `rpc-server.ts` does the rest.
 */

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

export interface RpcConnection {
  /** As the server tells it in its check response. */
  readonly id: string;
  readonly clientIp: string;
  /** As in the setup, such as `Nacos-Go-Client:v2.3.2`. */
  readonly clientVersion: string;
  /** As in the setup; `module` is `config` or `naming` with some clients. */
  readonly labels: Readonly<Record<string, string>>;
  /** Sends a request of the server; resolves when the client has acknowledged it, rejects when it did not in time. */
  request(type: string, body: Json): Promise<Json>;
}

export interface RpcRequest {
  readonly type: string;
  readonly body: Json;
  readonly headers: Readonly<Record<string, string>>;
  readonly connection: RpcConnection;
  /** Who sent it, by its token; undefined when authentication is off. */
  readonly username: string | undefined;
  /** True when a `stale` fault struck: answer what was there before the last write. */
  readonly stale: boolean;
}

export interface RpcAnswer {
  readonly type: string;
  readonly body: Json;
}

/** A part of the server: the request types that it answers, by name. */
export interface RpcPart {
  readonly handlers: Readonly<Record<string, (request: RpcRequest) => RpcAnswer | Promise<RpcAnswer>>>;
  /** The connection ended: what it published and listened to is gone. */
  connectionClosed?(connection: RpcConnection): void;
}

/** What a handler throws to be answered by an `ErrorResponse`, with this code for `resultCode` and `errorCode` as since 2.3. */
export class RpcFailure extends Error {
  readonly errorCode: number;

  constructor(errorCode: number, message: string) {
    super(message);
    this.name = 'RpcFailure';
    this.errorCode = errorCode;
  }
}
