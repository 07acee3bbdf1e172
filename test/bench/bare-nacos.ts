/**
 * The least that speaks Nacos' gRPC protocol: one connection; publish, query, listen and push of configs; registration of
 * instances. No reconnect, no retries, no bookkeeping. It is the yardstick: what the operator needs beyond this is what the operator costs.
 */
import { Channel, credentials, makeClientConstructor } from '@grpc/grpc-js';
import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode, encode } from './payload.ts';
import type { Message } from './payload.ts';

const heartbeatMs = 5000;
const publishAttempts = 5;
/** As many as one message may name. */
const listenBatch = 1000;
const maxMessageBytes = 16 * 1024 * 1024;

export interface BareNacosOptions {
  readonly host: string;
  readonly grpcPort: number;
  readonly accessToken: string;
  /** Instances can be registered over a connection for naming only. @default config */
  readonly module?: 'config' | 'naming';
}

export interface BareInstance {
  readonly ip: string;
  readonly port: number;
}

export interface BareConfig {
  readonly dataId: string;
  readonly group: string;
}

export class BareNacos {
  readonly #unary: UnaryClient;
  readonly #stream: ClientDuplexStream<Buffer, Buffer>;
  readonly #channel: Channel;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #listeners = new Map<string, () => void>();
  #heartbeat: NodeJS.Timeout | undefined;
  readonly #ready = Promise.withResolvers<void>();

  private constructor({ host, grpcPort, accessToken }: BareNacosOptions) {
    this.#headers = { accessToken };
    this.#channel = new Channel(`${host}:${grpcPort}`, credentials.createInsecure(), {
      // Without a pool of its own it would share its TCP connection, and thereby its identity, with other clients.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': maxMessageBytes,
    });
    const options = { channelOverride: this.#channel };
    this.#unary = new Service('', credentials.createInsecure(), options) as unknown as UnaryClient;
    this.#stream = (this.#unary as unknown as StreamClient).requestBiStream();
    this.#stream.on('data', (payload: Buffer) => this.#receive(decode(payload)));
    this.#stream.on('error', (error) => this.#ready.reject(error));
  }

  static async connect(options: BareNacosOptions): Promise<BareNacos> {
    const client = new BareNacos(options);
    await client.#request('ServerCheckRequest', {});
    const labels = { source: 'sdk', module: options.module ?? 'config' };
    client.#send('ConnectionSetupRequest', { clientVersion: 'Nacos-Bench:v1', tenant: '', labels, abilityTable: {} });
    await client.#ready.promise;
    client.#keepAlive();
    return client;
  }

  /** Repeats what the server refuses: its embedded database gives up on locks under load. */
  async publish(config: BareConfig, content: string): Promise<void> {
    const body = { ...config, tenant: '', content, additionMap: { type: 'text' } };
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#request('ConfigPublishRequest', body);
        return;
      } catch (error) {
        if (attempt === publishAttempts) throw error;
      }
    }
  }

  async query(config: BareConfig): Promise<string> {
    const { body } = await this.#request('ConfigQueryRequest', { ...config, tenant: '' });
    return String(body['content']);
  }

  async remove(config: BareConfig): Promise<void> {
    await this.#request('ConfigRemoveRequest', { ...config, tenant: '' });
  }

  /** Waits until a query gives `content`: reads of a server lag behind its writes. */
  async settle(config: BareConfig, content: string): Promise<void> {
    while ((await this.query(config).catch(() => '')) !== content) await sleep(20);
  }

  /** Has changes from `content` on announced; `listener` is called for each push, and once if it changed already. */
  async listen(config: BareConfig, content: string, listener: () => void): Promise<void> {
    await this.listenAll([{ ...config, content }], listener);
  }

  /** Has changes of all of these announced, as `listen` does. */
  async listenAll(
    configs: readonly (BareConfig & { readonly content: string })[],
    listener: (config: BareConfig) => void,
  ): Promise<void> {
    for (let first = 0; first < configs.length; first += listenBatch) {
      const batch = configs.slice(first, first + listenBatch);
      for (const config of batch) this.#listeners.set(keyOf(config), () => listener(config));
      const contexts = batch.map(({ dataId, group, content }) => ({ dataId, group, tenant: '', md5: md5Of(content) }));
      const { body } = await this.#request('ConfigBatchListenRequest', {
        listen: true,
        configListenContexts: contexts,
      });
      for (const changed of (body['changedConfigs'] ?? []) as BareConfig[]) this.#listeners.get(keyOf(changed))?.();
    }
  }

  /** Makes these the instances of the service that this connection holds. */
  async register(groupName: string, serviceName: string, places: readonly BareInstance[]): Promise<void> {
    const fixed = { weight: 1, healthy: true, enabled: true, ephemeral: true, clusterName: 'DEFAULT', metadata: {} };
    const instances = places.map((place) => ({ ...place, ...fixed, serviceName }));
    const body = { namespace: 'public', groupName, serviceName, type: 'batchRegisterInstance', instances };
    await this.#request('BatchInstanceRequest', body);
  }

  close(): void {
    clearInterval(this.#heartbeat);
    this.#stream.cancel();
    this.#channel.close();
  }

  /** The server drops clients that it has not heard of for 20 seconds. */
  #keepAlive(): void {
    this.#heartbeat = setInterval(() => {
      this.#request('HealthCheckRequest', {}).catch(() => {});
    }, heartbeatMs);
  }

  #receive({ type, body }: Message): void {
    if (type === 'SetupAckRequest') return this.#ready.resolve();
    if (!type.endsWith('Request')) return;
    const response = { resultCode: 200, errorCode: 0, requestId: body['requestId'], success: true };
    this.#send(type.replace(/Request$/, 'Response'), response);
    if (type === 'ConfigChangeNotifyRequest') {
      this.#listeners.get(keyOf(body as unknown as BareConfig))?.();
    }
  }

  #send(type: string, body: unknown): void {
    this.#stream.write(encode(type, this.#headers, body));
  }

  async #request(type: string, body: unknown): Promise<Message> {
    const answer = await new Promise<Buffer>((resolve, reject) => {
      const payload = encode(type, this.#headers, body);
      this.#unary.request(payload, (error, response) => (error ? reject(error) : resolve(response)));
    });
    const message = decode(answer);
    if (message.body['resultCode'] !== 200) throw new Error(`${type}: ${JSON.stringify(message.body)}`);
    return message;
  }
}

interface UnaryClient {
  request(payload: Buffer, callback: (error: ServiceError | null, response: Buffer) => void): void;
}
interface StreamClient {
  requestBiStream(): ClientDuplexStream<Buffer, Buffer>;
}

const passThrough = {
  requestSerialize: (payload: Buffer) => payload,
  requestDeserialize: (payload: Buffer) => payload,
  responseSerialize: (payload: Buffer) => payload,
  responseDeserialize: (payload: Buffer) => payload,
};
const Service = makeClientConstructor(
  {
    request: { path: '/Request/request', requestStream: false, responseStream: false, ...passThrough },
    requestBiStream: {
      path: '/BiRequestStream/requestBiStream',
      requestStream: true,
      responseStream: true,
      ...passThrough,
    },
  },
  'Nacos',
);

function keyOf({ group, dataId }: BareConfig): string {
  return `${group}/${dataId}`;
}

/** As Nacos has it: over the UTF-8 bytes, in lower-case hex. */
export function md5Of(content: string): string {
  return createHash('md5').update(content).digest('hex');
}
