/**
 * The gRPC side of the embedded server: TCP connections, the handshake, and the way of each request to its handler.
 *
 * Nacos knows a client by its TCP connection, so the server owns the sockets and hands them to grpc-js: a connection gets
 * its id when it is accepted, is registered by the setup on its stream, and ends with its socket.
 *
 * Guarantees: a request is answered once or, where a fault says so, never; the parts are told of each end of a registered
 * connection; a client that sends pings or has no stream is not cut for it, as the official clients need.
 */
import { hash } from 'node:crypto';
import type { Socket } from 'node:net';
import { Server as GrpcServer, ServerCredentials, status } from '@grpc/grpc-js';
import type { ConnectionInjector, sendUnaryData, ServerDuplexStream, ServerUnaryCall } from '@grpc/grpc-js';
import type { Clock } from '../../operator/clock.ts';
import { sleep } from '../../operator/clock.ts';
import { messageOf } from '../../operator/errors.ts';
import type { Logger } from '../../operator/logger.ts';
import { decodePayload, encodePayload } from '../../operator/nacos/index.ts';
import type { Payload } from '../../operator/nacos/index.ts';
import type { Fault, FaultScript } from '../fault-script.ts';
import { traits } from './generation.ts';
import type { Generation } from './generation.ts';
import { objectOf, parseObject, textOf } from './rpc.ts';
import type { Json } from './rpc.ts';
import { ServedConnection } from './rpc-connection.ts';
import { errorResponse, RpcDispatcher, succeeded } from './rpc-dispatcher.ts';
import type { RpcAnswer, RpcDispatcherOptions } from './rpc-dispatcher.ts';

export interface RpcServerOptions extends RpcDispatcherOptions {
  readonly generation: Generation;
  readonly faults: FaultScript;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A TCP connection, and the client that registered on it. */
interface Transport {
  readonly id: string;
  readonly remoteIp: string;
  readonly socket: Socket;
  connection: ServedConnection | undefined;
}

type UnaryCall = ServerUnaryCall<Payload, Payload>;
type StreamCall = ServerDuplexStream<Payload, Payload>;

/** `nacos.remote.server.grpc.sdk.max-inbound-message-size` */
const maxReceivedBytes = 10 * 1024 * 1024;

const codec = {
  requestSerialize: encodePayload,
  requestDeserialize: decodePayload,
  responseSerialize: encodePayload,
  responseDeserialize: decodePayload,
};
const unaryMethod = { path: '/Request/request', requestStream: false, responseStream: false, ...codec };
const streamMethod = {
  path: '/BiRequestStream/requestBiStream',
  requestStream: true,
  responseStream: true,
  ...codec,
};

export class RpcServer {
  readonly #options: RpcServerOptions;
  readonly #dispatcher: RpcDispatcher;
  readonly #grpc: GrpcServer;
  readonly #injector: ConnectionInjector;
  readonly #transports = new Map<string, Transport>();
  #lastRequestId = 0;

  constructor(options: RpcServerOptions) {
    this.#options = options;
    this.#dispatcher = new RpcDispatcher(options);
    this.#grpc = new GrpcServer({
      'grpc.max_receive_message_length': maxReceivedBytes,
      'grpc.max_send_message_length': -1,
    });
    this.#grpc.addService(
      { request: unaryMethod },
      { request: (call: UnaryCall, reply: sendUnaryData<Payload>) => void this.#serve(call, reply) },
    );
    this.#grpc.addService({ stream: streamMethod }, { stream: (call: StreamCall) => this.#openStream(call) });
    this.#injector = this.#grpc.createConnectionInjector(ServerCredentials.createInsecure());
  }

  get connections(): ServedConnection[] {
    return [...this.#transports.values()].flatMap(({ connection }) => connection ?? []);
  }

  /** Takes over a TCP connection. */
  accept(socket: Socket): void {
    const { remoteAddress = '', remotePort = 0 } = socket;
    const peer = `${remoteAddress}:${remotePort}`;
    const remoteIp = remoteAddress.replace(/^::ffff:/, '');
    const id = `${this.#options.clock.now()}_${remoteIp}_${remotePort}`;
    const transport: Transport = { id, remoteIp, socket, connection: undefined };
    this.#transports.set(peer, transport);
    socket.on('error', () => {});
    socket.once('close', () => {
      if (this.#transports.get(peer) === transport) this.#transports.delete(peer);
      transport.connection?.end('its TCP connection was closed');
    });
    socket.setNoDelay(true);
    this.#injector.injectConnection(socket);
  }

  /** Cuts every TCP connection; returns when the parts know. */
  cutAll(): void {
    for (const transport of this.#transports.values()) {
      transport.connection?.end('the server stopped');
      transport.socket.destroy();
    }
    this.#transports.clear();
  }

  stop(): void {
    this.cutAll();
    this.#grpc.forceShutdown();
  }

  async #serve(call: UnaryCall, reply: sendUnaryData<Payload>): Promise<void> {
    const transport = this.#transports.get(call.getPeer());
    if (!transport) return reply({ code: status.UNAVAILABLE, details: 'the connection was closed' });
    const { type } = call.request;
    const fault = this.#options.faults.strike(type);
    if (fault?.kind === 'reset') return cut(transport);
    if (fault?.kind === 'silence') return undefined;
    if (fault?.kind === 'slow') await sleep(this.#options.clock, fault.delayMs);
    const answer = this.#answer(call.request, transport, fault);
    if (fault?.kind === 'unanswered') return undefined;
    if (fault?.kind === 'lost-answer' || fault?.kind === 'half-answer') return cut(transport);
    if (call.cancelled) return undefined;
    reply(null, { type: answer.type, clientIp: '', headers: {}, body: JSON.stringify(answer.body) });
  }

  #answer(payload: Payload, transport: Transport, fault: Fault | undefined): RpcAnswer {
    transport.connection?.touch();
    if (fault?.kind === 'status') {
      return errorResponse(fault.status, fault.message ?? 'a fault was injected', fault.status);
    }
    if (payload.type === 'ServerCheckRequest') {
      return succeeded(payload.type, { connectionId: transport.id, supportAbilityNegotiation: true });
    }
    try {
      const answer = this.#dispatcher.answer(payload, transport.connection, fault?.kind === 'stale');
      return fault?.kind === 'beta' ? asBeta(answer, fault.content) : answer;
    } catch (error) {
      this.#options.log.error('a request failed inside the server', { type: payload.type, error: messageOf(error) });
      return errorResponse(500, messageOf(error));
    }
  }

  #openStream(call: StreamCall): void {
    const transport = this.#transports.get(call.getPeer());
    call.on('error', () => {});
    if (!transport) return void call.end();
    // What a client that is gone left open is found by the test for silence; until then it stays registered.
    call.on('end', () => call.end());
    call.on('data', (payload: Payload) => {
      transport.connection?.touch();
      const body = parseObject(payload.body) ?? {};
      if (payload.type === 'ConnectionSetupRequest') this.#register(transport, call, payload.clientIp, body);
      else transport.connection?.acknowledged(body);
    });
  }

  #register(transport: Transport, call: StreamCall, clientIp: string, setup: Json): void {
    const { clock, faults, generation, parts } = this.#options;
    const fault = faults.strike('ConnectionSetupRequest');
    if (fault?.kind === 'reset' || fault?.kind === 'status') return cut(transport);
    if (fault?.kind === 'silence') return;
    transport.connection?.end('it was set up again');
    const connection = new ServedConnection({
      id: transport.id,
      clientIp: clientIp || transport.remoteIp,
      module: textOf(objectOf(setup['labels'])?.['module']),
      stream: { write: (message) => void call.write(message), end: () => call.end() },
      clock,
      faults,
      nextRequestId: () => String((this.#lastRequestId += 1)),
      cut: () => cut(transport),
      ended: (ending) => {
        if (transport.connection === ending) transport.connection = undefined;
        for (const part of parts) part.connectionClosed(ending);
      },
    });
    transport.connection = connection;
    // Clients before 2.3 send no table and expect no acknowledgement.
    if (setup['abilityTable'] === undefined || setup['abilityTable'] === null) return;
    connection.notify('SetupAckRequest', { abilityTable: traits[generation].abilities, module: 'internal' });
  }
}

function asBeta({ body, type }: RpcAnswer, content: string): RpcAnswer {
  return body['success'] === true
    ? { type, body: { ...body, content, md5: hash('md5', content), beta: true } }
    : { body, type };
}

function cut(transport: Transport): void {
  transport.socket.resetAndDestroy();
}
