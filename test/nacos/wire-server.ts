/**
 * A server that speaks the wire protocol, and for the rest does what the test says and keeps what it received: for what
 * the embedded Nacos, which behaves as real ones do, cannot do on request. That is the form of our messages, answers and
 * pushes that no sound server gives, the handshake of before 2.3, and streams that end by themselves.
 *
 * It has no HTTP. A client is known by its TCP peer from its setup on; requests of an unknown one are answered 301.
 */
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { sendUnaryData, ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js';
import { decodePayload, encodePayload, type Payload } from '../../operator/nacos/transport/payload.ts';
import type { ServerAddress } from '../../operator/nacos/transport/server-address.ts';

export type Json = Record<string, unknown>;

export interface Answer {
  readonly type: string;
  readonly body: Json;
}

type Stream = ServerDuplexStream<Payload, Payload>;

const codec = {
  requestSerialize: encodePayload,
  requestDeserialize: decodePayload,
  responseSerialize: encodePayload,
  responseDeserialize: decodePayload,
};
const request = { path: '/Request/request', requestStream: false, responseStream: false, ...codec };
const stream = { path: '/BiRequestStream/requestBiStream', requestStream: true, responseStream: true, ...codec };

interface WireServerOptions {
  /** Whether a setup is acknowledged, as since 2.3. */
  readonly negotiates: boolean;
  /** What becomes of one: `unknown` acknowledges it and forgets it. */
  readonly setup: 'taken' | 'ended' | 'unknown';
}

export class WireServer {
  /** In order; `stream:` before the type of what came by a stream. */
  readonly received: { readonly type: string; readonly body: Json }[] = [];
  readonly #options: WireServerOptions;
  readonly #answers = new Map<string, (body: Json) => Answer>();
  readonly #streams = new Map<string, { readonly stream: Stream; readonly module: unknown }>();
  readonly #grpc = new Server();
  #port = 0;

  private constructor(options: WireServerOptions) {
    this.#options = options;
  }

  static async start(options: Partial<WireServerOptions> = {}): Promise<WireServer> {
    const server = new WireServer({ negotiates: true, setup: 'taken', ...options });
    await server.#listen();
    return server;
  }

  /** Of HTTP, nothing listens on the port. */
  get address(): ServerAddress {
    return { scheme: 'http', host: '127.0.0.1', port: 9, contextPath: '/nacos', grpcPort: this.#port };
  }

  get connections(): number {
    return this.#streams.size;
  }

  count(type: string): number {
    return this.received.filter((message) => message.type === type).length;
  }

  /** The bodies of what came of a type. */
  bodies(type: string): Json[] {
    return this.received.filter((message) => message.type === type).map(({ body }) => body);
  }

  /** What requests of this type are answered from now on. @default a success without any fields */
  answer(requestType: string, type: string, body: Json | ((request: Json) => Json)): void {
    this.#answers.set(requestType, (asked) => ({ type, body: typeof body === 'function' ? body(asked) : body }));
  }

  /** On all connections, or those of one module. */
  push(type: string, body: Json, module?: 'config' | 'naming'): void {
    for (const open of this.#streams.values()) {
      if (module === undefined || open.module === module) open.stream.write(payload(type, { requestId: '7', ...body }));
    }
  }

  endStreams(): void {
    for (const open of this.#streams.values()) open.stream.end();
  }

  /** The clients are not known any more, and their TCP connections stay. */
  forget(): void {
    this.#streams.clear();
  }

  stop(): void {
    this.#grpc.forceShutdown();
  }

  async #listen(): Promise<void> {
    this.#grpc.addService(
      { request },
      {
        request: (call: ServerUnaryCall<Payload, Payload>, reply: sendUnaryData<Payload>) => {
          const { body, type } = this.#receive(call.request);
          const answer = this.#answerTo(call.getPeer(), type, body);
          reply(null, payload(answer.type, answer.body));
        },
      },
    );
    this.#grpc.addService({ stream }, { stream: (call: Stream) => this.#open(call) });
    this.#port = await new Promise<number>((resolve, reject) => {
      this.#grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
  }

  #receive(message: Payload, where = ''): { type: string; body: Json } {
    const received = { type: where + message.type, body: JSON.parse(message.body) as Json };
    this.received.push(received);
    return received;
  }

  #answerTo(peer: string, type: string, body: Json): Answer {
    if (type === 'ServerCheckRequest') {
      const connectionId = `1_127.0.0.1_${peer.split(':').at(-1)}`;
      return ok('ServerCheckResponse', { connectionId, supportAbilityNegotiation: this.#options.negotiates });
    }
    if (!this.#streams.has(peer)) return failed('ErrorResponse', 301, 'Connection is unregistered.');
    return this.#answers.get(type)?.(body) ?? ok(responseTypes[type] ?? type.replace('Request', 'Response'));
  }

  #open(call: Stream): void {
    const peer = call.getPeer();
    const forget = (): void => void this.#streams.delete(peer);
    call.on('data', (message: Payload) => {
      const { body, type } = this.#receive(message, 'stream:');
      if (type !== 'stream:ConnectionSetupRequest') return;
      const { module } = body['labels'] as Json;
      const { negotiates, setup } = this.#options;
      if (setup === 'ended') return call.end();
      if (setup === 'taken') this.#streams.set(peer, { stream: call, module });
      const abilityTable = { supportPersistentInstanceByGrpc: true, fuzzyWatch: true };
      if (negotiates) call.write(payload('SetupAckRequest', { abilityTable }));
    });
    call.on('end', () => call.end());
    for (const end of ['cancelled', 'close', 'error']) call.on(end, forget);
  }
}

const responseTypes: Readonly<Record<string, string | undefined>> = {
  ConfigBatchListenRequest: 'ConfigChangeBatchListenResponse',
  PersistentInstanceRequest: 'InstanceResponse',
  ServiceQueryRequest: 'QueryServiceResponse',
};

function ok(type: string, body: Json = {}): Answer {
  return { type, body: { resultCode: 200, errorCode: 0, success: true, ...body } };
}

function failed(type: string, errorCode: number, message: string): Answer {
  return { type, body: { resultCode: 500, errorCode, message, success: false } };
}

function payload(type: string, body: Json): Payload {
  return { type, clientIp: '', headers: {}, body: JSON.stringify(body) };
}
