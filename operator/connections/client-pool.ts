/**
 * One Nacos client for all connections with the same servers, credentials and limits, however many resources use them.
 *
 * Guarantees: a client runs from its first lease to the release of its last; a lease whose credentials alone change
 * keeps its client, when nobody shares it, so that no watch has to move.
 */
import { NacosClient, type NacosClientOptions } from '../nacos/index.ts';
import { sharingKey, type ConnectionSettings } from './settings.ts';

/** What all clients have in common, whatever their settings. */
type CommonClientOptions = Omit<
  NacosClientOptions,
  'servers' | 'credentials' | 'requestTimeoutMs' | 'maxConcurrentRequests'
>;

interface PooledClient {
  key: string;
  settings: ConnectionSettings;
  readonly client: NacosClient;
  leases: number;
}

export interface ClientLease {
  readonly client: NacosClient;
  /**
   * Settings that changed: the same lease when the client could be kept, else a new one. The old one is to be released
   * when what it holds is held by the new one.
   */
  change(settings: ConnectionSettings): ClientLease;
  release(): void;
}

export class ClientPool {
  readonly #common: CommonClientOptions;
  readonly #clients = new Map<string, PooledClient>();

  constructor(common: CommonClientOptions) {
    this.#common = common;
  }

  acquire(settings: ConnectionSettings): ClientLease {
    const key = sharingKey(settings);
    const pooled = this.#clients.get(key) ?? this.#start(key, settings);
    pooled.leases += 1;
    return this.#lease(pooled);
  }

  /** Ends all clients, leased or not. */
  async stop(): Promise<void> {
    const clients = [...this.#clients.values()];
    this.#clients.clear();
    await Promise.all(clients.map(({ client }) => client.stop()));
  }

  #start(key: string, settings: ConnectionSettings): PooledClient {
    const { servers, credentials, requestTimeoutMs, updateConcurrency: maxConcurrentRequests } = settings;
    const client = new NacosClient({
      ...this.#common,
      servers,
      credentials,
      requestTimeoutMs,
      maxConcurrentRequests,
    });
    const pooled = { key, settings, client, leases: 0 };
    this.#clients.set(key, pooled);
    client.start();
    return pooled;
  }

  #lease(pooled: PooledClient): ClientLease {
    let isReleased = false;
    const lease: ClientLease = {
      client: pooled.client,
      change: (settings) => {
        if (sharingKey(settings) === pooled.key) return lease;
        if (this.#keepsClient(pooled, settings)) return lease;
        return this.acquire(settings);
      },
      release: () => {
        if (isReleased) return;
        isReleased = true;
        pooled.leases -= 1;
        if (pooled.leases === 0) this.#end(pooled);
      },
    };
    return lease;
  }

  #keepsClient(pooled: PooledClient, settings: ConnectionSettings): boolean {
    const key = sharingKey(settings);
    const { credentials } = settings;
    const onlyCredentials = sharingKey({ ...pooled.settings, credentials }) === key;
    if (!onlyCredentials || pooled.leases > 1 || this.#clients.has(key)) return false;
    this.#clients.delete(pooled.key);
    this.#clients.set(key, pooled);
    pooled.key = key;
    pooled.settings = settings;
    pooled.client.setCredentials(credentials);
    return true;
  }

  #end({ key, client }: PooledClient): void {
    this.#clients.delete(key);
    void client.stop();
  }
}
