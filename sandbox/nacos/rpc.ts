/**
 * What the parts of the embedded Nacos (config, naming) see of gRPC: connections, requests by their type, and requests of
 * the server on the stream. `rpc-server.ts` does the rest.
 */

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

export interface RpcConnection {
  /** As the server tells it in its check response. */
  readonly id: string;
  readonly clientIp: string;
  /** `config` or `naming`, as in the setup; some clients do not say. */
  readonly module: string | undefined;
  /** Sends a request of the server; resolves when the client has acknowledged it, rejects when it did not in time. */
  request(type: string, body: Json): Promise<Json>;
  /** Ends it for being deaf. */
  end(reason: string): void;
}

export interface RpcRequest {
  readonly body: Json;
  readonly connection: RpcConnection;
  /** Who sent it, by its token; undefined when authentication is off. */
  readonly username: string | undefined;
  /** True when a `stale` fault struck: answer what was there before the last write. */
  readonly stale: boolean;
}

/** Returns what a success tells. @throws Refusal */
export type RpcHandler = (request: RpcRequest) => Json;

/** A part of the server: the request types that it answers, by name. */
export interface RpcPart {
  readonly handlers: Readonly<Record<string, RpcHandler>>;
  /** The connection ended: what it published and listened to is gone. */
  connectionClosed(connection: RpcConnection): void;
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function objectOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function parseObject(text: string): Json | undefined {
  try {
    return objectOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}
