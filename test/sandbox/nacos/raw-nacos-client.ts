/**
 * A client that speaks the wire protocol and nothing more: tests say each request themselves, and see each answer and push
 * as it is. `stopAll` ends the servers and clients that were started here.
 */
import { Client, credentials } from '@grpc/grpc-js';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { decodePayload, encodePayload } from '../../../operator/nacos/transport/payload.ts';
import type { Payload } from '../../../operator/nacos/transport/payload.ts';
import { startEmbeddedNacos } from '../../../sandbox/nacos/embedded-nacos.ts';
import type { EmbeddedNacos, EmbeddedNacosOptions } from '../../../sandbox/nacos/embedded-nacos.ts';
import { until } from '../../nacos/until.ts';

export interface WireAnswer {
  readonly type: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const started: { stop(): void | Promise<void> }[] = [];

export async function stopAll(): Promise<void> {
  for (const running of started.splice(0).reverse()) await running.stop();
}

/** Reads show writes at once unless told otherwise. */
export async function embeddedNacos(options: EmbeddedNacosOptions = {}): Promise<EmbeddedNacos> {
  const nacos = await startEmbeddedNacos({ dumpDelayMs: 0, ...options });
  started.push(nacos);
  return nacos;
}

/** Registered, as a client of module `config` unless told otherwise. */
export async function connectedClient(nacos: EmbeddedNacos, module = 'config', clientIp = ''): Promise<RawNacosClient> {
  const client = new RawNacosClient(nacos);
  await client.call('ServerCheckRequest');
  client.setUp(module, clientIp);
  await until('set up', () => client.pushes.some(({ type }) => type === 'SetupAckRequest'));
  return client;
}

export class RawNacosClient {
  readonly pushes: WireAnswer[] = [];
  /** Whether pushes are acknowledged. */
  acknowledges = true;
  isEnded = false;
  readonly #client: Client;
  #stream: ClientDuplexStream<Payload, Payload> | undefined;

  constructor({ grpcPort, host }: Pick<EmbeddedNacos, 'grpcPort' | 'host'>) {
    this.#client = new Client(`${host}:${grpcPort}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': -1,
      'grpc.enable_retries': 0,
    });
    started.push(this);
  }

  /** Rejects with the failure of gRPC. `body` may be a text that is no JSON. */
  async call(type: string, body: object | string = {}, headers: Record<string, string> = {}): Promise<WireAnswer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await new Promise<Payload>((resolve, reject) => {
      const payload = { type, clientIp: '', headers, body: text };
      this.#client.makeUnaryRequest('/Request/request', encodePayload, decodePayload, payload, (error, value) =>
        value ? resolve(value) : reject(error ?? new Error('no answer')),
      );
    });
    return { type: answer.type, body: parse(answer.body) };
  }

  setUp(module: string, clientIp = '', setup: object = { abilityTable: {} }): void {
    const stream = this.#client.makeBidiStreamRequest('/BiRequestStream/requestBiStream', encodePayload, decodePayload);
    this.#stream = stream;
    stream.on('data', (payload: Payload) => this.#receive(payload));
    stream.on('error', () => (this.isEnded = true));
    stream.on('end', () => (this.isEnded = true));
    const labels = { source: 'sdk', module, AppName: 'test' };
    const body = JSON.stringify({ clientVersion: 'Test-Client:v1', tenant: '', labels, ...setup });
    stream.write({ type: 'ConnectionSetupRequest', clientIp, headers: {}, body });
  }

  count(pushType: string): number {
    return this.pushes.filter(({ type }) => type === pushType).length;
  }

  stop(): void {
    this.#stream?.cancel();
    this.#client.close();
  }

  #receive({ body, type }: Payload): void {
    const push = { type, body: parse(body) };
    this.pushes.push(push);
    if (!this.acknowledges || type === 'SetupAckRequest') return;
    const answer = { resultCode: 200, errorCode: 0, requestId: push.body['requestId'] };
    const answerType = type.replace(/Request$/, 'Response');
    this.#stream?.write({ type: answerType, clientIp: '', headers: {}, body: JSON.stringify(answer) });
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}
