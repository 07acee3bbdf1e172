/**
 * One TCP connection to a server's gRPC port: unary calls and the one bidirectional stream.
 *
 * Nacos identifies a client by its TCP connection, so all of them must share one: there is one channel with a subchannel
 * pool of its own. grpc-js would silently dial again after a loss, and the server would not know that second connection;
 * so the transport ends for good with the stream, and a new one is made instead.
 *
 * Guarantees: `ended` settles once, with the cause; from then on no call is open and no call starts.
 */
import { Client, type ClientDuplexStream, type ClientUnaryCall, credentials, type ServiceError } from '@grpc/grpc-js';
import { BridgeError } from '../../errors.ts';
import { decodePayload, encodePayload, type Payload } from './payload.ts';
import { errorOfStatus } from './response-errors.ts';

/** What servers take in one message by default (`…grpc.sdk.max-inbound-message-size`). */
export const maxMessageBytes = 10 * 1024 * 1024;

const channelOptions = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.max_send_message_length': maxMessageBytes,
  // A config close to the limit comes back with a few fields more than it was sent with.
  'grpc.max_receive_message_length': maxMessageBytes + 1024 * 1024,
  // A publish that is sent twice behind our back may undo another's.
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
};

const requestPath = '/Request/request';
const streamPath = '/BiRequestStream/requestBiStream';

export class GrpcTransport {
  readonly ended: Promise<BridgeError>;
  readonly #target: string;
  readonly #client: Client;
  readonly #calls = new Set<ClientUnaryCall>();
  readonly #settleEnded: (error: BridgeError) => void;
  #stream: ClientDuplexStream<Payload, Payload> | undefined;
  #endError: BridgeError | undefined;

  /** @param target HOST:PORT; dialled by the first call. */
  constructor(target: string) {
    const { promise, resolve } = Promise.withResolvers<BridgeError>();
    this.ended = promise;
    this.#settleEnded = resolve;
    this.#target = target;
    this.#client = new Client(target, credentials.createInsecure(), channelOptions);
  }

  get isOpen(): boolean {
    return this.#endError === undefined;
  }

  /**
   * @throws the reason of `signal` when it is aborted; what ended the transport; or the failure of this call. After the
   *   latter two the server may have carried out the request all the same.
   */
  call(payload: Payload, signal: AbortSignal): Promise<Payload> {
    return new Promise((resolve, reject) => {
      if (this.#endError) return reject(this.#endError);
      if (signal.aborted) return reject(signal.reason);
      const settle = (error: ServiceError | null, answer?: Payload): void => {
        this.#calls.delete(call);
        signal.removeEventListener('abort', cancel);
        if (answer) return resolve(answer);
        if (signal.aborted) return reject(signal.reason);
        reject(this.#endError ?? errorOfStatus(error ?? noAnswer, this.#target, Buffer.byteLength(payload.body)));
      };
      const call = withoutStackTraces(() =>
        this.#client.makeUnaryRequest(requestPath, encodePayload, decodePayload, payload, settle),
      );
      const cancel = (): void => call.cancel();
      this.#calls.add(call);
      signal.addEventListener('abort', cancel, { once: true });
    });
  }

  /** Opens the stream; its end is the end of the transport. */
  openStream(onPayload: (payload: Payload) => void): void {
    const stream = this.#client.makeBidiStreamRequest(streamPath, encodePayload, decodePayload);
    stream.on('data', onPayload);
    stream.on('error', (error: ServiceError) => this.end(errorOfStatus(error, this.#target, 0)));
    stream.on('end', () => this.end(new BridgeError('NACOS_UNREACHABLE', `gRPC ${this.#target}: the server ended it`)));
    this.#stream = stream;
  }

  /** Sends on the stream; what no longer can be sent is dropped, since the other end has gone. */
  send(payload: Payload, onSent: () => void = () => {}): void {
    if (this.isOpen) this.#stream?.write(payload, onSent);
  }

  /** Idempotent. The stream must go first: a channel with an open stream keeps its TCP connection. */
  end(error: BridgeError): void {
    if (this.#endError) return;
    this.#endError = error;
    this.#stream?.end();
    this.#stream?.cancel();
    for (const call of this.#calls) call.cancel();
    this.#client.close();
    this.#settleEnded(error);
  }
}

/** grpc-js takes a stack trace at each call, for errors that end here; a tenth of the call's time went there. */
function withoutStackTraces<Result>(work: () => Result): Result {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

const noAnswer = { code: 2, details: 'the call ended without an answer' };
