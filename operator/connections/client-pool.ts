/**
 * One Nacos client for all connections with the same servers, credentials and limits, however many resources use them.
 *
 * Guarantee: a client runs from its first lease to the release of its last.
 */
import { BridgeError } from '../errors.ts';
import { NacosClient, type NacosClientOptions } from '../nacos/index.ts';
import { sharingKey, type ConnectionSettings } from './settings.ts';

/** What all clients have in common, whatever their settings. */
type CommonClientOptions = Omit<
  NacosClientOptions,
  'servers' | 'credentials' | 'requestTimeoutMs' | 'maxConcurrentRequests' | 'publicNamespace'
>;

interface PooledClient {
  readonly client: NacosClient;
  leases: number;
}

export interface ClientLease {
  readonly client: NacosClient;
  /** Idempotent. */
  release(): void;
}

export class ClientPool {
  readonly #common: CommonClientOptions;
  readonly #clients = new Map<string, PooledClient>();
  #isStopped = false;

  constructor(common: CommonClientOptions) {
    this.#common = common;
  }

  /** @throws BridgeError ABORTED after `stop`: a client that nobody ends would keep the process alive. */
  acquire(settings: ConnectionSettings): ClientLease {
    if (this.#isStopped) throw new BridgeError('ABORTED', 'the operator stops');
    const key = sharingKey(settings);
    const pooled = this.#clients.get(key) ?? this.#start(key, settings);
    pooled.leases += 1;
    let isReleased = false;
    return {
      client: pooled.client,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        pooled.leases -= 1;
        if (pooled.leases > 0) return;
        this.#clients.delete(key);
        void pooled.client.stop();
      },
    };
  }

  /** Final. Ends all clients, leased or not. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    const clients = [...this.#clients.values()];
    this.#clients.clear();
    await Promise.all(clients.map(({ client }) => client.stop()));
  }

  #start(key: string, settings: ConnectionSettings): PooledClient {
    const { servers, credentials, publicNamespace, requestTimeoutMs } = settings;
    const client = new NacosClient({
      ...this.#common,
      servers,
      credentials,
      publicNamespace,
      requestTimeoutMs,
      maxConcurrentRequests: settings.updateConcurrency,
    });
    const pooled = { client, leases: 0 };
    this.#clients.set(key, pooled);
    client.start();
    return pooled;
  }
}
